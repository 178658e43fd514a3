"""False alarms a day: what a false positive rate means once a camera looks all the time."""

from __future__ import annotations

import math
from dataclasses import dataclass

from wakeling.cost.energy.binomial import clopper_pearson
from wakeling.errors import WakelingError

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarms:
    """Expected false alarms a day; `low` and `high` are None where no number of negatives is known.

    The interval is the exact 95 % one of the rate, from the pictures that it was measured on.
    """

    per_day: float
    low: float | None
    high: float | None


def false_alarms(
    frames_per_day: float, false_positive_rate: float, *, base_rate: float = 0.0, negatives: int | None = None
) -> FalseAlarms:
    """Frames a day × the share of them without a person (1 − base rate) × the false positive rate.

    `negatives` is how many pictures without a person the rate was measured on. Every frame counts by
    itself: a cat that stays for ten frames gives ten alarms. Raises WakelingError for a rate outside
    0 to 1 or fewer than one negative.
    """
    for what, value in (("false positive rate", false_positive_rate), ("base rate", base_rate)):
        if not 0 <= value <= 1:
            raise WakelingError(f"the {what} is {value}; it must be from 0 to 1")
    if not 0 <= frames_per_day < math.inf:
        raise WakelingError(f"frames a day is {frames_per_day}; it must be a number, at least 0")
    empty = frames_per_day * (1 - base_rate)
    if negatives is None:
        return FalseAlarms(per_day=empty * false_positive_rate, low=None, high=None)
    if negatives < 1:
        raise WakelingError(f"the rate was measured on {negatives} negatives; it must be at least 1")
    low, high = clopper_pearson(round(false_positive_rate * negatives), negatives, CONFIDENCE)
    return FalseAlarms(per_day=empty * false_positive_rate, low=empty * low, high=empty * high)
