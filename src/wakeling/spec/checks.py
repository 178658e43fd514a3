"""Range checks for what people write into a network description; each raises one clear line.

What is checked here is the description alone; whether operators fit together is the graph's part.
"""

from __future__ import annotations

from collections.abc import Collection

from wakeling.errors import SpecError

MAX_CHANNELS = 65_536
"""Channels of any layer; far above any microcontroller, low enough that no count explodes."""


def whole(name: str, value: object, low: int, high: int) -> int:
    """`value` where it is a whole number within [low, high]; SpecError otherwise."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise SpecError(f"{name} is {value!r}; it must be a whole number from {low} to {high}")
    return value


def real(name: str, value: object, low: float, high: float) -> float:
    """`value` as a float where it is a finite number within [low, high]; SpecError otherwise."""
    if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
        return float(value)  # NaN fails both comparisons
    raise SpecError(f"{name} is {value!r}; it must be a number from {low:g} to {high:g}")


def one_of(name: str, value: object, allowed: Collection[object]) -> None:
    """SpecError unless `value` is one of `allowed` and of its type (3.0 is not 3)."""
    for choice in allowed:
        if value == choice and type(value) is type(choice):
            return
    raise SpecError(f"{name} is {value!r}; it must be one of {', '.join(map(repr, allowed))}")


def switch(name: str, value: object) -> None:
    """SpecError unless `value` is true or false."""
    if not isinstance(value, bool):
        raise SpecError(f"{name} is {value!r}; it must be true or false")
