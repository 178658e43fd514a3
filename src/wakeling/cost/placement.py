"""A network on a board: RAM under one runtime, flash, time and verdict, each against what is there.

Puts together what the other files of this package compute; nothing is computed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wakeling import boards
from wakeling.boards import Board
from wakeling.cost.budget import Violation, budget_of, violation_to_json, violations
from wakeling.cost.latency import EngineFile, Latency, engines_for, latency, latency_to_json
from wakeling.cost.memory import OWN_C_PLANNERS
from wakeling.cost.report import CostReport
from wakeling.errors import LatencyError


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One network on one board; `runtime` names whose RAM and flash it is.

    `latency` is None where no time is known of the engine on the board's core, or of an operator;
    `no_latency` then says why, in a line.
    """

    board: Board
    runtime: str
    ram_bytes: int
    flash_bytes: int
    violations: tuple[Violation, ...]
    latency: Latency | None
    no_latency: str | None = None

    @property
    def fits(self) -> bool:
        """Whether RAM and flash suffice."""
        return not self.violations


def place(
    report: CostReport,
    board: Board,
    *,
    runtime: str = "tflm",
    engine: str | Path | EngineFile | None = None,
) -> Placement:
    """The network of `report` on `board`.

    Without an `engine`, our own C's times go with our own C's memory, and the board's usual engine
    with any other. Raises WakelingError where the report has no plan of `runtime`, LatencyError for
    an engine that was named and does not run there.
    """
    exceeded = violations(report, budget_of(board, runtime))
    chosen = engine
    if engine is None and runtime in OWN_C_PLANNERS and "wakeling-c" in engines_for(board):
        chosen = "wakeling-c"
    time, reason = None, None
    try:
        time = latency(report, board, chosen)
    except LatencyError as problem:
        if engine is not None:
            raise
        reason = str(problem)
    return Placement(
        board=board,
        runtime=runtime,
        ram_bytes=report.ram_bytes[runtime],
        flash_bytes=report.flash_of(runtime).total_bytes,
        violations=exceeded,
        latency=time,
        no_latency=reason,
    )


def placement_to_json(placement: Placement) -> dict[str, Any]:
    """The placement as plain JSON values."""
    return {
        "board": boards.to_json(placement.board),
        "runtime": placement.runtime,
        "ram_bytes": placement.ram_bytes,
        "flash_bytes": placement.flash_bytes,
        "fits": placement.fits,
        "violations": [violation_to_json(violation) for violation in placement.violations],
        "latency": None if placement.latency is None else latency_to_json(placement.latency),
        "no_latency": placement.no_latency,
    }
