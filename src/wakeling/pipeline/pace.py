"""How long the networks of a space train: a rule fitted to a few measured speeds, and kept in the plan.

Time that a rule predicts is the same on every run, so a search can be planned in it and resumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wakeling.search.domain import Costs


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds that a network trains on an image: so many in any case, and so many for each MAC.

    `typical_macs` are those of the network that a search counts its work in.
    """

    image_seconds: float
    mac_seconds: float
    typical_macs: float

    def seconds(self, macs: float) -> float:
        """Seconds on an image of a network of so many MACs."""
        return self.image_seconds + self.mac_seconds * macs

    def effort(self, costs: Costs) -> float:
        """The time of a network's training over that of the typical one's (`Task.effort`)."""
        return self.seconds(costs["macs"]) / self.seconds(self.typical_macs)


def pace_of(measured: Sequence[tuple[int, float]]) -> Pace:
    """The pace that fits measured (MACs, images a second) best: least squares of relative errors.

    Where one of its two parts would be negative, the other one alone is fitted.
    """
    macs = np.array([one for one, _ in measured], np.float64)
    speeds = np.array([speed for _, speed in measured], np.float64)
    both = np.stack([speeds, macs * speeds], axis=1)  # (predicted over measured seconds) of each part
    parts = np.linalg.lstsq(both, np.ones(len(macs)), rcond=None)[0]
    if len(measured) < 2 or parts.min() < 0:
        kept = 1 if parts[0] < 0 else 0
        column = both[:, kept]
        parts = np.zeros(2)
        parts[kept] = column.sum() / (column @ column)
    return Pace(
        image_seconds=float(parts[0]), mac_seconds=float(parts[1]), typical_macs=float(np.median(macs))
    )
