"""The test program around a generated model: built for a core, a compiler and a runner, and its sizes.

Compiling is in `verify.c.build`, what runs the program in the runners.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wakeling.errors import TargetError
from wakeling.export.c.targets import Target
from wakeling.verify.c.build import build, firmware
from wakeling.verify.c.elf import Elf, read_elf
from wakeling.verify.c.toolchain import OPTIMIZATION, Compiler

SECTIONS = ("-ffunction-sections", "-fdata-sections")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Memory of a model in a linked program, the test program's own left out.

    `flash_bytes` has code (the compiler's runtime included), constants and initial values; `data_bytes` is
    writable memory beside arena and stack.
    """

    flash_bytes: int
    data_bytes: int


def emulator_program(
    files: Mapping[str, str],
    target: Target,
    compiler: Compiler,
    *,
    folder: Path,
    trace: bool,
    harness: str = "harness_emulator.c",
    memories: str = "emulator.ld",
    optimization: str = OPTIMIZATION,
) -> Path:
    """An ELF file with the model (prefix `model`), main, startup code and a harness.

    Raises TargetError where the compiler refuses, and for a model with another prefix.
    """
    if "model.h" not in files:
        raise TargetError("the test program wants a model with the prefix 'model' (file model.h)")
    return build(
        compiler,
        {**files, **firmware("harness.h", "main.c", "startup.c", "sections.ld", harness, memories)},
        folder=folder,
        flags=(
            *compiler.flags_for(target),
            "-std=c99",
            optimization,
            *SECTIONS,
            "-DHARNESS_SECTIONS",
            "-DMODEL_NO_ARENA",
            *(["-DWAKELING_TRACE"] if trace else []),
        ),
        # zig builds its runtime as the last flag says, and leaves symbols out for -Os
        link_flags=("-O2", "-nostartfiles", "-Wl,--gc-sections", "-Wl,-e,reset", f"-Wl,-T,{memories}"),
        system=firmware("freestanding/string.h") if compiler.needs_string_h else None,
    )


def program_sizes(elf: Elf) -> Sizes:
    """Sizes of a program that was built by `emulator_program`."""
    return Sizes(
        flash_bytes=elf.section_bytes(".text", ".rodata", ".data"),
        data_bytes=elf.section_bytes(".data", ".bss"),
    )


def read_program(path: Path) -> Elf:
    """Parse a built program."""
    return read_elf(path.read_bytes())
