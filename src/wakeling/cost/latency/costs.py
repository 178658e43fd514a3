"""What an engine pays on a core: cycles for each kind of work, and how sure that is.

Pure arithmetic on plain numbers; where the numbers come from is in `fit.py` and `stored.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from wakeling.cost.latency.work import KINDS, Work

MAC_KINDS = tuple(kind for kind in KINDS if kind != "element")
UNITS = (*MAC_KINDS, "output", "element", "layer")
"""What is paid for: a MAC of each kind, an output requantized, an element, a layer's start."""

NORMAL_90 = 1.645
"""Standard deviations of a normal distribution on either side of nine tenths of it."""

MISALIGNED_DEVIATION = math.log(1.7) / 2
"""Channels that fill no whole words cost from nothing to 1.7 times: half of that range, in logarithms."""


class Cycles(NamedTuple):
    """Clock cycles: the most probable number, and where nine of ten measurements should lie."""

    typical: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineCosts:
    """Cycles of an engine on a core.

    `cycles` pays for one of each of `UNITS`, and `misaligned` multiplies MACs whose channels fill no
    whole words. Uncertainties are standard deviations of logarithms: `level` of a network whose
    cycles divide among units as `mix` says, `deviations` of each unit against the others; the more a
    network's mix differs, the more they weigh. `inflation` multiplies both: what leaving measurements
    out one at a time showed them to be short of.
    """

    engine: str
    core: str
    cycles: Mapping[str, float]
    misaligned: float
    level: float
    mix: Mapping[str, float]
    deviations: Mapping[str, float]
    inflation: float = 1.0

    def of(self, work: Work) -> float:
        """Cycles of some work."""
        total = work.elements * self.cycles["element"] + work.layers * self.cycles["layer"]
        if work.macs:
            factor = 1.0 if work.is_aligned else self.misaligned
            total += work.macs * self.cycles[work.kind] * factor + work.outputs * self.cycles["output"]
        return total

    def spent(self, works: Iterable[Work]) -> dict[str, float]:
        """Cycles of all works together, by what is paid for."""
        spent = dict.fromkeys(UNITS, 0.0)
        for work in works:
            if work.macs:
                factor = 1.0 if work.is_aligned else self.misaligned
                spent[work.kind] += work.macs * self.cycles[work.kind] * factor
                spent["output"] += work.outputs * self.cycles["output"]
            spent["element"] += work.elements * self.cycles["element"]
            spent["layer"] += work.layers * self.cycles["layer"]
        return spent

    def predict(self, works: Sequence[Work]) -> Cycles:
        """Cycles of all works together; zeros where there are none."""
        spent = self.spent(works)
        total = sum(spent.values())
        if total <= 0:
            return Cycles(0.0, 0.0, 0.0)
        misaligned = sum(
            [work.macs * self.cycles[work.kind] for work in works if work.macs and not work.is_aligned]
        )
        unsure = misaligned * self.misaligned / total * MISALIGNED_DEVIATION
        variance = self.level**2 + unsure**2
        for unit, deviation in self.deviations.items():
            variance += ((spent[unit] / total - self.mix.get(unit, 0.0)) * deviation) ** 2
        factor = math.exp(NORMAL_90 * self.inflation * math.sqrt(variance))
        return Cycles(total, total / factor, total * factor)
