"""A number with its interval, and products of such numbers."""

from __future__ import annotations

import math
from typing import NamedTuple


class Interval(NamedTuple):
    """The most probable value, and where nine of ten should lie; all above 0, or all 0."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Interval:
        """All three times an exact factor, at least 0."""
        return Interval(self.value * factor, self.low * factor, self.high * factor)

    def plus(self, amount: float) -> Interval:
        """All three plus an exact amount, at least 0."""
        return Interval(self.value + amount, self.low + amount, self.high + amount)


def product(left: Interval, right: Interval) -> Interval:
    """The product of two independent numbers: their relative errors add as squares do."""
    value = left.value * right.value
    if value == 0:
        return Interval(0.0, 0.0, 0.0)
    down = math.hypot(math.log(left.value / left.low), math.log(right.value / right.low))
    up = math.hypot(math.log(left.high / left.value), math.log(right.high / right.value))
    return Interval(value, value * math.exp(-down), value * math.exp(up))
