"""The frame of the zoo's chart: what it is given, where its places are in points, its two legends.

The chart itself is in `zoo_chart`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wakeling.report.figures.canvas import (
    ACCENT,
    FULL_WIDTH,
    MUTED,
    POINTS_PER_INCH,
    SECOND,
    SURFACE,
    short_bytes,
)
from wakeling.report.figures.label_placement import Box, Disc
from wakeling.units import format_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LARGEST_BUBBLE = 62.0
"""Diameter in points of the network with the most parameters; areas follow parameters."""

SCALE = (100_000_000, 25_000_000, 5_000_000)
"""Parameters whose bubbles are drawn for scale."""

SIZE = (FULL_WIDTH, 600)
LEFT, RIGHT, BOTTOM = 52, 14, 66
ROW = 14
"""Height of a line of text above the chart, in points."""

FONT = 8.5
GRID_MARKERS = ("o", "s", "^", "v")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """A network: operations of one inference, top-1 in percent, parameters, whether it fits."""

    title: str
    operations: int
    top1_percent: float
    parameters: int
    fits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A design: a diamond at its accuracy, an upright line where none on ImageNet is known.

    `own` tells a user's design from one that stands there for comparison.
    """

    title: str
    operations: int
    top1_percent: float | None
    own: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """What a board computes in a second, in operations."""

    title: str
    operations: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Published networks of a family, drawn as small dots; their titles are not written."""

    title: str
    points: tuple[Bubble, ...]


def diameter_of(parameters: float, most: int) -> float:
    """Points across a bubble; the network with `most` parameters has the largest."""
    return LARGEST_BUBBLE * math.sqrt(parameters / most)


def points_of(axes: Axes, x: float, y: float) -> tuple[float, float]:
    """A place in data coordinates as points from the figure's lower left corner."""
    pixels = axes.transData.transform((x, y))
    figure = axes.figure
    assert figure is not None
    return float(pixels[0]) * POINTS_PER_INCH / figure.dpi, float(pixels[1]) * POINTS_PER_INCH / figure.dpi


def bounds_of(axes: Axes) -> Box:
    """The axes' rectangle in points."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    return Box(*points_of(axes, left, bottom), *points_of(axes, right, top))


def text_size(text: str, bold: bool) -> tuple[float, float]:
    """Width and height of a label in points, with a little air."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    font = FontProperties(size=FONT, weight="bold" if bold else "normal")
    return float(TextPath((0, 0), text, prop=font).get_extents().width) + 3.0, FONT + 2.5


def paint_sizes(figure: Figure, axes: Axes, most: int, flash_bytes: Sequence[int]) -> list[Disc]:
    """Bubbles for scale in the lower right corner; what they cover, for the labels to keep away."""
    bounds, (width, height) = bounds_of(axes), SIZE
    rows = [(count, f"{format_count(count).replace('.00', '')} parameters", MUTED) for count in SCALE]
    rows += [(size, f"{short_bytes(size)} of flash", ACCENT) for size in sorted(flash_bytes, reverse=True)]
    x = bounds.right - 118
    y = bounds.bottom + 8
    covered = []
    for parameters, text, color in reversed(rows):
        diameter = diameter_of(parameters, most)
        y += max(diameter, FONT + 3) / 2
        where = ([x / width], [y / height])
        axes.scatter(
            *where,
            s=diameter**2,
            facecolor="none",
            edgecolor=color,
            linewidth=1.0,
            transform=figure.transFigure,
        )
        figure.text((x + 36) / width, y / height, text, fontsize=FONT, color=color, va="center")
        covered += [Disc(x, y, diameter / 2 + 3), Disc(x + 70, y, 22)]
        y += max(diameter, FONT + 3) / 2 + 2
    figure.text(
        (x + 36) / width,
        y / height,
        "area of a bubble",
        fontsize=FONT,
        fontweight="bold",
        color=MUTED,
        va="center",
    )
    return covered


def paint_legend(axes: Axes, grids: Sequence[Grid], marks: Sequence[Mark], fits_words: str) -> None:
    """What the colors and signs mean, below the chart."""
    from matplotlib.lines import Line2D

    def sign(marker: str, size: float, face: str, edge: str, alpha: float = 1.0) -> Line2D:
        return Line2D(
            [],
            [],
            marker=marker,
            linestyle="",
            markersize=size,
            markerfacecolor=face,
            markeredgecolor=edge,
            alpha=alpha,
        )

    signs = [(sign("o", 9, ACCENT, ACCENT, 0.6), fits_words), (sign("o", 9, MUTED, MUTED, 0.4), "does not")]
    for grid, marker in zip(grids, GRID_MARKERS, strict=False):
        signs.append((sign(marker, 3.4, SURFACE, ACCENT), grid.title))
    if any(mark.own for mark in marks):
        signs.append((sign("D", 6.5, SECOND, SECOND), "your designs"))
    axes.legend(
        [handle for handle, _ in signs],
        [text for _, text in signs],
        loc="upper center",
        bbox_to_anchor=(0.5, -0.085),
        ncols=len(signs),
        columnspacing=1.4,
        handletextpad=0.3,
        fontsize=FONT,
    )
