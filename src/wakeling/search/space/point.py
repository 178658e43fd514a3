"""What a search space is to a strategy: parameters with a few choices each, and points among them.

No networks here but through `Space.network`; which points fit a board is `domain`'s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from wakeling.errors import WakelingError
from wakeling.spec import Network

Point = tuple[int, ...]
"""One index of a choice for each parameter of a space, in the space's order."""

Value = int | float | str | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One knob of a space and its choices; numbers are in growing order, names in none."""

    name: str
    choices: tuple[Value, ...]

    def __post_init__(self) -> None:
        if not self.choices:
            raise WakelingError(f"search space: {self.name} has no choice; give at least one")
        if len(set(self.choices)) != len(self.choices):
            raise WakelingError(f"search space: {self.name} names a choice twice: {list(self.choices)}")
        if self.is_ordered and list(self.choices) != sorted(self.choices):
            raise WakelingError(f"search space: {self.name} must grow; given {list(self.choices)}")

    @property
    def is_ordered(self) -> bool:
        """Whether a neighbor in the list is also a neighbor in meaning."""
        return all(isinstance(choice, int | float) for choice in self.choices)


class Space(Protocol):
    """Parameters, and the network that each point of them stands for."""

    @property
    def name(self) -> str:
        """How people call it."""
        ...

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Every knob; one with a single choice is fixed."""
        ...

    def canonical(self, point: Point) -> Point:
        """The point with every parameter that its network does not use at its first choice."""
        ...

    def network(self, point: Point) -> Network:
        """The network of a point; raises SpecError or GraphError where its blocks do not fit together."""
        ...

    def network_name(self, point: Point) -> str:
        """A short name, the same for equal networks and for no others of the space."""
        ...

    def family_of(self, point: Point) -> str:
        """What a MAC of this network compares with: its family, or the space itself."""
        ...


def values_of(space: Space, point: Point) -> dict[str, Value]:
    """The point in words: each parameter's chosen value."""
    return {
        parameter.name: parameter.choices[index]
        for parameter, index in zip(space.parameters, point, strict=True)
    }


def point_of(space: Space, values: dict[str, Value]) -> Point:
    """The inverse of `values_of`; raises WakelingError for a value that is no choice of the space."""
    point = []
    for parameter in space.parameters:
        value = values.get(parameter.name)
        places = [
            index
            for index, choice in enumerate(parameter.choices)
            if choice == value and isinstance(choice, bool) == isinstance(value, bool)
        ]
        if not places:
            raise WakelingError(
                f"{parameter.name} = {value!r} is no choice of the space {space.name}; "
                f"allowed: {', '.join(map(str, parameter.choices))}"
            )
        point.append(places[0])
    return tuple(point)


def size_of(space: Space) -> int:
    """How many points the space has, before equal networks are counted once."""
    return math.prod(len(parameter.choices) for parameter in space.parameters)
