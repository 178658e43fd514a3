"""Runs the test program on a board that QEMU emulates, where Debian's `qemu-system-arm` is installed.

Instructions are counted by the board's SysTick timer while `-icount shift=0` makes every instruction take a
nanosecond, so they are known to one tick of the processor's clock: `Board.tick_instructions`.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from wakeling.errors import DisagreementError, TargetError
from wakeling.verify.c.runs import EXIT_CODES, Run, read_records

PROGRAM, PACKAGE = "qemu-system-arm", "qemu-system-arm"
TIMEOUT_S = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A machine of QEMU's: its name, the linker script with its memories, its processor's clock."""

    machine: str
    memories: str
    clock_hz: int

    @property
    def tick_instructions(self) -> float:
        """Instructions in a tick of the timer, at a nanosecond each."""
        return 1e9 / self.clock_hz


_AN547 = Board(machine="mps3-an547", memories="mps3_an547.ld", clock_hz=32_000_000)

BOARDS: Mapping[str, Board] = MappingProxyType(
    {
        "cortex-m3": Board(machine="mps2-an385", memories="mps2.ld", clock_hz=25_000_000),
        "cortex-m4": Board(machine="mps2-an386", memories="mps2.ld", clock_hz=25_000_000),
        "cortex-m7": Board(machine="mps2-an500", memories="mps2.ld", clock_hz=25_000_000),
        "cortex-m33": Board(machine="mps2-an505", memories="mps2_an505.ld", clock_hz=20_000_000),
        "cortex-m55": _AN547,
        # QEMU 7.2 has no M85; its code uses the same instructions here
        "cortex-m85": _AN547,
    }
)
"""A board for each core; clocks are those of hw/arm/mps2.c and mps2-tz.c in QEMU."""


def board_of(core: str) -> Board:
    """The board with a core; raises TargetError for a core that no board has."""
    if core not in BOARDS:
        raise TargetError(f"QEMU has boards with {', '.join(BOARDS)}, not with {core!r}")
    return BOARDS[core]


def program() -> str:
    """QEMU's path; raises TargetError where it is not installed."""
    found = shutil.which(PROGRAM)
    if found is None:
        raise TargetError(f"{PROGRAM} is not installed; on Debian: apt-get install {PACKAGE}")
    return found


@functools.cache
def version() -> str:
    """QEMU's name and version."""
    line = subprocess.run(
        [program(), "--version"], capture_output=True, text=True, timeout=60, check=False
    ).stdout
    return f"qemu {line.partition('version ')[2].split(' ')[0].strip()}"


def run(elf: Path, core: str, inputs: Sequence[bytes], *, timeout_s: float = TIMEOUT_S) -> Iterator[Run]:
    """Run the program on each input, one after the other in one life of the program.

    Instructions are multiples of the board's tick, rounded. Raises TargetError without QEMU, for a core
    that no board has and for a program that takes longer than `timeout_s`, DisagreementError for
    one that fails.
    """
    board, qemu = board_of(core), program()
    with tempfile.TemporaryDirectory(prefix="wakeling-") as name:
        folder = Path(name)
        (folder / "input.bin").write_bytes(b"".join(inputs))
        command = [qemu, "-M", board.machine, "-display", "none", "-monitor", "none", "-serial", "none"]
        command += ["-semihosting-config", "enable=on,target=native", "-icount", "shift=0"]
        command += ["-kernel", str(elf.resolve())]
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TargetError(f"{PROGRAM} took longer than {timeout_s:.0f} s; stopped") from None
        record = folder / "record.bin"
        content = record.read_bytes() if record.exists() else b""
    runs = list(read_records(content, tick_instructions=board.tick_instructions))
    if done.returncode != 0:
        what = EXIT_CODES.get(done.returncode) or _last_line(done.stderr)
        raise DisagreementError(f"the test program failed on input {len(runs)}: {what}")
    if len(runs) != len(inputs):
        raise TargetError(f"{PROGRAM} stopped after {len(runs)} of {len(inputs)} inputs")
    yield from runs


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it gives no reason"
