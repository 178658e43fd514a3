"""Builds the test program for this computer, with sanitizers where the compiler has them, and runs it.

Nothing is counted here: the instructions would be another processor's.
"""

from __future__ import annotations

import functools
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from wakeling.errors import DisagreementError, TargetError
from wakeling.export.c.targets import Target
from wakeling.verify.c.build import build, firmware
from wakeling.verify.c.runs import EXIT_CODES, Run, read_records
from wakeling.verify.c.toolchain import host

TIMEOUT_S = 1800.0
OPTIMIZATION = "-O1"

SANITIZERS = ("address,undefined", "undefined")
"""Tried in this order; the first that links is used."""


@functools.cache
def sanitizer_flags() -> tuple[str, ...]:
    """Flags of the best sanitizers that the host's compiler can link; none where it has none."""
    for names in SANITIZERS:
        flags = (f"-fsanitize={names}", "-fno-sanitize-recover=all")
        with tempfile.TemporaryDirectory(prefix="wakeling-") as name:
            try:
                program = build(
                    host(), {"probe.c": "int main(void) { return 0; }\n"}, folder=Path(name), flags=flags
                )
                if subprocess.run([program], capture_output=True, timeout=60, check=False).returncode == 0:
                    return flags
            except (TargetError, OSError, subprocess.TimeoutExpired):
                continue
    return ()


def version() -> str:
    """What the program runs on and under."""
    flags = sanitizer_flags()
    return f"this computer, {flags[0].removeprefix('-f') if flags else 'without sanitizers'}"


def check(target: Target) -> None:
    """Raises TargetError for a core with Helium, whose intrinsics no other processor has."""
    if "mve" in target.features:
        raise TargetError(
            f"C for {target.name} uses Helium, which this computer lacks; leave --emulator host out"
        )


def host_program(files: Mapping[str, str], target: Target, *, folder: Path, trace: bool) -> Path:
    """The model (prefix `model`), main and a harness as a program of this computer.

    Raises TargetError where the compiler refuses, and as `check`.
    """
    check(target)
    return build(
        host(),
        {**files, **firmware("harness.h", "main.c", "harness_host.c")},
        folder=folder,
        flags=(
            "-std=c99",
            OPTIMIZATION,
            "-g",
            *sanitizer_flags(),
            "-DHARNESS_HEAP",
            "-DMODEL_NO_ARENA",
            *(["-DWAKELING_TRACE"] if trace else []),
        ),
    )


def run(program: Path, inputs: Sequence[bytes], *, timeout_s: float = TIMEOUT_S) -> Iterator[Run]:
    """Run the program on each input, one after the other in one life of the program.

    Raises DisagreementError for a program that fails or that a sanitizer stops, TargetError for one that
    takes longer than `timeout_s`.
    """
    try:
        # an arena that is never freed is no leak worth a word
        done = subprocess.run(
            [program],
            input=b"".join(inputs),
            capture_output=True,
            timeout=timeout_s,
            env={"ASAN_OPTIONS": "detect_leaks=0"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TargetError(f"the test program took longer than {timeout_s:.0f} s; stopped") from None
    runs = list(read_records(done.stdout, tick_instructions=None))
    if done.returncode != 0:
        complaint = _complaint(done.stderr.decode(errors="replace"))
        what = complaint or EXIT_CODES.get(done.returncode, f"exit code {done.returncode}")
        raise DisagreementError(f"the generated code fails on input {len(runs)}: {what}")
    if len(runs) != len(inputs):
        raise TargetError(f"the test program stopped after {len(runs)} of {len(inputs)} inputs")
    yield from runs


def _complaint(text: str) -> str | None:
    """The sanitizer's own line."""
    for line in text.splitlines():
        if "ERROR: " in line or "runtime error: " in line:
            return line.strip()[:200]
    return None
