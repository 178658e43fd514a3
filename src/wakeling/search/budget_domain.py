"""The domain of a board's limits: points of a space whose networks keep all of them.

Nothing infeasible is ever proposed: what is drawn too large is drawn again, what a strategy makes too
large is repaired. How a point's costs are found quickly is in `costing`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from wakeling.cost import Budget, describe
from wakeling.errors import DoesNotFitError
from wakeling.search.costing import Costed, Costing
from wakeling.search.domain import Costs, distance
from wakeling.search.space import Point, Space, StagedSpace

MOST_DRAWS = 20_000
"""Points that `sample` draws before it looks for a feasible one step by step."""

MOST_KEPT = 8_192
"""Points whose exact costs are remembered."""

FIRST_DRAWS, MOST_AT_ONCE = 16, 512
"""Points that are drawn together: few at first, in case one of them is all that is needed."""

DESCENTS = 8
"""Where `sample` starts from, once drawing has failed."""

NEAR = 16
"""Feasible points of which `repair` takes the nearest, where no step leads on."""


class BudgetDomain:
    """The points of `space` that keep every limit of `budget`.

    A network that runs whole is held against the budget's runtime. One that runs by patches is held
    against the `patched` plan, and pays for what patches compute twice; our own C alone does that,
    so that under another runtime no such point is feasible. Where the runtime is `patched` and a space
    leaves the choice, what runs whole is planned as `wakeling-c`.

    Raises WakelingError where the runtime can run no network of the space, LatencyError where the
    budget limits time and none can be predicted.
    """

    def __init__(self, space: Space, budget: Budget) -> None:
        self._space = space
        self._budget = budget
        self._costing = Costing(space, budget)
        self._known: dict[Point, Costed] = {}
        self._choices = [tuple(range(len(parameter.choices))) for parameter in space.parameters]
        for place, parameter in enumerate(space.parameters):
            if parameter.name == "execution":
                runnable = self._costing.executions
                self._choices[place] = tuple(
                    index for index, choice in enumerate(parameter.choices) if choice in runnable
                )

    def __reduce__(self) -> tuple[type[BudgetDomain], tuple[Space, Budget]]:
        """A copy, as another process gets it, remembers nothing."""
        return BudgetDomain, (self._space, self._budget)

    @property
    def space(self) -> Space:
        """What the points are points of."""
        return self._space

    @property
    def budget(self) -> Budget:
        """The limits."""
        return self._budget

    def runtime(self, point: Point) -> str:
        """Whose plan the point's RAM is of; raises WakelingError where the budget's cannot run it."""
        return self._costing.runtime(point)

    def costs(self, point: Point) -> Costs:
        """The costs of a feasible point; raises DoesNotFitError for another, with what it lacks."""
        point = self._space.canonical(point)
        found = self._exact(point)
        if found.violations:
            raise DoesNotFitError(f"{self._space.network_name(point)} does not fit: {_lacks(found)}")
        return found.costs

    def is_feasible(self, point: Point) -> bool:
        """Whether every limit is kept, by the exact costs."""
        point = self._space.canonical(point)
        if point in self._known:
            return not self._known[point].violations
        return not self._costing.broken_by(point) and not self._exact(point).violations

    def sample(self, random: np.random.Generator) -> Point:
        """A feasible point: each knob drawn evenly from its choices, drawn again until all fits.

        So every feasible choice of knobs is equally likely, and a network that several choices stand
        for (a stage of depth 0 has knobs that nothing reads) is likelier by their number. After
        `MOST_DRAWS` failures a draw is led to a feasible point step by step instead. Raises
        DoesNotFitError, naming the closest network found, where that fails too.
        """
        for drawn in itertools.islice(self.draws(random), MOST_DRAWS):
            if not self._costing.broken_by(drawn):
                point = self._space.canonical(drawn)
                if not self._exact(point).violations:
                    return point
        return self._led(random)

    def draws(self, random: np.random.Generator) -> Iterator[Point]:
        """Points at random without end, feasible or not, not canonical: each knob evenly."""
        counts = [len(choices) for choices in self._choices]
        is_plain = all(choices[-1] == len(choices) - 1 for choices in self._choices)
        size = FIRST_DRAWS
        while True:
            for row in random.integers(0, counts, size=(size, len(counts))).tolist():
                if is_plain:
                    yield tuple(row)
                else:
                    yield tuple([choices[index] for choices, index in zip(self._choices, row, strict=True)])
            size = min(2 * size, MOST_AT_ONCE)

    def repair(self, point: Point, random: np.random.Generator) -> Point:
        """A feasible point near `point`: itself where it is feasible.

        One knob is changed by one step at a time. Where steps of one knob reach feasible points, one
        of them is taken at random; else the step that lowers the sum of what is exceeded most, and on
        from there. Where no step lowers it, the nearest of some samples is taken. The same point and
        the same random numbers give the same answer.
        """
        point = self._space.canonical(point)
        reached, is_feasible = self._descend(point, random)
        if is_feasible:
            return reached
        parameters = self._space.parameters
        return min(
            [self.sample(random) for _ in range(NEAR)],
            key=lambda other: (distance(parameters, point, other), other),
        )

    def points(self) -> Iterator[Point]:
        """Every feasible point once, in the space's order.

        Where the first knobs break a limit, all points that begin with them are passed over.
        """
        last = len(self._choices) - 1
        places = [0] * (last + 1)
        while True:
            point = tuple([choices[place] for choices, place in zip(self._choices, places, strict=True)])
            canonical = self._space.canonical(point)
            if canonical != point:
                place = self._decides(point, canonical)
            else:
                place = (self._costing.broken_by(point) or last + 1) - 1
                if place == last and self.is_feasible(point):
                    yield point
            places[place + 1 :] = [0] * (last - place)
            while place >= 0 and places[place] == len(self._choices[place]) - 1:
                places[place] = 0
                place -= 1
            if place < 0:
                return
            places[place] += 1

    def _decides(self, point: Point, canonical: Point) -> int:
        """The last knob that has to be known to see that a point is not canonical."""
        if not isinstance(self._space, StagedSpace):
            return len(point) - 1
        place = max(place for place, index in enumerate(point) if index != canonical[place])
        is_block = self._space.parameters[place].name.endswith(".block")
        return place + 1 if is_block else place  # its stage has depth 0, which is the next knob

    def _exact(self, point: Point) -> Costed:
        found = self._known.get(point)
        if found is None:
            if len(self._known) >= MOST_KEPT:
                del self._known[next(iter(self._known))]
            found = self._known[point] = self._costing.cost(point)
        return found

    def _shortfall(self, point: Point) -> float:
        if point in self._known and not self._known[point].violations:
            return 0.0
        return self._costing.shortfall(point)

    def _steps(self, point: Point) -> list[Point]:
        """The canonical points one step of one knob away; a knob without order steps anywhere."""
        found: dict[Point, None] = {}
        for place, parameter in enumerate(self._space.parameters):
            allowed = self._choices[place]
            near = (point[place] - 1, point[place] + 1) if parameter.is_ordered else allowed
            for index in near:
                if index != point[place] and index in allowed:
                    found[self._space.canonical((*point[:place], index, *point[place + 1 :]))] = None
        found.pop(point, None)
        return list(found)

    def _descend(self, point: Point, random: np.random.Generator) -> tuple[Point, bool]:
        """The end of the steps that lower the shortfall most, and whether it is feasible."""
        lacking = self._shortfall(point)
        while lacking > 0:
            steps = self._steps(point)
            shortfalls = [self._shortfall(step) for step in steps]
            least = min(shortfalls, default=math.inf)
            if least >= lacking:
                return point, False
            best = [step for step, each in zip(steps, shortfalls, strict=True) if each == least]
            point, lacking = best[int(random.integers(len(best)))], least
        return point, True

    def _led(self, random: np.random.Generator) -> Point:
        """A feasible point that steps lead to, or a DoesNotFitError that names the closest network."""
        smallest = tuple([choices[0] for choices in self._choices])
        starts = [smallest, *itertools.islice(self.draws(random), DESCENTS - 1)]
        ends = [self._descend(self._space.canonical(start), random) for start in starts]
        feasible = [point for point, is_feasible in ends if is_feasible]
        if feasible:
            return feasible[int(random.integers(len(feasible)))]
        closest = min([point for point, _ in ends], key=self._shortfall)
        raise DoesNotFitError(
            f"no network of the space {self._space.name} was found that fits; the closest is "
            f"{self._space.network_name(closest)}: {_lacks(self._exact(closest))}"
        )


def _lacks(found: Costed) -> str:
    return ", ".join(describe(violation) for violation in found.violations)
