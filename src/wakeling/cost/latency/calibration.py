"""Fits an engine's costs to a user's own measured times, starting from a published engine's.

With few times only the level moves; with many, each kind of work has its own cost, if leaving times
out one at a time shows that this predicts better. Needs NumPy; nothing imports it to predict.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from wakeling.boards import Board
from wakeling.cost.latency.costs import UNITS, EngineCosts
from wakeling.cost.latency.engine_file import EngineFile
from wakeling.cost.latency.ridge import Floats, Term, solve
from wakeling.cost.latency.work import Work
from wakeling.errors import LatencyError

ENOUGH_FOR_KINDS = 5
"""Fewer times than these only scale."""

SIGMA = 0.05
"""How exactly a time is met by the costs of kinds, as a standard deviation of its logarithm."""

EXPECTED_ERROR, EXPECTED_ROWS = 0.3, 2
"""What an error is taken for before any is seen (the published engines'), and how many rows that counts."""

LEVEL_DEVIATION = 3.0
"""A board of its own may be any number of times slower or faster."""

Method = Literal["scale", "kinds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """A measured time of the works together: a whole network's, or one layer's."""

    label: str
    works: tuple[Work, ...]
    ms: float

    def __post_init__(self) -> None:
        if not 0 < self.ms < math.inf:
            raise LatencyError(f"the time of {self.label} is {self.ms} ms; it must be above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """One time, in milliseconds: measured, predicted before and after, and by a fit without it.

    `left_out_ms` is None where there is no other time.
    """

    label: str
    measured_ms: float
    before_ms: float
    after_ms: float
    left_out_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The calibrated engine, how it was fitted, and what each time says of it."""

    engine: EngineFile
    method: Method
    residuals: tuple[Residual, ...]


def calibrate(timings: Sequence[Timing], board: Board, base: EngineCosts, name: str) -> Calibration:
    """An engine called `name` for `board`, fitted to measured times from the costs `base`.

    Raises LatencyError without a time, or for one that is not above 0.
    """
    if not timings:
        raise LatencyError("there is no measured time; give at least one")
    methods: tuple[Method, ...] = ("scale",)
    if len(timings) >= ENOUGH_FOR_KINDS:
        methods = ("scale", "kinds")
    left_out = {method: _leave_one_out(method, timings, board, base) for method in methods}
    method = min(methods, key=lambda method: _mean_square(timings, left_out[method]))
    fitted = _fit(method, timings, board, base)
    errors = _mean_square(timings, left_out[method]) * len(left_out[method])
    level = math.sqrt((errors + EXPECTED_ROWS * EXPECTED_ERROR**2) / (len(left_out[method]) + EXPECTED_ROWS))
    costs = dataclasses.replace(fitted, engine=name, level=level, mix=_mix(timings, fitted), inflation=1.0)
    return Calibration(
        engine=EngineFile(
            name=name, base=base.engine, board=board.name, measurements=len(timings), costs=costs
        ),
        method=method,
        residuals=tuple(
            Residual(
                label=timing.label,
                measured_ms=timing.ms,
                before_ms=_ms(base, timing, board),
                after_ms=_ms(costs, timing, board),
                left_out_ms=left_out[method][index] if len(timings) > 1 else None,
            )
            for index, timing in enumerate(timings)
        ),
    )


def _ms(costs: EngineCosts, timing: Timing, board: Board) -> float:
    return sum(costs.of(work) for work in timing.works) * 1000 / board.clock_hz


def _fit(method: Method, timings: Sequence[Timing], board: Board, base: EngineCosts) -> EngineCosts:
    return _scaled(timings, board, base) if method == "scale" else _by_kind(timings, board, base)


def _scaled(timings: Sequence[Timing], board: Board, base: EngineCosts) -> EngineCosts:
    """All costs times the geometric mean of measured by predicted."""
    ratios = [math.log(timing.ms / _ms(base, timing, board)) for timing in timings]
    factor = math.exp(sum(ratios) / len(ratios))
    return dataclasses.replace(base, cycles={unit: cycles * factor for unit, cycles in base.cycles.items()})


def _by_kind(timings: Sequence[Timing], board: Board, base: EngineCosts) -> EngineCosts:
    """Each unit's cost times its own factor, held to the others by the deviations of `base`."""
    names = ["level", *base.deviations]
    expected = [(0.0, LEVEL_DEVIATION), *((0.0, deviation) for deviation in base.deviations.values())]
    values, covariance = solve(
        [list(_terms(timing, base)) for timing in timings],
        [math.log(timing.ms * board.clock_hz / 1000) for timing in timings],
        [SIGMA] * len(timings),
        names,
        expected,
    )
    logs = dict(zip(names, values.tolist(), strict=True))
    return dataclasses.replace(
        base,
        cycles={
            unit: cycles * math.exp(logs["level"] + logs.get(unit, 0.0))
            for unit, cycles in base.cycles.items()
        },
        deviations={unit: _deviation(covariance, names.index(unit)) for unit in base.deviations},
    )


def _deviation(covariance: Floats, index: int) -> float:
    return math.sqrt(float(covariance[index, index]))


def _terms(timing: Timing, base: EngineCosts) -> Iterator[Term]:
    """Each unit's cycles by `base`, with the parameters that multiply them."""
    for unit, cycles in base.spent(timing.works).items():
        if cycles:
            yield cycles, ("level", unit) if unit in base.deviations else ("level",)


def _mix(timings: Sequence[Timing], costs: EngineCosts) -> dict[str, float]:
    """The shares of all times together."""
    spent = [costs.spent(timing.works) for timing in timings]
    total = sum(sum(one.values()) for one in spent)
    shares = {unit: sum(one[unit] for one in spent) / total for unit in UNITS}
    return {unit: share for unit, share in shares.items() if share}


def _leave_one_out(method: Method, timings: Sequence[Timing], board: Board, base: EngineCosts) -> list[float]:
    """Each time by a fit to all others, in milliseconds; empty where there is only one."""
    if len(timings) == 1:
        return []
    return [
        _ms(_fit(method, [*timings[:index], *timings[index + 1 :]], board, base), timing, board)
        for index, timing in enumerate(timings)
    ]


def _mean_square(timings: Sequence[Timing], predicted_ms: Sequence[float]) -> float:
    """Mean squared logarithm of predicted by measured; 0 without a prediction."""
    if not predicted_ms:
        return 0.0
    return sum(
        math.log(predicted / timing.ms) ** 2 for timing, predicted in zip(timings, predicted_ms, strict=True)
    ) / len(predicted_ms)
