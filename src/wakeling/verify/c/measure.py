"""Runs generated C on an emulated core and says what it computed and in how many instructions.

What it should have computed is compared in `verify.c.proof`.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wakeling.export.c.targets import Target
from wakeling.verify.c import unicorn_runner
from wakeling.verify.c.programs import Sizes, emulator_program, program_sizes, read_program
from wakeling.verify.c.runs import Run
from wakeling.verify.c.toolchain import OPTIMIZATION, CompilerName, compiler_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Runs of a build with trace calls and of one without, for each input, and the latter's sizes."""

    traced: tuple[Run, ...]
    plain: tuple[Run, ...]
    sizes: Sizes


def measure(
    files: Mapping[str, str],
    target: Target,
    inputs: Sequence[bytes],
    *,
    compiler: CompilerName = "zig",
    optimization: str = OPTIMIZATION,
    folder: Path | None = None,
) -> Measurement:
    """Build C files (prefix `model`) for a core that Unicorn knows, and run them on each input.

    Objects are kept in `folder`, by default for as long as this process lives. Raises as
    `emulator_program` and `unicorn_runner.run`.
    """
    where = folder or Path(_own_folder().name)
    elves = {
        trace: read_program(
            emulator_program(
                files, target, compiler_of(compiler), folder=where, trace=trace, optimization=optimization
            )
        )
        for trace in (True, False)
    }
    runs = {trace: tuple(unicorn_runner.run(elf, target.name, inputs)) for trace, elf in elves.items()}
    return Measurement(traced=runs[True], plain=runs[False], sizes=program_sizes(elves[False]))


@functools.cache
def _own_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="wakeling-", ignore_cleanup_errors=True)
