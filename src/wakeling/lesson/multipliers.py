"""The width and the resolution multiplier: exact counts beside the printed ones and the accuracies.

Howard et al. 2017 (arXiv:1704.04861), sections 3.3 and 3.4: α scales every layer's channels, ρ the
image's side; both are said to scale the work by their square.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from wakeling import spec
from wakeling.cost import CostReport, cost
from wakeling.errors import SpecError, unknown_name
from wakeling.fuse import fuse
from wakeling.graph import Graph, Node
from wakeling.lesson.printed import Misprint, Printed, misprints, printed_rows
from wakeling.ops import Conv2D, operator_name

ALPHAS = (1.0, 0.75, 0.5, 0.25)
RESOLUTIONS = (224, 192, 160, 128, 96)
FULL_ALPHA, FULL_RESOLUTION = 1.0, 224
"""The network that the multipliers are relative to."""

RUNTIME = "liveness"
MAX_ROWS = 100

KINDS: Mapping[str, str] = {
    "standard": "standard convolutions",
    "depthwise": "depthwise convolutions",
    "pointwise": "pointwise convolutions (1×1)",
    "classifier": "the classifier",
}
"""Where a network's MACs are, by kind of layer."""

Knob = Literal["alpha", "resolution"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiplierRow:
    """One network of the table.

    `multiplier` is α, or ρ = resolution / 224; `macs_ratio` is its MACs over the full network's, and
    `rule` what the square predicts. `ram_bytes` are int8 activations by liveness. `printed` holds
    what tables say about this very network.
    """

    name: str
    alpha: float
    resolution: int
    multiplier: float
    macs: int
    multiplications: int
    additions: int
    training_parameters: int
    deployed_parameters: int
    weight_bytes: int
    ram_bytes: int
    macs_by_kind: Mapping[str, int]
    macs_ratio: float
    rule: float
    ram_ratio: float
    parameters_ratio: float
    printed: tuple[Printed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiplierLesson:
    """A table over one knob; `full` is the network at multiplier 1 (α = 1, or 224 pixels).

    `printed_values_a_channel` says how the printed parameters were counted, where one way explains
    every printed row: weights, and so many values for each channel of a batch norm (training keeps
    4, a deployed network 1). `misprints` are those of everything that was printed about the family,
    whether its row is shown or not.
    """

    family: str
    knob: Knob
    full: MultiplierRow
    rows: tuple[MultiplierRow, ...]
    printed_values_a_channel: int | None
    misprints: tuple[Misprint, ...]


def known_family(text: str) -> str:
    """The family that `text` means, whatever its hyphens and capitals; SpecError names the known ones."""
    name = text.lower().replace("-", "_")
    if name not in spec.FAMILIES:
        raise SpecError(unknown_name("network family", text, spec.FAMILIES))
    return name


def explain_alpha(
    *,
    family: str = "mobilenet_v1",
    alphas: Sequence[float] = ALPHAS,
    resolution: int = FULL_RESOLUTION,
    channels: int = 3,
    classes: int = 1000,
) -> MultiplierLesson:
    """The table over α at one resolution; raises SpecError for an unknown family or a bad knob."""
    points = [(alpha, resolution) for alpha in alphas]
    return _explain("alpha", family, (FULL_ALPHA, resolution), points, channels, classes)


def explain_resolution(
    *,
    family: str = "mobilenet_v1",
    resolutions: Sequence[int] = RESOLUTIONS,
    alpha: float = FULL_ALPHA,
    channels: int = 3,
    classes: int = 1000,
) -> MultiplierLesson:
    """The table over the image's side at one α; raises SpecError for an unknown family or a bad knob."""
    points = [(alpha, resolution) for resolution in resolutions]
    return _explain("resolution", family, (alpha, FULL_RESOLUTION), points, channels, classes)


def _explain(
    knob: Knob,
    family: str,
    full: tuple[float, int],
    points: Sequence[tuple[float, int]],
    channels: int,
    classes: int,
) -> MultiplierLesson:
    if not 1 <= len(points) <= MAX_ROWS:
        raise SpecError(f"{len(points)} values of {knob} are given; give from 1 to {MAX_ROWS}")
    name = known_family(family)

    def measured(point: tuple[float, int]) -> tuple[spec.Network, Graph, CostReport]:
        network = spec.make(name, alpha=point[0], resolution=point[1], channels=channels, classes=classes)
        graph = spec.lower(network)
        return network, graph, cost(graph, runtimes=(RUNTIME,))

    base = measured(full)

    def row(point: tuple[float, int]) -> MultiplierRow:
        network, graph, report = base if point == full else measured(point)
        multiplier = point[0] if knob == "alpha" else point[1] / full[1]
        return _row(network, graph, report, base[2], multiplier)

    rows = tuple(row(point) for point in points)
    return MultiplierLesson(
        family=name,
        knob=knob,
        full=row(full),
        rows=rows,
        printed_values_a_channel=_values_a_channel(rows),
        misprints=misprints(name),
    )


def _row(
    network: spec.Network, graph: Graph, report: CostReport, full: CostReport, multiplier: float
) -> MultiplierRow:
    return MultiplierRow(
        name=network.name,
        alpha=float(network.knobs["alpha"]),
        resolution=network.resolution,
        multiplier=multiplier,
        macs=report.macs,
        multiplications=report.multiplications,
        additions=report.additions,
        training_parameters=report.training_parameters,
        deployed_parameters=report.deployed_parameters,
        weight_bytes=report.weight_bytes,
        ram_bytes=report.ram_bytes[RUNTIME],
        macs_by_kind=macs_by_kind(graph, report),
        macs_ratio=report.macs / full.macs,
        rule=multiplier**2,
        ram_ratio=report.ram_bytes[RUNTIME] / full.ram_bytes[RUNTIME],
        parameters_ratio=report.deployed_parameters / full.deployed_parameters,
        printed=printed_rows(network, report.macs),
    )


def macs_by_kind(graph: Graph, report: CostReport) -> dict[str, int]:
    """The report's MACs by kind of layer (a key of `KINDS`); kinds without any are left out."""
    sums = dict.fromkeys(KINDS, 0)
    for node, layer in zip(fuse(graph).graph.nodes, report.layers, strict=True):
        if layer.macs:
            sums[_kind(node)] += layer.macs
    return {kind: macs for kind, macs in sums.items() if macs}


def _kind(node: Node) -> str:
    if isinstance(node.op, Conv2D) and node.op.kernel != (1, 1):
        return "standard"
    return {"conv2d": "pointwise", "depthwise_conv2d": "depthwise", "dense": "classifier"}[
        operator_name(node.op)
    ]


def parameters_counted(row: MultiplierRow, values_a_channel: int) -> int:
    """Parameters with so many values for each batch norm's channel: 4 in training, 1 deployed."""
    channels = (row.training_parameters - row.deployed_parameters) // 3
    return row.deployed_parameters + (values_a_channel - 1) * channels


def _values_a_channel(rows: Sequence[MultiplierRow]) -> int | None:
    """The one way to count that gives each row's first printed parameters; None without one."""
    printed = [(row, row.printed[0].parameters_millions) for row in rows if row.printed]
    ways = [
        way
        for way in range(5)
        if all(f"{parameters_counted(row, way) / 1e6:.2f}" == f"{figure:.2f}" for row, figure in printed)
    ]
    return ways[0] if printed and len(ways) == 1 else None
