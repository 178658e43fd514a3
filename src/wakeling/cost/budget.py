"""What a board allows, and by how much a network exceeds it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from wakeling.boards import Board
from wakeling.cost.energy import active_power
from wakeling.cost.latency import milliseconds
from wakeling.cost.latency.engines import engine_of
from wakeling.cost.report import CostReport
from wakeling.errors import WakelingError, unknown_name
from wakeling.units import format_bytes, format_count

What = Literal["ram_bytes", "flash_bytes", "macs", "frame_us", "energy_uj"]
"""What a budget limits, with its unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The most that a network may take; `runtime` says whose RAM figure is held against it.

    `frame_us` limits the predicted time of an inference, in microseconds, on `board` with the
    runtime's engine, and `energy_uj` its energy in microjoules; both need a board. `active_mw` is the
    power that the board draws while it computes, where the user knows better than the board's file.
    Under a plan with patches, MACs, time and energy include what the patches compute more than once.
    """

    ram_bytes: int
    flash_bytes: int
    macs: int | None = None
    runtime: str = "liveness"
    frame_us: int | None = None
    energy_uj: int | None = None
    board: Board | None = None
    active_mw: float | None = None

    def __post_init__(self) -> None:
        for name, what in (("frame_us", "time"), ("energy_uj", "energy")):
            if getattr(self, name) is not None and self.board is None:
                raise WakelingError(f"a budget of {what} needs the board that it is for")
        for name in _WORDS:
            limit = getattr(self, name)
            if limit is not None and (not math.isfinite(limit) or limit < 1):
                raise WakelingError(f"budget {name} is {limit}; it must be at least 1")
        if self.energy_uj is not None and self.board is not None:
            active_power(self.board, self.active_mw)  # raises where no power is known

    def limit(self, what: What) -> int | None:
        """The most that is allowed of `what`; None where it is not limited."""
        value: int | None = getattr(self, what)
        return value


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
        "energy_uj": ("energy per frame", lambda microjoules: f"{microjoules / 1000:.4g} mJ"),
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
    time_ms = 0.0
    if budget.board is not None and (budget.frame_us is not None or budget.energy_uj is not None):
        time_ms = frame_ms(report, budget.board, budget.runtime)
    return exceeded(
        budget,
        ram_bytes=report.memory[budget.runtime].peak_bytes,
        flash_bytes=report.flash_of(budget.runtime).total_bytes,
        macs=report.macs + _added_macs(report, budget.runtime),
        frame_ms=time_ms,
    )


def exceeded(
    budget: Budget, *, ram_bytes: int, flash_bytes: int, macs: int, frame_ms: float = 0.0
) -> tuple[Violation, ...]:
    """The violations of a network that takes so much; for `frame_ms` see the function of that name."""
    needs: dict[What, int] = {
        "ram_bytes": ram_bytes,
        "flash_bytes": flash_bytes,
        "macs": macs,
        "frame_us": math.ceil(1000 * frame_ms),
        "energy_uj": 0,
    }
    if budget.energy_uj is not None and budget.board is not None:
        needs["energy_uj"] = math.ceil(1000 * frame_mj(frame_ms, budget.board, budget.active_mw))
    limits = [(what, needed, budget.limit(what)) for what, needed in needs.items()]
    return tuple(
        Violation(what=what, limit=limit, needed=needed)
        for what, needed, limit in limits
        if limit is not None and needed > limit
    )


def frame_ms(report: CostReport, board: Board, runtime: str) -> float:
    """The most probable time of an inference in milliseconds, with the engine of the runtime.

    Where the runtime's plan has patches, the time of the layers that run patch by patch grows as their
    MACs do. Raises LatencyError where no time can be predicted.
    """
    engine = engine_of(board, runtime)
    time_ms = milliseconds(report, board, engine)
    patch = report.memory[runtime].patch
    if patch is None or not patch.added_macs:
        return time_ms
    stage = report.layers[: patch.operators]
    stage_ms = milliseconds(dataclasses.replace(report, layers=stage), board, engine)
    return time_ms + stage_ms * patch.added_macs / sum(layer.macs for layer in stage)


def frame_mj(time_ms: float, board: Board, active_mw: float | None = None) -> float:
    """The most probable energy of an inference in millijoules: active power × time.

    Raises WakelingError where neither the board nor `active_mw` says the power.
    """
    power, _ = active_power(board, active_mw)
    return power.value * time_ms / 1000


def _added_macs(report: CostReport, runtime: str) -> int:
    """MACs that the runtime's plan computes more than once."""
    patch = report.memory[runtime].patch
    return patch.added_macs if patch else 0


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
