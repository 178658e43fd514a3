"""Time: each layer's as a bar with its interval, and predicted times against measured ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from wakeling.cost.latency import Latency, LayerTime
from wakeling.report.figures.canvas import (
    ACCENT,
    FULL_WIDTH,
    INK,
    MUTED,
    SECOND,
    label,
)
from wakeling.report.figures.log_axis import log_axes
from wakeling.report.figures.picture import Picture
from wakeling.units import format_digits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GROUPS: Mapping[str, tuple[str, str]] = {
    "pointwise": ("convolution", ACCENT),
    "standard": ("convolution", ACCENT),
    "shallow": ("convolution", ACCENT),
    "dense": ("convolution", ACCENT),
    "depthwise": ("depthwise", SECOND),
    "depthwise_large": ("depthwise", SECOND),
    "depthwise_multiplied": ("depthwise", SECOND),
}
_OTHER = ("without MACs", MUTED)
_TITLES = {"convolution": "convolution, dense", "depthwise": "depthwise convolution"}
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*", "h", "d")


class Compared(NamedTuple):
    """A measured number beside its prediction and the interval of that; `group` names its marker."""

    label: str
    group: str
    measured: float
    predicted: float
    low: float
    high: float


def layer_times(latency: Latency) -> Picture:
    """Horizontal bars of every layer that takes time, the first on top, with their intervals."""
    layers = [layer for layer in latency.layers if layer.ms > 0]
    slowest = max(layers, key=lambda layer: layer.ms, default=None)
    return Picture(
        name="layer-times",
        title=f"Time of each layer: {latency.network} on {latency.board} with {latency.engine}",
        description=(
            f"{format_digits(latency.ms)} ms in all, "
            f"{format_digits(latency.low_ms)} to {format_digits(latency.high_ms)}"
            + (f"; the slowest layer is {slowest.name}: {format_digits(slowest.ms)} ms" if slowest else "")
        ),
        size=(FULL_WIDTH, 110 + 15.5 * len(layers)),
        paint=lambda figure: _paint_layers(figure, latency, layers),
    )


def _paint_layers(figure: Figure, latency: Latency, layers: Sequence[LayerTime]) -> None:
    axes: Axes = figure.subplots()
    rows = range(len(layers))
    looks = [_GROUPS.get(layer.kind, _OTHER) for layer in layers]
    axes.barh(rows, [layer.ms for layer in layers], height=0.72, color=[color for _, color in looks])
    lows, highs = [layer.low_ms for layer in layers], [layer.high_ms for layer in layers]
    axes.hlines(rows, lows, highs, color=INK, linewidth=0.9)
    widest = max(highs, default=1.0)
    for row, layer in zip(rows, layers, strict=True):
        end, text = layer.high_ms + 0.012 * widest, format_digits(layer.ms)
        axes.text(end, row, text, va="center", color=MUTED, fontsize=8.5)
    axes.set_xlim(0, 1.08 * widest)
    axes.set_yticks(rows, [label(layer.name, 30) for layer in layers])
    axes.set_ylim(len(layers) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("milliseconds; the line is where nine of ten should lie")
    axes.set_title(
        f"{label(latency.network)}, {latency.engine} on {latency.board}: "
        f"{format_digits(latency.ms)} ms "
        f"({format_digits(latency.low_ms)} to {format_digits(latency.high_ms)})"
    )
    figure.legend(handles=_legend(looks), loc="outside lower center", ncols=3)


def _legend(looks: Sequence[tuple[str, str]]) -> list[object]:
    from matplotlib.patches import Patch

    return [Patch(facecolor=color, label=_TITLES.get(name, name)) for name, color in dict.fromkeys(looks)]


def predicted_against_measured(rows: Sequence[Compared], *, unit: str, title: str) -> Picture:
    """Points on a diagonal, both axes logarithmic, each prediction with its interval.

    `unit` is what the numbers are in; numbers are above 0.
    """
    inside = sum(row.low <= row.measured <= row.high for row in rows)
    return Picture(
        name="predicted-measured",
        title=title,
        description=f"{inside} of {len(rows)} measured times lie within the interval of their prediction",
        size=(FULL_WIDTH, 560),
        paint=lambda figure: _paint_points(figure, rows, unit, f"{title} ({inside} of {len(rows)} inside)"),
        tooltips={
            f"point{index}": f"{row.label}: measured {row.measured:.4g} {unit}, "
            f"predicted {row.predicted:.4g} ({row.low:.4g} to {row.high:.4g})"
            for index, row in enumerate(rows)
        },
    )


def _paint_points(figure: Figure, rows: Sequence[Compared], unit: str, title: str) -> None:
    axes: Axes = figure.subplots()
    groups = list(dict.fromkeys(row.group for row in rows))
    everything = [value for row in rows for value in (row.measured, row.low, row.high)]
    low, high = 0.7 * min(everything), 1.4 * max(everything)
    axes.plot([low, high], [low, high], color=MUTED, linewidth=1.0, linestyle=(0, (1, 2)))
    log_axes(axes, (low, high), (low, high))
    for index, row in enumerate(rows):
        is_inside = row.low <= row.measured <= row.high
        color = ACCENT if is_inside else SECOND
        axes.vlines(row.measured, row.low, row.high, color=color, linewidth=0.9, alpha=0.7)
        axes.plot(
            [row.measured],
            [row.predicted],
            marker=_marker(groups.index(row.group)),
            markersize=6.5,
            markerfacecolor=color,
            markeredgecolor=color,
            linestyle="none",
            gid=f"point{index}",
        )
    axes.set_xlabel(f"measured, {unit}")
    axes.set_ylabel(f"predicted, {unit}")
    axes.set_title(title)
    figure.legend(handles=_markers(groups), loc="outside lower center", ncols=5)


def _marker(index: int) -> str:
    return _MARKERS[index % len(_MARKERS)]


def _markers(groups: Sequence[str]) -> list[object]:
    """A marker for each group where there are several, and the two colors."""
    from matplotlib.lines import Line2D

    shapes = [
        Line2D([], [], linestyle="none", marker=_marker(index), color=MUTED, label=label(group, 30))
        for index, group in enumerate(groups)
    ]
    colors = [
        Line2D([], [], linestyle="none", marker="o", color=color, label=text)
        for color, text in ((ACCENT, "inside its interval"), (SECOND, "outside"))
    ]
    return [*(shapes if len(shapes) > 1 else ()), *colors]
