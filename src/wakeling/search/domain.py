"""Which points of a space a search may train, and what each costs; the interface, and a fixed list.

`budget_domain` has the domain of a board's limits. Nothing infeasible is ever proposed: a strategy
samples here and repairs here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from wakeling.errors import WakelingError
from wakeling.search.space import Parameter, Point, Space

Costs = Mapping[str, float]
"""Numbers of a network before training: `macs`, `parameters`, `ram_bytes`, `flash_bytes`, and
`latency_ms` and `energy_mj` where the board has them."""


class Domain(Protocol):
    """The feasible points of a space. Points that go in and come out are canonical."""

    @property
    def space(self) -> Space:
        """What the points are points of."""
        ...

    def costs(self, point: Point) -> Costs:
        """The costs of a feasible point; raises WakelingError for an infeasible one."""
        ...

    def is_feasible(self, point: Point) -> bool:
        """Whether every limit is kept."""
        ...

    def sample(self, random: np.random.Generator) -> Point:
        """A feasible point at random; raises DoesNotFitError where there is none to be found."""
        ...

    def repair(self, point: Point, random: np.random.Generator) -> Point:
        """A feasible point near `point`: itself where it is feasible."""
        ...

    def points(self) -> Iterator[Point]:
        """Every feasible point once, in the space's order; as many as `size_of` at most."""
        ...


def distance(parameters: Sequence[Parameter], left: Point, right: Point) -> float:
    """How unlike two points are: an ordered parameter counts by steps of its range, another by 1."""
    total = 0.0
    for parameter, one, other in zip(parameters, left, right, strict=True):
        if one != other:
            span = len(parameter.choices) - 1
            total += 0.5 + 0.5 * abs(one - other) / span if parameter.is_ordered else 1.0
    return total


class ListedDomain:
    """A domain of given points with given costs: a table of trained networks, or a shortlist."""

    def __init__(self, space: Space, costs: Mapping[Point, Costs]) -> None:
        if not costs:
            raise WakelingError("a search needs at least one feasible network; given none")
        self._space = space
        self._costs = {space.canonical(point): value for point, value in costs.items()}
        self._listed = tuple(self._costs)
        self._rows = np.array(self._listed, np.float64)
        spans = np.array([max(len(parameter.choices) - 1, 1) for parameter in space.parameters])
        ordered = np.array([parameter.is_ordered for parameter in space.parameters])
        self._step = np.where(ordered, 0.5 / spans, 0.0)
        self._differs = np.where(ordered, 0.5, 1.0)

    @property
    def space(self) -> Space:
        """What the points are points of."""
        return self._space

    def costs(self, point: Point) -> Costs:
        """The costs of a listed point; raises WakelingError for another."""
        try:
            return self._costs[self._space.canonical(point)]
        except KeyError:
            raise WakelingError(
                f"the point {point} is not among the {len(self._listed)} feasible ones"
            ) from None

    def is_feasible(self, point: Point) -> bool:
        """Whether the point is listed."""
        return self._space.canonical(point) in self._costs

    def sample(self, random: np.random.Generator) -> Point:
        """One of the list at random."""
        return self._listed[int(random.integers(len(self._listed)))]

    def repair(self, point: Point, random: np.random.Generator) -> Point:
        """The nearest of the list, by `distance`; one of them at random where several are equally near."""
        point = self._space.canonical(point)
        if point in self._costs:
            return point
        apart = np.abs(self._rows - np.array(point))
        distances = (self._differs * (apart > 0) + self._step * apart).sum(axis=1)
        nearest = np.flatnonzero(distances <= distances.min() + 1e-9)
        return self._listed[int(random.choice(nearest))]

    def points(self) -> Iterator[Point]:
        """The list in its order."""
        return iter(self._listed)
