"""Ways to a new point: a fresh sample, the neighbors of a point, a mutation, a crossover.

Whatever comes out is canonical and feasible, and was neither told nor is running.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from wakeling.search.domain import Domain, ListedDomain
from wakeling.search.space import Parameter, Point, size_of
from wakeling.search.strategies.past import Past

LISTABLE = 4096
"""Spaces of at most so many points are listed whole: about two seconds of checking."""

_TRIES = 64


def is_listable(domain: Domain) -> bool:
    """Whether all feasible points can be looked at."""
    return isinstance(domain, ListedDomain) or size_of(domain.space) <= LISTABLE


def neighbors(parameters: tuple[Parameter, ...], point: Point) -> Iterator[Point]:
    """The points one move away: an ordered parameter by a step, a named one to any other name."""
    for place, parameter in enumerate(parameters):
        here = point[place]
        steps = (here - 1, here + 1) if parameter.is_ordered else range(len(parameter.choices))
        for index in steps:
            if index != here and 0 <= index < len(parameter.choices):
                yield (*point[:place], index, *point[place + 1 :])


def fresh_point(past: Past, random: np.random.Generator) -> Point | None:
    """A feasible point at random that is not taken; None where none is left.

    In a space too large to list, none is left when sampling finds nothing new and no neighbor of a
    taken point is new either.
    """
    domain = past.task.domain
    for _ in range(_TRIES):
        point = domain.sample(random)
        if point not in past.taken:
            return point
    if is_listable(domain):
        left = [point for point in domain.points() if point not in past.taken]
        return left[int(random.integers(len(left)))] if left else None
    for taken in sorted(past.taken):
        for neighbor in neighbors(domain.space.parameters, taken):
            point = domain.space.canonical(neighbor)
            if point not in past.taken and domain.is_feasible(point):
                return point
    return None


def near(past: Past, point: Point, random: np.random.Generator) -> Point | None:
    """`point` repaired, or else a mutation of it that is not taken; None where all tries were."""
    repaired = repair(past.task.domain, point, random)
    return repaired if repaired not in past.taken else mutated(past, repaired, random)


def mutated(past: Past, point: Point, random: np.random.Generator) -> Point | None:
    """A point one move from `point`, repaired, that is not taken; more moves where all tries were.

    None after many tries.
    """
    domain = past.task.domain
    for attempt in range(_TRIES):
        child = point
        for _ in range(1 + attempt // 16):
            child = _moved(domain, child, random)
        child = repair(domain, child, random)
        if child not in past.taken:
            return child
    return None


def crossed(domain: Domain, left: Point, right: Point, random: np.random.Generator) -> Point:
    """Each parameter from one of two points (uniform crossover), repaired."""
    heads = random.random(len(left)) < 0.5
    child = tuple(int(one if head else other) for one, other, head in zip(left, right, heads, strict=True))
    return repair(domain, child, random)


def repair(domain: Domain, point: Point, random: np.random.Generator) -> Point:
    """The canonical feasible point near `point`."""
    return domain.repair(domain.space.canonical(point), random)


def _moved(domain: Domain, point: Point, random: np.random.Generator) -> Point:
    """One parameter that matters moved to a neighbor; each parameter is as likely."""
    parameters = domain.space.parameters
    movable = [place for place, parameter in enumerate(parameters) if len(parameter.choices) > 1]
    for place in random.permutation(np.array(movable, np.int64)):
        options = [
            moved
            for moved in neighbors(parameters, point)
            if moved[place] != point[place] and domain.space.canonical(moved) != point
        ]
        if options:
            return domain.space.canonical(options[int(random.integers(len(options)))])
    return point
