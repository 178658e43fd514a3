"""The families: functions that take knobs and return a network.

To add one: a file here with a function of keyword arguments that returns a `Network` whose `knobs`
make it again, and its line in `FAMILIES`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from wakeling.errors import SpecError, unknown_name
from wakeling.spec.families.mobilenet_v1 import mobilenet_v1
from wakeling.spec.families.mobilenet_v2 import mobilenet_v2
from wakeling.spec.network import Network

FAMILIES: Mapping[str, Callable[..., Network]] = MappingProxyType(
    {"mobilenet_v1": mobilenet_v1, "mobilenet_v2": mobilenet_v2}
)
"""Every family by its name."""

_KNOBS = {name: tuple(inspect.signature(family).parameters) for name, family in FAMILIES.items()}


def family_name(text: str) -> str:
    """The family that `text` means; `mobilenet-v1` and `MobileNet_V1` are understood too.

    Raises SpecError for an unknown family, the nearest known ones first.
    """
    name = text.lower().replace("-", "_")
    if name not in FAMILIES:
        raise SpecError(
            unknown_name("network family", text, FAMILIES, "or give a .toml or .json network file")
        )
    return name


def make(family: str, **knobs: Any) -> Network:
    """The family's network for these knobs; raises SpecError for unknown or wrong ones."""
    name = family_name(family)
    known = _KNOBS[name]
    for knob in knobs:
        if knob not in known:
            raise SpecError(unknown_name(f"knob of {name}", knob, known))
    return FAMILIES[name](**knobs)
