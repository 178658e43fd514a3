"""The compilers that are at hand, and how each is told what to build for.

Building is in `verify.c.build`. Clang comes with pip (`ziglang`), GCC for Arm from a distribution.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from wakeling.errors import MissingDependencyError, TargetError
from wakeling.export.c.targets import Target

CompilerName = Literal["zig", "gcc"]

OPTIMIZATION = "-O2"
"""How generated code is optimized."""

GCC = "arm-none-eabi-gcc"
GCC_PACKAGE = "gcc-arm-none-eabi"

_ZIG_FLAGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cortex-m0plus": ("--target=thumb-freestanding-eabi", "-mcpu=cortex_m0plus"),
        "cortex-m3": ("--target=thumb-freestanding-eabi", "-mcpu=cortex_m3"),
        "cortex-m4": ("--target=thumb-freestanding-eabihf", "-mcpu=cortex_m4+vfp4d16sp"),
        "cortex-m7": ("--target=thumb-freestanding-eabihf", "-mcpu=cortex_m7+fp_armv8d16sp"),
        "cortex-m33": ("--target=thumb-freestanding-eabihf", "-mcpu=cortex_m33+dsp+fp_armv8d16sp"),
        "cortex-m55": ("--target=thumb-freestanding-eabihf", "-mcpu=cortex_m55+mve_fp+fp_armv8d16"),
        "cortex-m85": ("--target=thumb-freestanding-eabihf", "-mcpu=cortex_m85+mve_fp+fp_armv8d16"),
    }
)
"""Zig leaves DSP instructions of Armv8-M, the floating-point unit and Helium out unless they are named."""

_GCC_FLAGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cortex-m0plus": ("-mcpu=cortex-m0plus", "-mfloat-abi=soft"),
        "cortex-m3": ("-mcpu=cortex-m3", "-mfloat-abi=soft"),
        "cortex-m4": ("-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
        "cortex-m7": ("-mcpu=cortex-m7", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
        "cortex-m33": ("-mcpu=cortex-m33", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
        "cortex-m55": ("-mcpu=cortex-m55", "-mfloat-abi=hard", "-mfpu=auto"),
        # GCC 12 does not know the M85 by name; it has the M55's instructions
        "cortex-m85": ("-mcpu=cortex-m55", "-mfloat-abi=hard", "-mfpu=auto"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiler:
    """A C compiler: how it is called, and the flags for each core that it can build for."""

    name: str
    version: str
    command: tuple[str, ...]
    flags: Mapping[str, tuple[str, ...]]
    needs_string_h: bool = False

    def flags_for(self, target: Target) -> tuple[str, ...]:
        """The flags for a core; raises TargetError for one that it cannot build for."""
        if target.name not in self.flags:
            raise TargetError(
                f"{self.name} builds for {', '.join(self.flags)}, not for {target.name!r}; "
                "portable C runs on this computer: --emulator host"
            )
        return self.flags[target.name]


def compiler_of(name: CompilerName) -> Compiler:
    """The compiler of that name; raises MissingDependencyError or TargetError where it is not installed."""
    return zig() if name == "zig" else gcc()


@functools.cache
def zig() -> Compiler:
    """Clang for every core, as the package `ziglang` brings it."""
    found = importlib.util.find_spec("ziglang")
    if found is None or found.origin is None:
        raise MissingDependencyError("ziglang", "emulate")
    # the program itself: `python -m ziglang` starts a second Python for nothing
    program = Path(found.origin).parent / ("zig.exe" if os.name == "nt" else "zig")
    return Compiler(
        name="zig",
        version=f"zig {_first_line(str(program), 'version')} (clang)",
        # for -O0 zig would add checks that call functions of a runtime that is not there
        command=(str(program), "cc", "-fno-sanitize=undefined"),
        flags=_ZIG_FLAGS,
        needs_string_h=True,
    )


def has_gcc() -> bool:
    """Whether GCC for Arm is installed."""
    return shutil.which(GCC) is not None


@functools.cache
def gcc() -> Compiler:
    """GCC for Arm with newlib."""
    program = shutil.which(GCC)
    if program is None:
        raise TargetError(f"{GCC} is not installed; on Debian: apt-get install {GCC_PACKAGE}")
    return Compiler(
        name="gcc",
        version=f"{GCC} {_first_line(program, '-dumpfullversion')}",
        command=(program, "-mthumb"),
        flags=_GCC_FLAGS,
    )


@functools.cache
def host() -> Compiler:
    """This computer's own compiler, or zig as one."""
    for candidate in (os.environ.get("CC"), "cc", "gcc", "clang"):
        program = shutil.which(candidate) if candidate else None
        if program is not None:
            return Compiler(
                name="host",
                version=_first_line(program, "--version"),
                command=(program,),
                flags=MappingProxyType({"portable": ()}),
            )
    own = zig()
    return Compiler(
        name="host", version=own.version, command=own.command, flags=MappingProxyType({"portable": ()})
    )


def _first_line(*command: str) -> str:
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise TargetError(f"{command[0]} does not run: {problem}") from None
    return (answer.splitlines() or ["of unknown version"])[0]
