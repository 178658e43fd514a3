"""The networks that the default strategy chooses among, and what it knows of each before training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from wakeling.search.front import FloatArray
from wakeling.search.space import Parameter, Point
from wakeling.search.strategies.moves import is_listable, neighbors
from wakeling.search.strategies.past import Past, best_first, generator
from wakeling.search.strategies.strategy import Task

POOL_SIZE = 400
"""Samples that stand for a space too large to list; drawn once, of the task's seed."""

_NEW_SAMPLES = 32
_BEST_WITH_NEIGHBORS = 4
_POOL_STREAM = 1


class FeasiblePool:
    """Every feasible point, or a sample of them, with features and costs; depends on the task alone."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._is_whole = is_listable(task.domain)
        self._features: dict[Point, FloatArray] = {}

    def candidates(self, past: Past, random: np.random.Generator) -> list[Point]:
        """Points to choose among: the pool, and in a large space new samples and neighbors of the best."""
        if self._is_whole:
            return self._points
        domain = self._task.domain
        more = {domain.sample(random) for _ in range(_NEW_SAMPLES)} | past.taken
        for trial, _ in best_first(self._task, past.sound)[:_BEST_WITH_NEIGHBORS]:
            around = {domain.space.canonical(point) for point in neighbors(self._movable, trial.point)}
            more |= {point for point in around if domain.is_feasible(point)}
        return sorted(more.union(self._points))

    def features(self, points: Sequence[Point]) -> FloatArray:
        """(points, features), 0 to 1: ordered parameters, an indicator a name, logarithms of the costs."""
        return np.array([self._features_of(point) for point in points])

    def log_costs(self, points: Sequence[Point], names: Sequence[str]) -> FloatArray:
        """(points, names): logarithms of costs."""
        return np.array([[self._log_cost(point, name) for name in names] for point in points])

    @cached_property
    def cost_names(self) -> tuple[str, ...]:
        """The costs that every point has."""
        return tuple(sorted(self._task.domain.costs(self._points[0])))

    @cached_property
    def _points(self) -> list[Point]:
        domain = self._task.domain
        if self._is_whole:
            return list(domain.points())
        random = generator(self._task, 0, _POOL_STREAM)
        return sorted({domain.sample(random) for _ in range(POOL_SIZE)})

    @cached_property
    def _movable(self) -> tuple[Parameter, ...]:
        return self._task.domain.space.parameters

    @cached_property
    def _cost_range(self) -> tuple[FloatArray, FloatArray]:
        logs = self.log_costs(self._points, self.cost_names)
        low, span = logs.min(axis=0), np.ptp(logs, axis=0)
        return low, np.where(span > 0, span, 1.0)

    def _log_cost(self, point: Point, name: str) -> float:
        return math.log1p(max(float(self._task.domain.costs(point)[name]), 0.0))

    def _features_of(self, point: Point) -> FloatArray:
        if point not in self._features:
            low, span = self._cost_range
            costs = (self.log_costs([point], self.cost_names)[0] - low) / span
            knobs = [
                value
                for parameter, index in zip(self._movable, point, strict=True)
                for value in _knob(parameter, index)
            ]
            self._features[point] = np.array([*knobs, *costs])
        return self._features[point]


def _knob(parameter: Parameter, index: int) -> list[float]:
    """The features of one parameter: none where there is no choice."""
    count = len(parameter.choices)
    if parameter.is_ordered:
        return [index / (count - 1)] if count > 1 else []
    return [float(index == name) for name in range(count if count > 2 else count - 1)]
