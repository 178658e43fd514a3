"""The network that a command line names: a family, a network file, a `.tflite` or one of the zoo.

Every command that takes NETWORK asks here, so all of them take the same things.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from wakeling import spec
from wakeling.cost import PLANNERS, CostReport, cost
from wakeling.errors import SpecError, WakelingError, unknown_name
from wakeling.fuse import fuse
from wakeling.graph import Graph

DEFAULTS = {"alpha": 1.0, "resolution": 224, "channels": 3, "classes": 2, "depth": 1.0}

NETWORK_HELP = (
    "NETWORK is a family (mobilenet_v1, mobilenet_v2, with knobs mobilenet_v1:alpha=0.25,resolution=96), "
    "the path of a .toml or .json network file or of a .tflite model, or a network of the zoo (resnet-50)."
)

KNOB_TYPES: Mapping[str, Callable[[str], float]] = {
    "alpha": float,
    "resolution": int,
    "channels": int,
    "classes": int,
    "depth": float,
}
"""A family's knobs, and how what a person writes becomes a number."""

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--alpha", type=float, help="Width multiplier. [family default: 1]"),
    click.option("--resolution", type=int, help="Side of the image in pixels. [family default: 224]"),
    click.option("--channels", type=int, help="1 (gray) or 3 (RGB). [family default: 3]"),
    click.option("--classes", type=int, help="Number of classes. [family default: 2]"),
    click.option("--depth", type=float, help="Multiplies each stage's blocks. [family default: 1]"),
)


def _known_runtime(context: click.Context, parameter: click.Parameter, runtime: str) -> str:
    if runtime not in PLANNERS:
        raise WakelingError(unknown_name("runtime", runtime, PLANNERS))
    return runtime


runtime_option = click.option(
    "--runtime",
    default="tflm",
    show_default=True,
    callback=_known_runtime,
    help="Whose RAM is held against a board: tflm, wakeling-c, patched, liveness or best-order.",
)

engine_option = click.option(
    "--engine", help="Whose times: an engine's name, or a .toml file of `wakeling calibrate`."
)


def require_board(engine: str | None, *boards: str | None) -> None:
    """Raises SpecError where an engine is named and no board: times are a board's."""
    if engine is not None and not any(boards):
        raise SpecError(f"--engine {engine} needs a --board whose time it gives; see `wakeling boards`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What NETWORK named: its graph, the network it was lowered from, the bytes of its file.

    `network` is None where the graph came from a `.tflite` or from the zoo; `file_bytes` is the size
    of a `.tflite`, None where there is none yet.
    """

    name: str
    graph: Graph
    network: spec.Network | None = None
    file_bytes: int | None = None

    @property
    def deployed(self) -> Graph:
        """The graph that a board runs: a finished model's own, any other one's fused."""
        return self.graph if self.file_bytes is not None else fuse(self.graph).graph

    def report(self, runtimes: Iterable[str] | None = None) -> CostReport:
        """What it costs; see `cost.cost`."""
        is_deployed = self.file_bytes is not None
        return cost(self.graph, runtimes=runtimes, file_bytes=self.file_bytes, is_deployed=is_deployed)


def knob_options(command: _Command) -> _Command:
    """Add `--alpha --resolution --channels --classes --depth` to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def choose(name: str, **knobs: float | None) -> Choice:
    """The network that `name` means, at these knobs (None: the default).

    Raises SpecError for an unknown name or a knob that does not apply, ModelFileError for a broken
    `.tflite`.
    """
    given = [knob for knob, value in knobs.items() if value is not None]
    if name.lower().endswith(".tflite"):
        _refuse(given, f"{name} is a finished model")
        from wakeling.importers import read_tflite

        model = read_tflite(Path(name))
        return Choice(name=model.name, graph=model.graph, file_bytes=model.file_bytes)
    if not _means_spec(name):
        from wakeling import zoo

        _refuse(given, f"{name} is a network of the zoo")
        return Choice(name=zoo.zoo_name(name), graph=zoo.build(name))
    network = choose_network(name, **knobs)
    return Choice(name=network.name, graph=spec.lower(network), network=network)


def choose_network(name: str, **knobs: float | None) -> spec.Network:
    """The family `name` at these knobs, or the network of the file `name`.

    A knob that is None has its default: the family's, or what the file says. Raises SpecError.
    """
    given = {knob: value for knob, value in knobs.items() if value is not None}
    if not _is_network_file(name):
        family, _, text = name.partition(":")
        return spec.make(family, **{**DEFAULTS, **_knobs_of(text, name), **given})
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


def _is_network_file(name: str) -> bool:
    return name.lower().endswith((".toml", ".json"))


def _means_spec(name: str) -> bool:
    """Whether `name` is a network file or a family; what is neither must be in the zoo."""
    if _is_network_file(name) or ":" in name:
        return True
    if name.lower().replace("-", "_") in spec.FAMILIES:
        return True
    from wakeling import zoo

    try:
        zoo.zoo_name(name)
    except SpecError:
        advice = "or give the path of a .toml, .json or .tflite file"
        raise SpecError(unknown_name("network", name, [*spec.FAMILIES, *zoo.NETWORKS], advice)) from None
    return False


def _refuse(given: list[str], what: str) -> None:
    if given:
        raise SpecError(f"--{given[0]} belongs to a family, but {what}; leave it out")


def _knobs_of(text: str, name: str) -> dict[str, float]:
    """The knobs behind a family's colon, `alpha=0.25,resolution=96`; raises SpecError."""
    knobs: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        knob, equals, value = (piece.strip() for piece in part.partition("="))
        if knob not in KNOB_TYPES:
            raise SpecError(f"{name}: {unknown_name('knob', knob, KNOB_TYPES)}")
        try:
            knobs[knob] = KNOB_TYPES[knob](value)
        except ValueError:
            raise SpecError(
                f"{name}: {knob}{equals}{value} is no number; write for example mobilenet_v1:alpha=0.25"
            ) from None
    return knobs
