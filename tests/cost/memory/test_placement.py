"""Placing blocks: no overlaps, the lowest or the narrowest gap, and never below the lower bound."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling import zoo
from wakeling.cost.memory import wakeling_c
from wakeling.cost.memory.placement import (
    STRATEGIES,
    Block,
    arena_size,
    best_fit,
    first_fit,
    place,
    place_in_order,
)
from wakeling.fuse import fuse

STEPS = 6


@st.composite
def blocks(draw: st.DrawFn) -> list[Block]:
    """Single buffers, and some that shrink or grow on the way."""
    found: list[Block] = []
    for _ in range(draw(st.integers(1, 8))):
        first = draw(st.integers(0, STEPS - 1))
        last = draw(st.integers(first, STEPS - 1))
        size = draw(st.integers(1, 12))
        if last > first and draw(st.booleans()):
            middle = draw(st.integers(first, last - 1))
            found.append(((size, first, middle), (draw(st.integers(1, 12)), middle + 1, last)))
        else:
            found.append(((size, first, last),))
    return found


def most_live(placed: list[Block]) -> int:
    return max(
        sum(size for block in placed for size, first, last in block if first <= step <= last)
        for step in range(STEPS)
    )


def overlap(placed: list[Block], offsets: list[int]) -> bool:
    pieces = [
        (offset, size, first, last)
        for block, offset in zip(placed, offsets, strict=True)
        for size, first, last in block
    ]
    return any(
        one[2] <= other[3]
        and other[2] <= one[3]
        and one[0] < other[0] + other[1]
        and other[0] < one[0] + one[1]
        for one, other in itertools.combinations(pieces, 2)
    )


@pytest.mark.parametrize("strategy", range(len(STRATEGIES)))
@given(placed=blocks())
def test_no_strategy_lets_live_blocks_overlap(strategy: int, placed: list[Block]) -> None:
    order, fit = STRATEGIES[strategy]
    offsets = place_in_order(placed, order(placed), STEPS, fit)
    assert min(offsets) >= 0
    assert not overlap(placed, offsets)


@given(placed=blocks())
def test_no_strategy_is_better_and_none_beats_the_bound(placed: list[Block]) -> None:
    offsets, size = place(placed, STEPS, most_live(placed))
    assert not overlap(placed, offsets)
    assert size == arena_size(placed, offsets) >= most_live(placed)
    sizes = [
        arena_size(placed, place_in_order(placed, order(placed), STEPS, fit)) for order, fit in STRATEGIES
    ]
    assert size <= min(sizes)


@given(placed=blocks())
def test_first_fit_takes_the_lowest_offset_that_is_free(placed: list[Block]) -> None:
    offsets = place_in_order(placed, range(len(placed)), STEPS)
    for index, offset in enumerate(offsets):
        before = placed[: index + 1]
        for lower in range(offset):
            assert overlap(before, [*offsets[:index], lower])


def test_best_fit_takes_the_narrowest_gap() -> None:
    """Free: 0 to 9 and 20 to 25; a block of five goes to the second, one of eleven behind everything."""
    taken = [(0, 9), (9, 20), (25, 40)]
    free = [(start - 5, end) for start, end in taken[1:]]
    assert first_fit(sorted(free)) == 0
    assert best_fit(sorted(free)) == 20
    assert best_fit(sorted((start - 11, end) for start, end in taken[1:])) == 40


def test_a_block_that_shrinks_leaves_its_upper_part_free() -> None:
    shrinking: Block = ((8, 0, 1), (2, 2, 3))
    later: Block = ((6, 2, 3),)
    assert place_in_order([shrinking, later], [0, 1], 4) == [0, 2]


def test_a_block_that_grows_has_room_for_it_from_the_step_on() -> None:
    growing: Block = ((2, 0, 1), (8, 2, 3))
    earlier: Block = ((6, 0, 1),)
    assert place_in_order([growing, earlier], [0, 1], 4) == [0, 2]
    assert place_in_order([earlier, growing], [0, 1], 4) == [0, 6]
    assert arena_size([earlier, growing], [0, 6]) == 14
    assert place([earlier, growing], 4, 8) == ([2, 0], 8)


def test_blocks_that_end_above_the_bound_are_placed_again() -> None:
    """DenseNet-121 by `wakeling-c`, whose concatenations no single greedy order places without a gap."""
    plan = wakeling_c(fuse(zoo.build("densenet-121")).graph)
    assert plan.is_optimal
