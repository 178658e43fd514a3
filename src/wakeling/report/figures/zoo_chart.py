"""The chart that everyone knows: accuracy against operations, a bubble for each network.

With it the published width × resolution grids of MobileNet, what microcontrollers do in a second and
what their flash holds, and the user's own designs. What is drawn is counted elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wakeling.report.figures.canvas import (
    ACCENT,
    INK,
    MUTED,
    SECOND,
    SURFACE,
    format_axis,
    label,
)
from wakeling.report.figures.label_placement import Box, Disc, place
from wakeling.report.figures.picture import Picture
from wakeling.report.figures.zoo_frame import (
    BOTTOM,
    FONT,
    GRID_MARKERS,
    LEFT,
    RIGHT,
    ROW,
    SIZE,
    Bubble,
    Grid,
    Mark,
    Speed,
    bounds_of,
    diameter_of,
    paint_legend,
    paint_sizes,
    points_of,
    text_size,
)
from wakeling.units import format_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def zoo_chart(
    bubbles: Sequence[Bubble],
    *,
    grids: Sequence[Grid],
    speeds: Sequence[Speed],
    flash_bytes: Sequence[int],
    marks: Sequence[Mark] = (),
    fits_words: str,
) -> Picture:
    """The chart; `fits_words` says what a colored bubble fits into, `flash_bytes` are drawn for scale.

    A flash is drawn as the bubble of a network whose int8 weights fill it: a byte a parameter.
    """
    most = max(bubble.parameters for bubble in bubbles)

    def paint(figure: Figure) -> None:
        figure.set_layout_engine("none")  # the labels are placed by the axes' final position
        top = 20 + ROW * (len(speeds) + 1)
        width, height = SIZE
        axes = figure.add_axes(
            (
                LEFT / width,
                BOTTOM / height,
                (width - LEFT - RIGHT) / width,
                (height - BOTTOM - top) / height,
            )
        )
        _scale(axes, bubbles, grids, speeds, marks)
        _paint_speeds(figure, axes, speeds)
        _paint_grids(axes, grids)
        _paint_bubbles(axes, bubbles, most)
        _paint_marks(axes, marks)
        rings = paint_sizes(figure, axes, most, flash_bytes)
        _paint_labels(figure, axes, bubbles, grids, speeds, marks, most, rings)
        paint_legend(axes, grids, marks, fits_words)

    return Picture(
        name="zoo",
        title="Accuracy against operations",
        description=(
            f"Top-1 accuracy on ImageNet against operations of one inference for {len(bubbles)} networks; "
            + "; ".join(f"{bubble.title} {bubble.top1_percent:g} %" for bubble in bubbles)
        ),
        size=SIZE,
        paint=paint,
        tooltips={f"bubble{index}": _tooltip(bubble) for index, bubble in enumerate(bubbles)},
    )


def _tooltip(bubble: Bubble) -> str:
    return (
        f"{bubble.title}: {bubble.top1_percent:g} %, {format_count(bubble.operations)} operations, "
        f"{format_count(bubble.parameters)} parameters"
    )


def _scale(
    axes: Axes,
    bubbles: Sequence[Bubble],
    grids: Sequence[Grid],
    speeds: Sequence[Speed],
    marks: Sequence[Mark],
) -> None:
    """Logarithmic axis of operations below, of MACs (half as many) above the legend's rows."""
    from matplotlib.ticker import LogLocator, NullLocator

    operations = [float(bubble.operations) for bubble in bubbles]
    operations += [float(point.operations) for grid in grids for point in grid.points]
    operations += [speed.operations for speed in speeds] + [float(mark.operations) for mark in marks]
    accuracies = [bubble.top1_percent for bubble in bubbles]
    accuracies += [point.top1_percent for grid in grids for point in grid.points]
    accuracies += [mark.top1_percent for mark in marks if mark.top1_percent is not None]
    axes.set_xscale("log")
    axes.set_xlim(min(operations) / 1.45, max(operations) * 1.75)
    axes.set_ylim(5 * math.floor((min(accuracies) - 1.5) / 5), 5 * math.ceil((max(accuracies) + 1.0) / 5))
    axes.xaxis.set_major_locator(LogLocator(base=10.0, subs=(1.0, 3.0)))
    axes.xaxis.set_minor_locator(NullLocator())
    format_axis(axes.xaxis, lambda value: format_count(round(value)).replace(".00", ""))
    format_axis(axes.yaxis, lambda value: f"{value:g} %")
    axes.set_xlabel("multiplications and additions of one inference (about two for each MAC)")
    axes.set_ylabel("top-1 accuracy on ImageNet")


