"""Pages whose numbers are computed: commands' output, single values and figures, refreshed in place.

`python -m wakeling.cli.tutorial PAGE…` writes the pages and their figures anew, `--check` only says
what is stale. How a page is marked up is in `docs/design/0004-computed-documentation.md`.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any  # values come out of JSON

import click

from wakeling.errors import WakelingError
from wakeling.files import write_text
from wakeling.units import format_bytes, format_count

_SOURCES = re.compile(r"<!-- sources\n(.*?)\n-->", re.DOTALL)
_VALUE = re.compile(r"<!--=([^|\n]+?)(?:\|([^\n]+?))?-->(.*?)<!--/-->", re.DOTALL)
_BLOCK = re.compile(r"<!-- \$ (.+?)(?:  # parts (\d+)-(\d+))? -->\n.*?<!-- end -->", re.DOTALL)
_FIGURE = re.compile(r"<!-- figure (.+?) -->\n!\[[^\]]*\]\(([^)]+)\)")
_LINE_START = re.compile(r"^[ \t]*(?:[*>-] +)*<!--=.*$", re.MULTILINE)
_GIVEN = re.compile(r"<!-- given (.*?) -->", re.DOTALL)
_STEP = re.compile(r"([\w-]+)(?:\[(\w+)=([^\]]*)\])?(?:\.|$)")
_NAME = re.compile(r"[A-Za-z][\w'’-]*")

FORMATS: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {
        "bytes": lambda value: format_bytes(round(value)),
        "count": lambda value: format_count(round(value)),
        "mega": lambda value: f"{value / 1e6:g}",
        "millions": lambda value: f"{value / 1e6:.3f}",
        "percent": lambda value: f"{100 * value:.4g} %",
        "whole": lambda value: f"{value:,.0f}",
    }
)
"""How a value can be written, beside Python's format specifications (such as `.1f`)."""

Runner = Callable[[str], str]
"""From a command line that starts with `wakeling` to what it prints."""


def run_command(command: str) -> str:
    """What a command prints; raises WakelingError where its exit code is not 0."""
    from wakeling.cli.main import run

    words = shlex.split(command)
    if words[:1] != ["wakeling"]:
        raise WakelingError(f"a page runs wakeling's commands only; given {command!r}")
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(words[1:])
    if code != 0:
        raise WakelingError(f"{command!r} exits with {code}: {err.getvalue().strip()}")
    return out.getvalue()


def refresh(text: str, runner: Runner = run_command) -> str:
    """The page with every block and every value as the commands give them now.

    Raises WakelingError, naming the mark, where a command fails or a value is not there.
    """
    wrong = _LINE_START.search(text)
    if wrong:  # Markdown takes a line that begins with a comment for a block of HTML
        raise WakelingError(f"a line must not begin with a value; put a word before {wrong.group(0)[:60]!r}")
    once = functools.cache(runner)
    sources = _sources(text)

    @functools.cache
    def loaded(name: str) -> Any:
        if name not in sources:
            raise WakelingError(f"the page has no source {name!r}; known: {', '.join(sources) or 'none'}")
        return json.loads(once(f"{sources[name]} --json"))

    def value(mark: re.Match[str]) -> str:
        path, spec = mark.group(1), mark.group(2)
        name, _, inside = path.partition(".")
        suffix = f"|{spec}" if spec else ""
        return f"<!--={path}{suffix}-->{write(look_up(loaded(name), inside, path), spec, path)}<!--/-->"

    def block(mark: re.Match[str]) -> str:
        command, first, last = mark.groups()
        printed = "\n".join(line.rstrip() for line in once(command).splitlines())
        parts = re.split(r"\n\n+", printed.strip("\n"))
        suffix = f"  # parts {first}-{last}" if first else ""
        if first:
            if not 1 <= int(first) <= int(last) <= len(parts):
                raise WakelingError(
                    f"{command!r} prints {len(parts)} parts; {suffix.strip()} is not among them"
                )
            before, after = int(first) > 1, int(last) < len(parts)
            parts = [*["..."] * before, *parts[int(first) - 1 : int(last)], *["..."] * after]
        shown = "\n\n".join(parts)
        return f"<!-- $ {command}{suffix} -->\n```\n$ {command}\n{shown}\n```\n<!-- end -->"

    return _VALUE.sub(value, _BLOCK.sub(block, text))


