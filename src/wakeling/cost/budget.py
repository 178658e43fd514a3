"""What a board allows, and by how much a network exceeds it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from wakeling.boards import Board
from wakeling.cost.report import CostReport
from wakeling.errors import WakelingError, unknown_name
from wakeling.units import format_bytes, format_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The most that a network may take; `runtime` says whose RAM figure is held against it."""

    ram_bytes: int
    flash_bytes: int
    macs: int | None = None
    runtime: str = "liveness"

    def __post_init__(self) -> None:
        for name in ("ram_bytes", "flash_bytes", "macs"):
            limit = getattr(self, name)
            if limit is not None and (not math.isfinite(limit) or limit < 1):
                raise WakelingError(f"budget {name} is {limit}; it must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One budget that a network exceeds; in bytes, or in MACs where `what` is `macs`."""

    what: Literal["ram_bytes", "flash_bytes", "macs"]
    limit: int
    needed: int

    @property
    def excess(self) -> int:
        """By how much, in the budget's own unit."""
        return self.needed - self.limit

    @property
    def excess_bytes(self) -> int:
        """By how many bytes; 0 for a budget in MACs."""
        return 0 if self.what == "macs" else self.excess


_TITLES = {"ram_bytes": "RAM", "flash_bytes": "flash", "macs": "MACs"}


def budget_of(board: Board, runtime: str = "liveness") -> Budget:
    """All of a board's RAM and flash; `runtime` says whose RAM figure is held against it."""
    return Budget(ram_bytes=board.ram_bytes, flash_bytes=board.flash_bytes, runtime=runtime)


def violations(report: CostReport, budget: Budget) -> tuple[Violation, ...]:
    """Every budget that the network exceeds; empty where it fits.

    Raises WakelingError where the report has no figure for the budget's runtime.
    """
    if budget.runtime not in report.memory:
        raise WakelingError(unknown_name("runtime", budget.runtime, report.memory))
    checks: tuple[tuple[Literal["ram_bytes", "flash_bytes", "macs"], int, int | None], ...] = (
        ("ram_bytes", report.memory[budget.runtime].peak_bytes, budget.ram_bytes),
        ("flash_bytes", report.flash_of(budget.runtime).total_bytes, budget.flash_bytes),
        ("macs", report.macs, budget.macs),
    )
    return tuple(
        Violation(what=what, limit=limit, needed=needed)
        for what, needed, limit in checks
        if limit is not None and needed > limit
    )


def describe(violation: Violation) -> str:
    """A violation in words: `RAM 120.0 KiB of 64.0 KiB (56.0 KiB too much)`."""
    write = format_count if violation.what == "macs" else format_bytes
    return (
        f"{_TITLES[violation.what]} {write(violation.needed)} of {write(violation.limit)} "
        f"({write(violation.excess)} too much)"
    )


def violation_to_json(violation: Violation) -> dict[str, Any]:
    """A violation as plain JSON values."""
    return {
        "what": violation.what,
        "limit": violation.limit,
        "needed": violation.needed,
        "excess": violation.excess,
    }
