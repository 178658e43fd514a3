"""Compiles and links C texts; what was compiled in a folder before is not compiled there again.

Which compilers there are is in `verify.c.toolchain`.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files as resources
from pathlib import Path

from wakeling.errors import TargetError
from wakeling.verify.c.toolchain import Compiler

TIMEOUT_S = 600.0

_INCLUDED = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def firmware(*names: str) -> dict[str, str]:
    """Files of the test program by their names."""
    folder = resources("wakeling.verify.c") / "firmware"
    return {Path(name).name: (folder / name).read_text("utf-8") for name in names}


def build(
    compiler: Compiler,
    sources: Mapping[str, str],
    *,
    folder: Path,
    flags: Sequence[str],
    link_flags: Sequence[str] = (),
    system: Mapping[str, str] | None = None,
) -> Path:
    """The program of all `.c` files among `sources` (texts by name), linked in `folder`.

    The other files are headers and linker scripts; `system` are headers that the compiler lacks. An object is
    taken from the folder where the same text was compiled with the same headers and flags. Raises
    TargetError with the compiler's first complaint.
    """
    names = sorted(name for name in sources if name.endswith(".c"))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        objects = list(
            pool.map(lambda name: _object(compiler, sources, name, folder, flags, system or {}), names)
        )
    scripts = {name: text for name, text in sources.items() if name.endswith(".ld")}
    key = _digest(compiler.version, *flags, *link_flags, *(path.stem for path in objects), *scripts.values())
    program = folder / f"{key}.elf"
    if program.exists():
        return program
    inputs = _written(folder / f"{key}.link", scripts)
    command = [*compiler.command, *flags, *link_flags, "-o", program.with_suffix(".part").name]
    _run([*command, *(os.path.relpath(path, inputs) for path in objects)], inputs, folder)
    (inputs / program.with_suffix(".part").name).replace(program)
    shutil.rmtree(inputs)
    return program


def _object(
    compiler: Compiler,
    sources: Mapping[str, str],
    name: str,
    folder: Path,
    flags: Sequence[str],
    system: Mapping[str, str],
) -> Path:
    """The object of one source, compiled in a folder that holds just what it includes."""
    wanted = {name: sources[name], **_headers(sources, sources[name])}
    key = _digest(compiler.version, *flags, *(part for pair in wanted.items() for part in pair))
    target = folder / f"{key}.o"
    if not target.exists():
        inputs = _written(folder / f"{key}.compile", wanted)
        _written(inputs / "system", system)
        extra = ["-isystem", "system"] if system else []
        _run([*compiler.command, *flags, *extra, "-c", "-o", "object.o", name], inputs, folder)
        (inputs / "object.o").replace(target)
        shutil.rmtree(inputs)
    return target


def _headers(sources: Mapping[str, str], text: str) -> dict[str, str]:
    """The headers among the sources that a text includes, directly or not."""
    found: dict[str, str] = {}
    waiting = _INCLUDED.findall(text)
    while waiting:
        name = waiting.pop()
        if name in sources and name not in found:
            found[name] = sources[name]
            waiting += _INCLUDED.findall(sources[name])
    return dict(sorted(found.items()))


def _written(folder: Path, texts: Mapping[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _run(command: Sequence[str], folder: Path, cache: Path) -> None:
    # zig keeps its own libraries in the user's cache, but what it compiles goes where we delete it
    environment = {**os.environ, "ZIG_LOCAL_CACHE_DIR": str(cache / "zig"), "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TargetError(f"{Path(command[0]).name} took longer than {TIMEOUT_S:.0f} s; stopped") from None
    if done.returncode != 0:
        raise TargetError(f"{Path(command[0]).name} cannot build this: {_complaint(done.stderr)}")


def _complaint(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors: Iterable[str] = (line for line in lines if "error" in line or "undefined" in line)
    return next(iter(errors), lines[-1] if lines else "it gives no reason")[:200]