def _sources(text: str) -> dict[str, str]:
    sources: dict[str, str] = {}
    for part in _SOURCES.findall(text):
        for line in part.splitlines():
            name, equals, command = line.partition(" = ")
            if not equals or not _NAME.fullmatch(name):
                raise WakelingError(f"a source is written `name = wakeling …`; given {line!r}")
            sources[name] = command
    return sources


def look_up(value: Any, path: str, where: str) -> Any:
    """The value at `rows[alpha=0.5].macs` or `stages.0.macs`; raises WakelingError naming `where`."""
    position = 0
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            raise WakelingError(f"{where} is no path; write for example rows[alpha=0.5].macs")
        key, name, wanted = step.groups()
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
            if name is not None:
                (value,) = [item for item in value if _same(item[name], wanted)]
        except (KeyError, IndexError, TypeError, ValueError):
            raise WakelingError(f"{where}: nothing, or more than one thing, at {step.group(0)!r}") from None
        position = step.end()
    return value


def _same(value: Any, wanted: str) -> bool:
    return f"{value:g}" == wanted if isinstance(value, float) else str(value) == wanted


def write(value: Any, spec: str | None, where: str) -> str:
    """A value as text: by a name of `FORMATS`, a format specification, or plainly."""
    if spec is not None and spec in FORMATS:
        return FORMATS[spec](value)
    try:
        if spec:
            return format(value, spec)
    except (TypeError, ValueError):
        raise WakelingError(f"{where}: {value!r} cannot be written as {spec!r}") from None
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise WakelingError(f"{where} is {value!r}; say how to write it, such as |.1f")
    return f"{value:,}" if isinstance(value, int) else value


def figures(text: str) -> dict[str, str]:
    """The command that draws each figure of a page, by the path that the page links."""
    drawn = {}
    for command, path in _FIGURE.findall(text):
        words = shlex.split(command)
        if "--plot" not in words or words[words.index("--plot") + 1 :][:1] != [path]:
            raise WakelingError(f"{command!r} does not draw {path}, which the page links")
        drawn[path] = command
    return drawn


def unmarked(text: str) -> tuple[set[str], set[str]]:
    """Words with digits in the prose that are neither computed nor declared, and declared unused ones.

    Names such as int8 or MobileNetV1 do not count; a number that the author chose (a shape, a
    year) is declared in `<!-- given … -->`.
    """
    given = {word for part in _GIVEN.findall(text) for word in part.split()}
    prose = _BLOCK.sub(" ", text)
    prose = _VALUE.sub(" ", prose)
    prose = re.sub(r"<!--.*?-->", " ", prose, flags=re.DOTALL)
    prose = re.sub(r"`wakeling [^`]*`", " ", prose)
    prose = re.sub(r"\]\([^)]*\)", "]", prose)
    words = {word.strip(".,;:!?()[]*_`'\"|") for word in re.split(r"[\s]+", prose)}
    numbers = {word for word in words if re.search(r"\d", word) and not _NAME.fullmatch(word)}
    return numbers - given, given - numbers


def draw(page: Path) -> list[Path]:
    """Draw a page's figures anew, where it links them; the paths."""
    drawn = figures(page.read_text(encoding="utf-8"))
    folder = Path.cwd()
    try:
        os.chdir(page.parent)  # the commands write to paths as the page links them
        for command in drawn.values():
            run_command(command)
    finally:
        os.chdir(folder)
    return [page.parent / path for path in drawn]


@click.command()
@click.argument(
    "pages", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 where a page is stale.")
def command(pages: tuple[Path, ...], check: bool) -> None:
    """Refresh the computed parts of PAGES and draw their figures."""
    stale = []
    for page in pages:
        text = page.read_text(encoding="utf-8")
        fresh = refresh(text)
        if fresh != text:
            stale.append(page)
        if not check:
            write_text(page, fresh)
            draw(page)
        missing, unused = unmarked(fresh)
        for what, words in (("neither computed nor given", missing), ("given, but not used", unused)):
            if words:
                raise WakelingError(f"{page}: {what}: {' '.join(sorted(words))}")
    for page in stale:
        click.echo(f"{'stale' if check else 'refreshed'}: {page}")
    if check and stale:
        sys.exit(1)


if __name__ == "__main__":
    try:
        command()
    except WakelingError as error:
        click.echo(f"wakeling: {error}", err=True)
        sys.exit(error.exit_code)
