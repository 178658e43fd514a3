"""The grid of the MobileNet papers: families × width multiplier × resolution × color × depth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from wakeling.errors import SpecError, WakelingError, unknown_name
from wakeling.search.space.point import Parameter, Point, Value
from wakeling.spec import FAMILIES, Network

_KNOBS: Mapping[str, str] = MappingProxyType(
    {
        "families": "family",
        "alphas": "alpha",
        "resolutions": "resolution",
        "channels": "channels",
        "depths": "depth",
    }
)
"""From the field of the grid to the parameter's name, in the order of a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridSpace:
    """Every value that each knob may take; `resolutions` in pixels, `channels` 1 or 3."""

    families: tuple[str, ...] = ("mobilenet_v1", "mobilenet_v2")
    alphas: tuple[float, ...] = (0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75, 1.0)
    resolutions: tuple[int, ...] = (32, 48, 64, 80, 96, 112, 128, 160)
    channels: tuple[int, ...] = (1, 3)
    depths: tuple[float, ...] = (0.5, 1.0)

    def __post_init__(self) -> None:
        for knob in _KNOBS:
            if not getattr(self, knob):
                raise WakelingError(f"the search space has no value for {knob}; give at least one")

    @property
    def name(self) -> str:
        """How people call it."""
        return "grid"

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """`family`, `alpha`, `resolution`, `channels`, `depth`."""
        return tuple(
            Parameter(name=name, choices=_in_order(getattr(self, field))) for field, name in _KNOBS.items()
        )

    def canonical(self, point: Point) -> Point:
        """The point itself: every network uses every knob."""
        return point

    def _values(self, point: Point) -> dict[str, Value]:
        return {
            name: _in_order(getattr(self, field))[index]
            for (field, name), index in zip(_KNOBS.items(), point, strict=True)
        }

    def network(self, point: Point) -> Network:
        """The family's network; raises SpecError for knobs that the family does not take."""
        # Any: a family's knobs are whole numbers and numbers
        knobs: dict[str, Any] = self._values(point)
        family = knobs.pop("family")
        if family not in FAMILIES:
            raise SpecError(unknown_name("family", family, FAMILIES))
        return FAMILIES[family](**knobs, classes=2)

    def network_name(self, point: Point) -> str:
        """The family and its knobs: `mobilenet_v1-a0.25-r96-rgb-d1`."""
        knobs = self._values(point)
        color = "gray" if knobs["channels"] == 1 else "rgb"
        return f"{knobs['family']}-a{knobs['alpha']:g}-r{knobs['resolution']}-{color}-d{knobs['depth']:g}"

    def family_of(self, point: Point) -> str:
        """The family's name."""
        return str(self._values(point)["family"])

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values (tuples become lists)."""
        return {key: list(values) for key, values in asdict(self).items()}


def _in_order(choices: tuple[Value, ...]) -> tuple[Value, ...]:
    """Each choice once; numbers in growing order, names as given."""
    once = tuple(dict.fromkeys(choices))
    return once if isinstance(once[0], str) else tuple(sorted(once))
