"""The network that a command line names: a family with its knobs, or a network file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from wakeling import spec
from wakeling.errors import SpecError

DEFAULTS = {"alpha": 1.0, "resolution": 224, "channels": 3, "classes": 2, "depth": 1.0}

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--alpha", type=float, help="Width multiplier. [family default: 1]"),
    click.option("--resolution", type=int, help="Side of the image in pixels. [family default: 224]"),
    click.option("--channels", type=int, help="1 (gray) or 3 (RGB). [family default: 3]"),
    click.option("--classes", type=int, help="Number of classes. [family default: 2]"),
    click.option("--depth", type=float, help="Multiplies each stage's blocks. [family default: 1]"),
)


def knob_options(command: _Command) -> _Command:
    """Add `--alpha --resolution --channels --classes --depth` to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def choose_network(name: str, **knobs: float | None) -> spec.Network:
    """The family `name` at these knobs, or the network of the file `name`.

    A knob that is None has its default: the family's, or what the file says. Raises SpecError.
    """
    given = {knob: value for knob, value in knobs.items() if value is not None}
    if not name.lower().endswith((".toml", ".json")):
        return spec.make(name, **{**DEFAULTS, **given})
    network = spec.load(name)
    if not given:
        return network
    if network.family is not None:
        return spec.make(network.family, **{**network.knobs, **given})
    fixed = [knob for knob in given if knob in ("alpha", "depth")]
    if fixed:
        raise SpecError(
            f"--{fixed[0]} belongs to a family, but {name} writes its blocks one by one; "
            "leave it out, or change the file"
        )
    return spec.with_input(network, **{knob: int(value) for knob, value in given.items()})
