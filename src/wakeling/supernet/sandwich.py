"""Which networks of a space one training step of a supernet is about. No torch here.

The sandwich rule (Yu and Huang 2019, section 3.1): a largest, a smallest and some random ones.
"""

from __future__ import annotations

import numpy as np

from wakeling.cost import count
from wakeling.search.domain import Domain
from wakeling.search.space import Point, StagedSpace
from wakeling.spec import lower

EXTREME_DRAWS = 8
"""Draws of which the most and the least work are taken, where limits leave no largest network."""


def step_points(
    space: StagedSpace, domain: Domain | None, random_networks: int, random: np.random.Generator
) -> tuple[Point, ...]:
    """The networks of a step: one with much work (the teacher) first, one with little, random ones.

    In a whole space (`domain` None) those are the corners: every number at its largest, or smallest.
    Within limits no network contains all others; then they have the most and the fewest MACs of
    some that are drawn anew each step, so that all parts of the shared tensors have their turn.
    """
    if domain is None:
        extremes = corner(space, random, largest=True), corner(space, random, largest=False)
        return (*extremes, *(random_point(space, random) for _ in range(random_networks)))
    drawn = [domain.sample(random) for _ in range(EXTREME_DRAWS)]
    work = [macs(space, point) for point in drawn]
    extremes = drawn[int(np.argmax(work))], drawn[int(np.argmin(work))]
    return (*extremes, *(domain.sample(random) for _ in range(random_networks)))


def random_point(space: StagedSpace, random: np.random.Generator) -> Point:
    """Every parameter's choice at random, in canonical form."""
    return space.canonical(tuple(int(random.integers(len(p.choices))) for p in space.parameters))


def corner(space: StagedSpace, random: np.random.Generator, *, largest: bool) -> Point:
    """The network with the most work, or the least; what has no order (kinds) is drawn.

    A larger stride means less work.
    """
    point = []
    for parameter in space.parameters:
        last = len(parameter.choices) - 1
        if not parameter.is_ordered:
            point.append(int(random.integers(last + 1)))
        else:
            point.append(last if largest != parameter.name.endswith(".stride") else 0)
    return space.canonical(tuple(point))


def macs(space: StagedSpace, point: Point) -> int:
    """Multiply-accumulates of a point's network."""
    graph = lower(space.network(point), deployed=True)
    return sum(count(node.op, graph.shapes[node.inputs[0]], node.shape).macs for node in graph.nodes)
