"""The randomness of scenes: one independent, repeatable stream for each key.

A stream is numpy's PCG64 seeded by `SeedSequence(key)`, so what one object draws never depends on what
another object drew before it. Numbers are fetched in blocks because scalar calls of numpy are slow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")

_BLOCK = 48


class Dice:
    """A stream of random choices, decided by `key` (integers from 0 up) alone."""

    __slots__ = ("_values", "generator")

    def __init__(self, *key: int) -> None:
        self.generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))
        self._values: list[float] = []

    def unit(self) -> float:
        """A number in [0, 1)."""
        if not self._values:
            self._values = self.generator.random(_BLOCK).tolist()
        return self._values.pop()

    def uniform(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self.unit()

    def middling(self, low: float, high: float) -> float:
        """A number in [low, high), more often near the middle (the mean of two uniform ones)."""
        return low + (high - low) * 0.5 * (self.unit() + self.unit())

    def integer(self, low: int, high: int) -> int:
        """An integer in [low, high], both ends included."""
        return low + int((high - low + 1) * self.unit())

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.unit() < probability

    def sign(self) -> int:
        """-1 or +1, equally often."""
        return 1 if self.unit() < 0.5 else -1

    def choice(self, options: Sequence[T]) -> T:
        """One of `options`, equally often."""
        return options[int(len(options) * self.unit())]

    def weighted(self, options: Sequence[tuple[T, float]]) -> T:
        """One of the first elements of `options`, as often as the second elements (weights) say."""
        left = self.unit() * sum(weight for _, weight in options)
        for option, weight in options:
            left -= weight
            if left < 0:
                return option
        return options[-1][0]
