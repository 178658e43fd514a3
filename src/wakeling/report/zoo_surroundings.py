"""What stands around the zoo in its chart: MobileNet's published grids, and what boards can do.

Accuracies are published, with their sources in `spec.families`; operations are counted from our graphs
and boards' speeds are modelled. Nothing is drawn here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from wakeling import cost, spec
from wakeling.boards import Board
from wakeling.report.figures.zoo_frame import Bubble, Grid, Speed
from wakeling.spec.families.published import IMAGENET_CLASSES, published_table
from wakeling.units import KIB, MIB
from wakeling.zoo import NETWORKS

FLASH_BYTES = (256 * KIB, MIB, 2 * MIB)
"""Flash of small, usual and large microcontrollers, drawn for scale."""

SPEED_BOARDS = (
    "raspberry-pi-pico",
    "arduino-nano-33-ble-sense",
    "stm32f746g-discovery",
    "ek-ra8d1",
)
"""The boards whose speed is drawn where none was asked for: one of each class of cores."""

_GRID_TITLES: Mapping[str, str] = MappingProxyType(
    {"mobilenet_v1": "MobileNetV1, α × resolution", "mobilenet_v2": "MobileNetV2, α × resolution"}
)
_SPEED_NETWORK = "mlperf-tiny-person"


def grids(fits: Callable[[cost.CostReport], bool], runtimes: Iterable[str] = ()) -> list[Grid]:
    """The published networks of each family by width and resolution, counted as deployed."""
    return [
        Grid(title=title, points=tuple(_points(family, fits, tuple(runtimes))))
        for family, title in _GRID_TITLES.items()
    ]


def _points(
    family: str, fits: Callable[[cost.CostReport], bool], runtimes: tuple[str, ...]
) -> Iterable[Bubble]:
    for row in published_table(family):
        network = spec.make(family, alpha=row.alpha, resolution=row.resolution, classes=IMAGENET_CLASSES)
        report = cost.cost(spec.lower(network, deployed=True), runtimes=runtimes)
        yield Bubble(
            title=network.name,
            operations=report.multiplications + report.additions,
            top1_percent=row.top1_percent,
            parameters=report.deployed_parameters,
            fits=fits(report),
        )


def speed(board: Board) -> Speed | None:
    """Operations a second at which the board runs MLPerf Tiny's person model; None where unknown.

    Modelled by `cost.latency`; networks of other kinds of layers run faster or slower.
    """
    report = cost.cost(NETWORKS[_SPEED_NETWORK].build(deployed=True), runtimes=())
    time = cost.place(report, board, runtime="liveness").latency
    if time is None:
        return None
    operations = report.multiplications + report.additions
    title = f"{board.title} ({board.core}, {board.clock_hz / 1e6:g} MHz)"
    return Speed(title=title, operations=operations * time.frames_per_second)
