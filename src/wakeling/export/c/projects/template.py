"""Templates of projects: real files in `data/`, with `@WORDS@` to replace and the prefix `wk_` to rename."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from importlib.resources import files as resources

from wakeling.export.c.emit.selftest import described
from wakeling.export.c.emit.text import own_names, plain
from wakeling.export.c.projects.firmware import Firmware
from wakeling.units import format_digits

_WORD = re.compile(r"@([A-Z_]+)@")
_PREFIX = re.compile(r"\b(wk_|WK_)")
_C_SUFFIXES = (".c", ".h", ".cc", ".ino")
_WIDTH = 100


def filled(file: str, firmware: Firmware, values: Mapping[str, str] | None = None) -> bytes:
    """A file of `data/` for a model; `values` are further words, beside `words_of`.

    A word alone on its line keeps its indent in all lines that replace it. Raises KeyError for a word that
    nobody gives: a template's mistake, never a user's.
    """
    text = (resources("wakeling.export.c.projects") / "data" / file).read_text("utf-8")
    words = {**words_of(firmware), **(values or {})}

    def replaced(match: re.Match[str]) -> str:
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        indent = line if not line.strip() else ""
        return words[match[1]].replace("\n", f"\n{indent}")

    made = _WORD.sub(replaced, text)
    if file.endswith(_C_SUFFIXES):
        return own_names(made, firmware.name).encode()
    prefixes = {"wk_": f"{firmware.name}_", "WK_": f"{firmware.name.upper()}_"}
    made = _PREFIX.sub(lambda match: prefixes[match[0]], made)
    return (prose(made) if file.endswith(".md") else made).encode()


def prose(text: str) -> str:
    """Markdown whose paragraphs and list items are filled to the width; code and headings stay."""
    blocks = []
    for block in text.strip().split("\n\n"):
        lines = block.split("\n")
        if lines[0].startswith("#") and len(lines) > 1:
            blocks.append(lines.pop(0))
            block = "\n".join(lines)
        if all(line.startswith("- ") for line in lines):
            block = "\n".join(_wrapped(line, "  ") for line in lines)
        elif not lines[0].startswith((" ", "#")):
            block = _wrapped(" ".join(lines), "")
        blocks.append(block)
    return "\n\n".join(blocks) + "\n"


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(
        text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def words_of(firmware: Firmware) -> dict[str, str]:
    """The words that every template may use."""
    about, use = firmware.compiled.about, firmware.use()
    shape = "x".join(map(str, about.input.shape))
    return {
        "NAME": firmware.name,
        "UPPER": firmware.name.upper(),
        "TITLE": plain(about.title),
        "VERSION": about.version,
        "TARGET": about.target,
        "ABOUT": "\n".join(_about(firmware)),
        "INCLUDE": use["include"],
        "DECLARE": use["declare"],
        "BEGIN": use["begin"],
        "LOOK": use["look"],
        "INPUT": f"{shape} {about.input.element}",
        "PICTURE": plain(firmware.sample.origin),
        "EXPECTED": plain(described(about, firmware.sample)),
        "SOURCES": " ".join(firmware.c_files),
    }


def _about(firmware: Firmware) -> list[str]:
    """Lines of a README: what the model is and costs, each a list item."""
    compiled, about = firmware.compiled, firmware.compiled.about
    source = "x".join(map(str, about.input.shape))
    lines = [
        f"- made by wakeling {about.version} for {about.target}; the model's hash is {about.content_hash}",
        f"- input {source}, {about.input.element}; outputs: {', '.join(map(plain, about.labels))}",
        f"- {format_digits(about.macs)} multiply-accumulates a picture",
        f"- RAM: {format_digits(about.arena_bytes)} bytes of arena; flash: "
        f"{format_digits(compiled.table_bytes)} bytes of tables, and code",
    ]
    lines += [f"- {plain(remark)}" for remark in about.remarks]
    code, camera = firmware.camera_code, firmware.camera
    if code is not None and camera is not None:
        where = "beside the input in the arena" if code.arena_offset is not None else "in memory of yours"
        lines.append(
            f"- camera {camera.format}, {camera.width}x{camera.height}: {format_digits(code.memory_bytes)} "
            f"bytes of rows {where}, {format_digits(code.table_bytes)} bytes of tables"
        )
    return lines
