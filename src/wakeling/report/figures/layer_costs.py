"""Where the cost sits: MACs and parameters of each layer of the chosen network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from wakeling.report.figures.canvas import (
    ACCENT,
    FULL_WIDTH,
    INK,
    MUTED,
    SECOND,
    draw,
    label,
)
from wakeling.report.networks import Layer
from wakeling.units import format_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS: Mapping[str, str] = {"conv2d": ACCENT, "depthwise_conv2d": SECOND}
"""Color of an operator; every other one is muted."""


def layer_costs(layers: Sequence[Layer]) -> str | None:
    """Horizontal bars of every layer that costs anything, the first on top; None without one."""
    layers = [layer for layer in layers if layer.macs or layer.parameters]
    if not layers:
        return None

    def paint(figure: Figure) -> None:
        left, right = figure.subplots(1, 2, sharey=True)
        _paint(left, layers, lambda layer: layer.macs, "MACs")
        _paint(right, layers, lambda layer: layer.parameters, "Parameters, as deployed")
        left.set_yticks(range(len(layers)), [label(layer.name, 28) for layer in layers])
        left.set_ylim(len(layers) - 0.4, -0.6)
        left.tick_params(axis="y", length=0, labelcolor=INK)
        right.tick_params(axis="y", length=0)
        figure.legend(handles=_legend(layers), loc="outside upper right", ncols=4)

    heaviest = max(layers, key=lambda layer: layer.macs)
    return draw(
        "layers",
        title="MACs and parameters of each layer",
        description=(
            f"{len(layers)} layers that cost anything; the most MACs are in {heaviest.name}: "
            f"{format_count(heaviest.macs)} of {format_count(sum(layer.macs for layer in layers))}"
        ),
        size=(FULL_WIDTH, 96 + 15.5 * len(layers)),
        paint=paint,
    )


def _paint(axes: Axes, layers: Sequence[Layer], value: Callable[[Layer], int], title: str) -> None:
    values = [value(layer) for layer in layers]
    colors = [COLORS.get(layer.operator, MUTED) for layer in layers]
    axes.barh(range(len(layers)), values, height=0.72, color=colors)
    most = max(*values, 1)
    for row, number in enumerate(values):
        axes.text(number + 0.015 * most, row, format_count(number), va="center", color=MUTED, fontsize=8.5)
    axes.set_xlim(0, 1.18 * most)
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="x", bottom=False, labelbottom=False)
    axes.set_title(f"{title}: {format_count(sum(values))}")


def _legend(layers: Sequence[Layer]) -> list[object]:
    from matplotlib.patches import Patch

    shown = dict.fromkeys(layer.operator if layer.operator in COLORS else "other" for layer in layers)
    return [Patch(facecolor=COLORS.get(name, MUTED), label=label(name)) for name in shown]