def _paint_speeds(figure: Figure, axes: Axes, speeds: Sequence[Speed]) -> None:
    """Upright lines, each rising to its own row of text; the slowest board's row is the highest."""
    from matplotlib.lines import Line2D

    if not speeds:
        return
    bounds, (width, height) = bounds_of(axes), SIZE
    ordered = sorted(speeds, key=lambda speed: speed.operations)
    for index, speed in enumerate(ordered):
        x, _ = points_of(axes, speed.operations, axes.get_ylim()[0])
        row = bounds.top + 4 + ROW * (len(ordered) - 1 - index)
        axes.axvline(speed.operations, color=MUTED, linewidth=0.9, linestyle=(0, (1, 2)), zorder=1)
        rise = [bounds.top / height, (row + FONT) / height]
        figure.add_artist(Line2D([x / width, x / width], rise, color=MUTED, linewidth=0.9))
        figure.text((x + 4) / width, row / height, speed.title, fontsize=FONT, color=MUTED)
    x, _ = points_of(axes, ordered[0].operations, axes.get_ylim()[0])
    figure.text(
        x / width,
        (bounds.top + 6 + ROW * len(ordered)) / height,
        "one inference a second, at MobileNet's speed, on",
        fontsize=FONT,
        fontweight="bold",
        color=MUTED,
    )


def _paint_grids(axes: Axes, grids: Sequence[Grid]) -> None:
    for grid, marker in zip(grids, GRID_MARKERS, strict=False):
        axes.scatter(
            [point.operations for point in grid.points],
            [point.top1_percent for point in grid.points],
            s=9,
            marker=marker,
            color=SURFACE,
            edgecolor=[ACCENT if point.fits else MUTED for point in grid.points],
            linewidth=0.9,
            zorder=2,
        )


def _paint_bubbles(axes: Axes, bubbles: Sequence[Bubble], most: int) -> None:
    """The largest first, so that small ones stay visible."""
    for index, bubble in sorted(enumerate(bubbles), key=lambda item: -item[1].parameters):
        color = ACCENT if bubble.fits else MUTED
        area = diameter_of(bubble.parameters, most) ** 2
        where = ([bubble.operations], [bubble.top1_percent])
        axes.scatter(*where, s=area, color=color, alpha=0.22 if not bubble.fits else 0.45, zorder=3)
        made = axes.scatter(*where, s=area, facecolor="none", edgecolor=color, linewidth=1.0, zorder=4)
        made.set_gid(f"bubble{index}")
        axes.scatter(*where, s=3, color=color, zorder=4)


def _paint_marks(axes: Axes, marks: Sequence[Mark]) -> None:
    for mark in sorted(marks, key=lambda mark: mark.own):
        color = SECOND if mark.own else ACCENT
        if mark.top1_percent is None:
            axes.axvline(mark.operations, color=color, linewidth=1.5, zorder=2)
        else:
            where = ([mark.operations], [mark.top1_percent])
            axes.scatter(*where, s=62, marker="D", color=color, edgecolor=SURFACE, linewidth=1.0, zorder=6)


def _paint_labels(
    figure: Figure,
    axes: Axes,
    bubbles: Sequence[Bubble],
    grids: Sequence[Grid],
    speeds: Sequence[Speed],
    marks: Sequence[Mark],
    most: int,
    rings: Sequence[Disc],
) -> None:
    """A label beside each bubble and each design, joined to it by a thin line where it is far away."""
    bounds = bounds_of(axes)
    texts = [(bubble.title, INK, False) for bubble in bubbles]
    texts += [(label(mark.title, 28), SECOND if mark.own else ACCENT, mark.own) for mark in marks]
    discs = [
        Disc(
            *points_of(axes, bubble.operations, bubble.top1_percent),
            diameter_of(bubble.parameters, most) / 2,
        )
        for bubble in bubbles
    ]
    for index, mark in enumerate(marks):
        if mark.top1_percent is None:
            x, _ = points_of(axes, mark.operations, axes.get_ylim()[0])
            discs.append(Disc(x, bounds.bottom + 20 + 14 * index, 1.0))
        else:
            discs.append(Disc(*points_of(axes, mark.operations, mark.top1_percent), 5.0))
    dots = [
        Disc(*points_of(axes, point.operations, point.top1_percent), 2.2)
        for grid in grids
        for point in grid.points
    ]
    upright = [speed.operations for speed in speeds]
    upright += [mark.operations for mark in marks if mark.top1_percent is None]
    uprights = [points_of(axes, operations, axes.get_ylim()[0])[0] for operations in upright]
    boxes = place(
        discs,
        [text_size(text, bold) for text, _, bold in texts],
        bounds,
        obstacles=(*dots, *rings),
        verticals=uprights,
    )
    width, height = SIZE
    for (text, color, bold), disc, box in zip(texts, discs, boxes, strict=True):
        x, y = box.center
        figure.text(
            x / width,
            y / height,
            text,
            ha="center",
            va="center",
            fontsize=FONT,
            color=color,
            fontweight="bold" if bold else "normal",
            zorder=8,
        )
        _join(figure, disc, box)


def _join(figure: Figure, disc: Disc, box: Box) -> None:
    """A thin line from a bubble's rim to its label, where they are more than a few points apart."""
    from matplotlib.lines import Line2D

    x, y = min(max(disc.x, box.left), box.right), min(max(disc.y, box.bottom), box.top)
    distance = math.hypot(x - disc.x, y - disc.y)
    if distance - disc.radius < 7:
        return
    start, (width, height) = disc.radius / distance, SIZE
    across = [(disc.x + start * (x - disc.x)) / width, x / width]
    up = [(disc.y + start * (y - disc.y)) / height, y / height]
    figure.add_artist(Line2D(across, up, color=MUTED, linewidth=0.6))
