"""Where buffers go in one arena, so that none that live at the same time overlap.

A block is a run of pieces (size, first step, last step) that start at the same offset: one buffer, or
a buffer that shrinks and grows because operators worked in place. Sizes are aligned by the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

Piece = tuple[int, int, int]
Block = tuple[Piece, ...]


Interval = tuple[int, int]


def first_fit(forbidden: Iterable[Interval]) -> int:
    """The lowest free offset.

    `forbidden` holds pairs (low, high) in rising order: start at `low` or before, or at `high` or after.
    """
    offset = 0
    for low, high in forbidden:
        if offset <= low:
            break
        if high > offset:
            offset = high
    return offset


def best_fit(forbidden: Iterable[Interval]) -> int:
    """The start of the narrowest gap that is wide enough; behind everything where there is none."""
    offset, chosen, narrowest = 0, -1, 0
    for low, high in forbidden:
        if offset <= low and (chosen < 0 or low - offset < narrowest):
            chosen, narrowest = offset, low - offset
        if high > offset:
            offset = high
    return offset if chosen < 0 else chosen


Fit = Callable[[Iterable[Interval]], int]


def place_in_order(
    blocks: Sequence[Block], order: Iterable[int], steps: int, fit: Fit = first_fit
) -> list[int]:
    """Offsets of the blocks, placed one after the other, each where `fit` finds room."""
    held: list[list[Interval]] = [[] for _ in range(steps)]
    begun: list[list[Interval]] = [[] for _ in range(steps)]  # of `held`, what is not held a step before
    offsets = [0] * len(blocks)
    for index in order:
        block = blocks[index]
        forbidden: list[Interval] = []
        for size, first, last in block:
            for taken in (held[first], *begun[first + 1 : last + 1]):
                for start, end in taken:
                    forbidden.append((start - size, end))
        forbidden.sort()
        offsets[index] = offset = fit(forbidden)
        for size, first, last in block:
            interval = offset, offset + size
            begun[first].append(interval)
            for taken in held[first : last + 1]:
                taken.append(interval)
    return offsets


def largest_first(blocks: Sequence[Block]) -> list[int]:
    """Indices of the blocks by falling size; of equal ones the earlier first."""
    keys = [(-max(block)[0], block[0][1]) for block in blocks]
    return sorted(range(len(blocks)), key=keys.__getitem__)


def earliest_first(blocks: Sequence[Block]) -> list[int]:
    """Indices of the blocks by their first step; of equal ones the larger first."""
    return sorted(range(len(blocks)), key=lambda index: (blocks[index][0][1], -max(blocks[index])[0]))


def longest_first(blocks: Sequence[Block]) -> list[int]:
    """Indices of the blocks by falling size × time; of equal ones the earlier first."""
    areas = [sum(size * (last - first + 1) for size, first, last in block) for block in blocks]
    return sorted(range(len(blocks)), key=lambda index: (-areas[index], blocks[index][0][1]))


Order = Callable[[Sequence[Block]], list[int]]

STRATEGIES: tuple[tuple[Order, Fit], ...] = (
    (largest_first, first_fit),
    (longest_first, first_fit),
    (earliest_first, first_fit),
    (largest_first, best_fit),
    (earliest_first, best_fit),
    (longest_first, best_fit),
)
"""Tried in this order until one reaches the lower bound; otherwise the first of the best ones counts."""

MOST_REPAIRS = 24
"""Further orders that are tried where no strategy reaches the lower bound."""


def place(blocks: Sequence[Block], steps: int, lower_bound: int) -> tuple[list[int], int]:
    """The offsets of the best strategy, and the size of the arena that they need.

    Where that is above the lower bound, blocks that end above it are placed before all others, and again
    (squeaky wheel optimization: Joslin and Clements, JAIR 10, 1999), a few times.
    """
    best: list[int] = []
    smallest = -1
    for order, fit in STRATEGIES:
        offsets = place_in_order(blocks, order(blocks), steps, fit)
        size = arena_size(blocks, offsets)
        if smallest < 0 or size < smallest:
            best, smallest = offsets, size
        if smallest <= lower_bound:
            return best, smallest
    for order, fit in STRATEGIES[:3]:
        found = order(blocks)
        offsets = place_in_order(blocks, found, steps, fit)
        for _ in range(MOST_REPAIRS):
            too_high = [index for index in found if offsets[index] + max(blocks[index])[0] > lower_bound]
            found = too_high + [index for index in found if index not in too_high]
            offsets = place_in_order(blocks, found, steps, fit)
            size = arena_size(blocks, offsets)
            if size < smallest:
                best, smallest = offsets, size
            if smallest <= lower_bound:
                return best, smallest
    return best, smallest


def arena_size(blocks: Sequence[Block], offsets: Sequence[int]) -> int:
    """Bytes from the arena's start to the end of its highest block."""
    return max([offset + max(block)[0] for block, offset in zip(blocks, offsets, strict=True)], default=0)
