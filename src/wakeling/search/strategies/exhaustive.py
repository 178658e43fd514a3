"""Grid: every feasible network once, or as many of them, evenly spread, as the work allows.

The most MACs first: in a space of networks that fit, they are the likelier ones (Lin et al. 2020,
arXiv:2007.10319), and whoever stops early has them.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from wakeling.search.space import Point, size_of
from wakeling.search.strategies.moves import is_listable, repair
from wakeling.search.strategies.past import Past, generator
from wakeling.search.strategies.stateless import StatelessStrategy
from wakeling.search.strategies.strategy import Strategy, Task
from wakeling.search.trial import Trial


def grid(task: Task) -> Strategy:
    """Full trainings by falling MACs, of an even spread where there are more points than trainings."""
    planned = cache(lambda: grid_points(task))

    def choose(past: Past, number: int) -> Trial | None:
        left = (point for point in planned() if point not in past.taken)
        point = next(left, None)
        if point is None:
            return None
        return Trial(number=number, point=point, rung=task.last_rung, how="listed")

    return StatelessStrategy(task, choose, len(planned()))


def propose_in_order(past: Past, number: int) -> Trial | None:
    """The first point of the domain's order that was not taken: for lists with the most promising first."""
    point = next((point for point in past.task.domain.points() if point not in past.taken), None)
    return None if point is None else Trial(number=number, point=point, rung=0, how="listed")


def grid_points(task: Task) -> tuple[Point, ...]:
    """The points that a grid search of the task trains, in their order."""
    if is_listable(task.domain):
        points = tuple(task.domain.points())
        count = min(task.trainings, len(points))
        chosen = [points[(2 * index + 1) * len(points) // (2 * count)] for index in range(count)]
    else:
        chosen = _spread(task)
    return tuple(sorted(chosen, key=lambda point: -float(task.domain.costs(point).get("macs", 0.0))))


def _spread(task: Task) -> list[Point]:
    """Evenly spaced points of a space too large to list: a sequence of Kronecker's, repaired.

    The multiples of irrational steps cover every parameter alike, which equal steps through the
    space's order would not: they leave the last parameters where they are.
    """
    parameters = task.domain.space.parameters
    counts = np.array([len(parameter.choices) for parameter in parameters])
    steps = np.sqrt(_primes(len(parameters))) % 1.0
    random = generator(task, 0)
    chosen: dict[Point, None] = {}
    for index in range(min(20 * task.trainings, size_of(task.domain.space))):
        raw = tuple(int(value) for value in ((index + 0.5) * steps % 1.0) * counts)
        chosen.setdefault(repair(task.domain, raw, random))
        if len(chosen) == task.trainings:
            break
    return sorted(chosen)


def _primes(count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return np.array(found, np.int64)
