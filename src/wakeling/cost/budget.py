"""What a board allows, and by how much a network exceeds it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from wakeling.boards import Board
from wakeling.cost.latency import milliseconds
from wakeling.cost.report import CostReport
from wakeling.errors import WakelingError, unknown_name
from wakeling.units import format_bytes, format_count

What = Literal["ram_bytes", "flash_bytes", "macs", "frame_us"]
"""What a budget limits, with its unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The most that a network may take; `runtime` says whose RAM figure is held against it.

    `frame_us` limits the predicted time of an inference, in microseconds, on `board` with its usual
    engine; it needs a board.
    """

    ram_bytes: int
    flash_bytes: int
    macs: int | None = None
    runtime: str = "liveness"
    frame_us: int | None = None
    board: Board | None = None

    def __post_init__(self) -> None:
        if self.frame_us is not None and self.board is None:
            raise WakelingError("a budget of time needs the board that it is for")
        for name in ("ram_bytes", "flash_bytes", "macs", "frame_us"):
            limit = getattr(self, name)
            if limit is not None and (not math.isfinite(limit) or limit < 1):
                raise WakelingError(f"budget {name} is {limit}; it must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One budget that a network exceeds; in bytes, or in MACs or microseconds where `what` says so."""

    what: What
    limit: int
    needed: int

    @property
    def excess(self) -> int:
        """By how much, in the budget's own unit."""
        return self.needed - self.limit

    @property
    def excess_bytes(self) -> int:
        """By how many bytes; 0 for a budget of another unit."""
        return self.excess if self.what in ("ram_bytes", "flash_bytes") else 0


_WORDS: Mapping[What, tuple[str, Callable[[int], str]]] = MappingProxyType(
    {
        "ram_bytes": ("RAM", format_bytes),
        "flash_bytes": ("flash", format_bytes),
        "macs": ("MACs", format_count),
        "frame_us": ("time per frame", lambda microseconds: f"{microseconds / 1000:.4g} ms"),
    }
)
"""What a budget is called, and how its numbers are written."""


def budget_of(board: Board, runtime: str = "liveness") -> Budget:
    """All of a board's RAM and flash; `runtime` says whose RAM figure is held against it."""
    return Budget(ram_bytes=board.ram_bytes, flash_bytes=board.flash_bytes, runtime=runtime)


def violations(report: CostReport, budget: Budget) -> tuple[Violation, ...]:
    """Every budget that the network exceeds; empty where it fits.

    Raises WakelingError where the report has no figure for the budget's runtime, LatencyError where no
    time can be predicted.
    """
    if budget.runtime not in report.memory:
        raise WakelingError(unknown_name("runtime", budget.runtime, report.memory))
    frame_us = 0
    if budget.frame_us is not None and budget.board is not None:
        frame_us = math.ceil(1000 * milliseconds(report, budget.board))
    checks: tuple[tuple[What, int, int | None], ...] = (
        ("ram_bytes", report.memory[budget.runtime].peak_bytes, budget.ram_bytes),
        ("flash_bytes", report.flash_of(budget.runtime).total_bytes, budget.flash_bytes),
        ("macs", report.macs, budget.macs),
        ("frame_us", frame_us, budget.frame_us),
    )
    return tuple(
        Violation(what=what, limit=limit, needed=needed)
        for what, needed, limit in checks
        if limit is not None and needed > limit
    )


def describe(violation: Violation) -> str:
    """A violation in words: `RAM 120.0 KiB of 64.0 KiB (56.0 KiB too much)`."""
    title, write = _WORDS[violation.what]
    return (
        f"{title} {write(violation.needed)} of {write(violation.limit)} ({write(violation.excess)} too much)"
    )


def violation_to_json(violation: Violation) -> dict[str, Any]:
    """A violation as plain JSON values."""
    return {
        "what": violation.what,
        "limit": violation.limit,
        "needed": violation.needed,
        "excess": violation.excess,
    }
