"""A C compiler of this machine: gcc with its sanitizers where there is one, else zig."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-Wconversion")
RUNTIME = Path(__file__).parents[3] / "src" / "wakeling" / "export" / "c" / "runtime"


def zig(command: str = "cc") -> list[str]:
    """`zig cc` or `zig c++`, from pip."""
    return [sys.executable, "-m", "ziglang", command]


def host_compiler() -> tuple[list[str], list[str]]:
    """The compiler and the flags that make it watch memory and undefined behavior."""
    if shutil.which("gcc"):
        return ["gcc"], ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    return zig(), ["-fsanitize=undefined"]


def build(sources: Sequence[Path], program: Path, *, flags: Sequence[str] = ()) -> Path:
    """Compile and link strictly; the compiler's words are the failure's."""
    compiler, sanitizers = host_compiler()
    command = [*compiler, *STRICT, "-O1", "-g", *sanitizers, *flags, "-o", str(program), *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return program


def run(program: Path, content: bytes = b"") -> bytes:
    """What a program writes to stdout; it must end well and say nothing on stderr."""
    done = subprocess.run([str(program)], input=content, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b""), (done.returncode, done.stderr.decode()[:2000])
    return done.stdout
