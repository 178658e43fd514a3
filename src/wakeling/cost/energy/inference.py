"""Energy of one inference: active power × time. Batteries and days are in `battery.py`."""

from __future__ import annotations

from wakeling.boards import Board
from wakeling.cost.energy.interval import Interval, product
from wakeling.cost.latency import Latency
from wakeling.cost.provenance import Provenance
from wakeling.errors import WakelingError

POWER_SPREAD = 1.25
"""How far active power may be off where only one figure is known: a factor either way.

Four measurements of one board (Nucleo-L4R5ZI, MLPerf Tiny) lie from 0.77 to 1.10 times the typical one.
"""


def active_power(board: Board, milliwatts: float | None = None) -> tuple[Interval, Provenance]:
    """Milliwatts that the board draws while it computes, and where that comes from.

    `milliwatts` is the user's own figure, taken as exact. Raises WakelingError where neither is known.
    """
    if milliwatts is not None:
        if not 0 < milliwatts < float("inf"):
            raise WakelingError(f"active power is {milliwatts} mW; it must be above 0")
        exact = Interval(milliwatts, milliwatts, milliwatts)
        return exact, Provenance(kind="measured", how="given by the user")
    power = board.power
    if power is None:
        raise WakelingError(
            f"no measured power is known for {board.name}; give yours in milliwatts (--active-mw)"
        )
    if power.low_mw < power.high_mw:
        known = Interval(power.active_mw, power.low_mw, power.high_mw)
        error = f"measured from {power.low_mw:g} to {power.high_mw:g} mW"
    else:
        typical = power.active_mw
        known = Interval(typical, typical / POWER_SPREAD, typical * POWER_SPREAD)
        error = f"a factor of {POWER_SPREAD:g}, as between measurements of other boards"
    return known, Provenance(
        kind="published", how="energy of an inference × inferences a second", source=power.source, error=error
    )


def inference_energy(latency: Latency, power_mw: Interval) -> Interval:
    """Millijoules of one inference: power × time, the errors of both independent."""
    time_s = Interval(latency.ms, latency.low_ms, latency.high_ms).times(0.001)
    return product(power_mw, time_s)
