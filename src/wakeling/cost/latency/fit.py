"""Fits the latency model: ridge least squares in log space, one number for each cause of cost.

The only module of the model that needs NumPy, and nothing imports it to predict: what it finds is
kept in `fitted.toml`. The model is written down in docs/explanation/latency-and-energy.md.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from wakeling.cost.latency.costs import UNITS, EngineCosts
from wakeling.cost.latency.ridge import Floats, Term, solve
from wakeling.cost.latency.tables import Measurement
from wakeling.cost.latency.work import Work

SHARED: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "pointwise": (math.log(2.0), 1.5),
        "standard": (math.log(1.15), 0.3),
        "shallow": (math.log(2.0), 0.5),
        "depthwise": (math.log(2.4), 0.3),
        "depthwise_large": (math.log(4.0), 0.6),
        "depthwise_multiplied": (math.log(4.0), 0.6),
        "dense": (math.log(1.3), 0.5),
        "output": (math.log(8.0), 0.5),
        "element": (math.log(6.0), 0.5),
        "layer": (math.log(1000.0), 1.0),
        "misaligned": (math.log(1.4), 0.1),
    }
)
"""What is expected before the fit: mean and standard deviation of the logarithm.

`pointwise` is cycles a MAC on a Cortex-M4; all others are multiples of it, for a MAC of that kind, an
output that is requantized, an element, a layer, and the factor where channels fill no whole words.
The ratios are those of CMSIS-NN on a Cortex-M4 under emulation (about 2.4 instructions a pointwise
MAC and 7 a depthwise one, requantization included) taken apart; deviations say how far they may move.
"""

CORES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "Cortex-M0+": (math.log(4.0), 0.7),
        "Cortex-M4": (0.0, 0.01),
        "Cortex-M7": (math.log(0.6), 0.5),
        "Cortex-M33": (math.log(0.9), 0.5),
        "Cortex-M55": (math.log(0.3), 0.5),
        "Cortex-M85": (math.log(0.2), 0.7),
        "Xtensa LX6": (math.log(3.0), 0.7),
        "Xtensa LX7": (0.0, 0.7),
    }
)
"""Cycles of a core against a Cortex-M4's, before the fit. The Cortex-M4 is the yardstick."""

ENGINE_PRIOR = (0.0, 1.0)
"""An engine against the mean engine."""

DEVIATION_PRIOR: Mapping[str, float] = MappingProxyType({"depthwise_large": 1.5, "depthwise_multiplied": 1.0})
"""How far an engine's own ratio of a kind may be from the shared one (standard deviation)."""
_DEVIATION = 0.3

CLOCKS_PRIOR = (math.log(1.3), 0.25)
"""Clocks an instruction of a core (pipelines stall, flash waits)."""

CLOCKS_DEVIATION = 0.2
"""How far one engine's clocks an instruction may be from its core's (standard deviation)."""

SIGMA: Mapping[str, float] = MappingProxyType({"cycles": 0.3, "instructions": 0.05})
"""How well the model is expected to meet a row; an emulator counts exactly, silicon and versions vary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Parameters by name, as logarithms, with their covariance after the fit, in the order of `names`."""

    values: Mapping[str, float]
    names: tuple[str, ...]
    covariance: Floats

    def costs(self, engine: str, core: str, mix: Sequence[Work], inflation: float = 1.0) -> EngineCosts:
        """What the engine pays on the core; `mix` is the network whose uncertainty is the level's.

        An engine or a core that the fit has not seen has its expectation, and that one's deviation.
        """
        parts = {unit: _names(engine, core, unit) for unit in UNITS}
        cycles = {unit: math.exp(sum(self._value(name) for name in names)) for unit, names in parts.items()}
        plain = EngineCosts(
            engine=engine,
            core=core,
            cycles=cycles,
            misaligned=math.exp(self._value("misaligned")),
            level=0.0,
            mix={},
            deviations={},
        )
        shares = _shares(plain, mix)
        weights: dict[str, float] = {}
        for unit, share in shares.items():
            for name in parts[unit]:
                weights[name] = weights.get(name, 0.0) + share
        own = {
            unit: self._deviation(dict.fromkeys(names[3:], 1.0)) for unit, names in parts.items() if names[3:]
        }
        return dataclasses.replace(
            plain,
            level=math.hypot(SIGMA["cycles"], self._deviation(weights)),
            mix=shares,
            deviations=own,
            inflation=inflation,
        )

    def _value(self, name: str) -> float:
        return self.values[name] if name in self.values else _prior(name)[0]

    def _deviation(self, weights: Mapping[str, float]) -> float:
        """Standard deviation of a weighted sum of parameters."""
        line = np.array([weights.get(name, 0.0) for name in self.names])
        unseen = sum(
            (weight * _prior(name)[1]) ** 2 for name, weight in weights.items() if name not in self.values
        )
        return math.sqrt(float(line @ self.covariance @ line) + unseen)


def _names(engine: str, core: str, unit: str) -> tuple[str, ...]:
    """The parameters whose product is what a unit costs: three of the level, then the unit's own."""
    level = ("pointwise", f"engine {engine}", f"core {core}")
    return level if unit == "pointwise" else (*level, unit, f"engine {engine} {unit}")


def _shares(costs: EngineCosts, network: Sequence[Work]) -> dict[str, float]:
    """How a network's cycles divide among units."""
    spent = costs.spent(network)
    total = sum(spent.values())
    return {unit: cycles / total for unit, cycles in spent.items() if cycles}


def _amounts(work: Work) -> Iterator[tuple[str, float]]:
    if work.macs:
        yield work.kind, work.macs
        yield "output", work.outputs
    if work.elements:
        yield "element", work.elements
    yield "layer", work.layers


def fit(measurements: Iterable[Measurement], networks: Mapping[str, Sequence[Work]]) -> Fit:
    """The most probable parameters: least squares with the expectations above as further rows."""
    used = [row for row in measurements if row.is_used]
    rows = [list(_terms(row, networks[row.network])) for row in used]
    names = tuple(dict.fromkeys([*SHARED, *(name for row in rows for _, parts in row for name in parts)]))
    values, covariance = solve(
        rows,
        [math.log(row.amount) for row in used],
        [SIGMA[row.unit] for row in used],
        names,
        [_prior(name) for name in names],
    )
    return Fit(values=dict(zip(names, values.tolist(), strict=True)), names=names, covariance=covariance)


def _terms(measurement: Measurement, network: Sequence[Work]) -> Iterator[Term]:
    """Each part of the cost as an amount and the names of the parameters that multiply it."""
    for work in network:
        for unit, amount in _amounts(work):
            names = _names(measurement.engine, measurement.core, unit)
            if unit == work.kind and work.macs and not work.is_aligned:
                names += ("misaligned",)
            if measurement.unit == "instructions":
                names += (
                    f"instructions {measurement.core}",
                    f"instructions {measurement.core} {measurement.engine}",
                )
            yield amount, names


def _prior(name: str) -> tuple[float, float]:
    head, _, rest = name.partition(" ")
    if name in SHARED:
        return SHARED[name]
    if head == "core":
        return CORES[rest]
    if head == "instructions":
        is_own = rest not in CORES
        return (0.0, CLOCKS_DEVIATION) if is_own else (-CLOCKS_PRIOR[0], CLOCKS_PRIOR[1])
    kind = rest.rpartition(" ")[2]
    return ENGINE_PRIOR if not kind or kind not in SHARED else (0.0, DEVIATION_PRIOR.get(kind, _DEVIATION))
