"""Where the labels of a scatter plot go so that they cover neither each other nor a bubble.

Plain geometry in points, y upward; nothing here draws. The same input gives the same places.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

SWEEPS = 12
"""How often every label looks for a better place among the others."""

GAPS = (1.5, 6.0, 12.0, 20.0, 30.0, 42.0)
"""Distances of a label from its bubble that are tried, in points."""

DIRECTIONS = 24
"""Directions from a bubble's center that are tried."""

KEPT = 48
"""Places of a label, the best by themselves, that are compared with the other labels'."""

COVERED_LABEL, COVERED_BUBBLE, COVERED_LINE, OUTSIDE = 40.0, 12.0, 3.0, 400.0
"""Price of a square point (a point of a line) that is covered, and of a point beyond the bounds."""


class Box(NamedTuple):
    """A rectangle by its lower left and upper right corner."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def center(self) -> tuple[float, float]:
        """The middle of the rectangle."""
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2


class Disc(NamedTuple):
    """A bubble."""

    x: float
    y: float
    radius: float


def overlap(one: Box, other: Box) -> float:
    """The area that two rectangles share."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.top, other.top) - max(one.bottom, other.bottom)
    return width * height if width > 0 and height > 0 else 0.0


def _square(disc: Disc) -> Box:
    """The square of a disc's area, which is close enough."""
    half = disc.radius * math.sqrt(math.pi) / 2
    return Box(disc.x - half, disc.y - half, disc.x + half, disc.y + half)


def candidates(disc: Disc, size: tuple[float, float]) -> list[tuple[Box, float]]:
    """Places of a label of `size` (width, height) around a disc, each with its own price.

    Near is cheap, and so is right or left of the bubble rather than above or below it.
    """
    width, height = size
    places = []
    for step in range(DIRECTIONS):
        angle = 2 * math.pi * step / DIRECTIONS
        across, up = math.cos(angle), math.sin(angle)
        for gap in GAPS:
            reach = disc.radius + gap
            x = disc.x + across * (reach + width / 2)
            y = disc.y + up * (reach + height / 2)
            box = Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            places.append((box, gap + 3 * abs(up) + (1.5 if across < 0 else 0.0)))
    return places


def place(
    discs: Sequence[Disc],
    sizes: Sequence[tuple[float, float]],
    bounds: Box,
    *,
    obstacles: Sequence[Disc] = (),
    verticals: Sequence[float] = (),
) -> list[Box]:
    """A place for the label of each disc, inside `bounds`.

    `obstacles` are bubbles without labels, `verticals` the x of upright lines that are better left
    uncovered.
    """
    bubbles = [_square(disc) for disc in (*discs, *obstacles)]
    choices = []
    for disc, size in zip(discs, sizes, strict=True):
        options = [
            (box, price + _fixed_price(box, bubbles, bounds, verticals))
            for box, price in candidates(disc, size)
        ]
        choices.append(sorted(options, key=lambda option: option[1])[:KEPT])
    placed = [options[0][0] for options in choices]
    for _ in range(SWEEPS):
        moved = False
        for index, options in enumerate(choices):
            others = placed[:index] + placed[index + 1 :]
            best = min(options, key=lambda option: option[1] + _shared(option[0], others))[0]
            moved |= best != placed[index]
            placed[index] = best
        if not moved:
            break
    return placed


def _fixed_price(box: Box, bubbles: Sequence[Box], bounds: Box, verticals: Sequence[float]) -> float:
    outside = max(bounds.left - box.left, box.right - bounds.right, 0.0) + max(
        bounds.bottom - box.bottom, box.top - bounds.top, 0.0
    )
    covered = sum(overlap(box, bubble) for bubble in bubbles)
    crossed = sum(box.left < x < box.right for x in verticals) * (box.top - box.bottom)
    return OUTSIDE * outside + COVERED_BUBBLE * covered + COVERED_LINE * crossed


def _shared(box: Box, others: Sequence[Box]) -> float:
    return COVERED_LABEL * sum(overlap(box, other) for other in others)
