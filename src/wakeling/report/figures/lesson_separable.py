"""A standard convolution beside its depthwise and pointwise halves: drawings, bars, the saving's limits."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from wakeling.lesson import SeparableLesson, saving, times_fewer
from wakeling.report.figures.canvas import ACCENT, FULL_WIDTH, INK, MUTED, SECOND, SOFT, format_axis
from wakeling.report.figures.lesson_blocks import (
    BACK,
    Block,
    clear,
    drawn_depth,
    drawn_side,
    paint_arrow,
    paint_block,
    paint_caption,
    shape_text,
)
from wakeling.report.figures.picture import Picture
from wakeling.units import format_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MAP, _WINDOW, _GAP = 1.5, 0.62, 0.42
"""The largest side of a map, the window's side, and the space between blocks, as drawn."""

MOST_FILTERS = 3
CURVE_FILTERS = tuple(2**power for power in range(13))


def separable_picture(lesson: SeparableLesson) -> Picture:
    """Both ways drawn side by side; below, the multiplications of each, and where the saving ends."""
    return Picture(
        name="lesson-separable",
        title="A standard convolution against its depthwise and pointwise halves",
        description=(
            f"{lesson.filters} filters of {lesson.kernel}×{lesson.kernel} over "
            f"{shape_text(lesson.input_shape)}: {lesson.standard.multiplications:,} multiplications "
            f"in one convolution, {lesson.separable.multiplications:,} in the two halves, "
            f"{lesson.saving:.1f} times fewer"
        ),
        size=(FULL_WIDTH, 540),
        paint=lambda figure: _paint(figure, lesson),
    )


def _paint(figure: Figure, lesson: SeparableLesson) -> None:
    drawings, charts = figure.subfigures(2, 1, height_ratios=(1.0, 1.2), squeeze=False)[:, 0]
    axes = drawings.subplots()
    standard = _standard(axes, lesson)
    halves = _halves(axes, lesson, standard[-1].block.right + 1.0)
    _finish(axes, {"Standard convolution": standard, "Depthwise, then pointwise": halves})
    bars, curves = charts.subplots(1, 2, width_ratios=(1.0, 1.15))
    _paint_bars(bars, lesson)
    _paint_curves(curves, lesson)


class _Drawn(NamedTuple):
    """A block, or a column of them, with the words below it."""

    block: Block
    title: str
    remark: str = ""


def _map(shape: tuple[int, ...], lesson: SeparableLesson, x: float) -> Block:
    most = max(lesson.input_shape[:2])
    height, width = drawn_side(shape[0], most, _MAP), drawn_side(shape[1], most, _MAP)
    return Block(x, 0.5 * (_MAP - height), width, height, 0.8 * drawn_depth(shape[2]))


def _stack(axes: Axes, count: int, x: float, side: float, depth: float, color: str) -> Block:
    """A column of up to three filters around the middle of the maps; the block that they fill."""
    drawn = min(count, MOST_FILTERS)
    step = side + 0.14 + BACK[1] * depth * 0.6
    top = 0.5 * (_MAP + step * drawn) - side
    blocks = [Block(x, top - step * index, side, side, depth) for index in range(drawn)]
    for block in blocks:
        paint_block(axes, block, color)
    if count > drawn:
        axes.text(x + 0.5 * side, blocks[-1].y - 0.04, "⋮", ha="center", va="top", fontsize=12)
    first = blocks[0]
    return Block(x, blocks[-1].y, first.width, first.y + first.height - blocks[-1].y, depth)


def _standard(axes: Axes, lesson: SeparableLesson) -> list[_Drawn]:
    kernel, channels = lesson.kernel, lesson.input_shape[2]
    source = _map(lesson.input_shape, lesson, 0.0)
    filters = _stack(axes, lesson.filters, source.right + _GAP, _WINDOW, source.depth, MUTED)
    target = _map(lesson.output_shape, lesson, filters.right + _GAP)
    return [
        _Drawn(source, shape_text(lesson.input_shape)),
        _Drawn(filters, _filters(lesson.filters), f"{kernel}×{kernel}×{channels:,}"),
        _Drawn(target, shape_text(lesson.output_shape)),
    ]


def _halves(axes: Axes, lesson: SeparableLesson, x: float) -> list[_Drawn]:
    kernel, channels = lesson.kernel, lesson.input_shape[2]
    source = _map(lesson.input_shape, lesson, x)
    depthwise = _stack(axes, channels, source.right + _GAP, _WINDOW, 0.12, SECOND)
    between = _map(lesson.between_shape, lesson, depthwise.right + _GAP)
    pointwise = _stack(axes, lesson.filters, between.right + _GAP, 0.2, source.depth, ACCENT)
    target = _map(lesson.output_shape, lesson, pointwise.right + _GAP)
    return [
        _Drawn(source, shape_text(lesson.input_shape)),
        _Drawn(depthwise, _filters(channels), f"{kernel}×{kernel}×1, one a channel"),
        _Drawn(between, shape_text(lesson.between_shape)),
        _Drawn(pointwise, _filters(lesson.filters), f"1×1×{channels:,}"),
        _Drawn(target, shape_text(lesson.output_shape)),
    ]


def _finish(axes: Axes, ways: Mapping[str, list[_Drawn]]) -> None:
    """The maps, arrows and titles; captions in two heights, so that neighbors do not touch."""
    everything = [drawn for way in ways.values() for drawn in way]
    bottom = min(drawn.block.y for drawn in everything) - 0.2
    top = max(drawn.block.top for drawn in everything) + 0.25
    for title, way in ways.items():
        axes.text(way[0].block.x, top, title, weight="bold", fontsize=11.5)
        for index, (block, name, remark) in enumerate(way):
            if index % 2 == 0:
                paint_block(axes, block, SOFT)
            paint_caption(axes, 0.5 * (block.x + block.right), bottom - 0.36 * (index % 2), name, remark)
        for before, after in itertools.pairwise(way):
            start, end = (before.block.right + 0.02, 0.5 * _MAP), (after.block.x - 0.02, 0.5 * _MAP)
            paint_arrow(axes, start, end, INK)
    axes.set_xlim(-0.1, everything[-1].block.right + 0.1)
    axes.set_ylim(bottom - 0.95, top + 0.3)
    clear(axes)


def _paint_bars(axes: Axes, lesson: SeparableLesson) -> None:
    """Multiplications: the standard convolution's, and the two halves' on top of each other."""
    standard, depthwise, pointwise = (
        work.multiplications for work in (lesson.standard, lesson.depthwise, lesson.pointwise)
    )
    axes.bar(0, standard, width=0.55, color=MUTED)
    axes.bar(1, depthwise, width=0.55, color=SECOND)
    axes.bar(1, pointwise, width=0.55, bottom=depthwise, color=ACCENT)
    for x, top, lines in (
        (0, standard, (_count(standard),)),
        (
            1,
            depthwise + pointwise,
            (
                f"{_count(depthwise + pointwise)}: {times_fewer(lesson.saving, 1)}",
                f"pointwise {_count(pointwise)}",
                f"depthwise {_count(depthwise)}",
            ),
        ),
    ):
        colors = (INK, ACCENT, SECOND)
        for index, text in enumerate(lines):
            axes.annotate(
                text,
                (x, top),
                xytext=(0, 5 + 14 * (len(lines) - 1 - index)),
                textcoords="offset points",
                ha="center",
                color=colors[index],
                weight="bold" if index == 0 else "normal",
            )
    axes.set_xticks([0, 1], ["standard", "depthwise + pointwise"])
    axes.tick_params(axis="x", length=0, labelcolor=INK)
    axes.set_xlim(-0.5, 1.65)
    axes.set_ylim(0, 1.3 * max(standard, depthwise + pointwise))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_title("Multiplications")


def _filters(number: int) -> str:
    return f"{number:,} filter{'s' if number > 1 else ''}"


def _count(number: int) -> str:
    return f"{number / 1e12:,.2f} T" if number >= 10**12 else format_count(number)


def _paint_curves(axes: Axes, lesson: SeparableLesson) -> None:
    """The saving over the number of filters; each window's ends at K²."""
    numbers = sorted({*CURVE_FILTERS, lesson.filters})
    kernels = sorted({3, 5, 7, lesson.kernel})
    for kernel in kernels:
        is_own = kernel == lesson.kernel
        color = ACCENT if is_own else MUTED
        savings = [saving(kernel, number) for number in numbers]
        axes.plot(numbers, savings, color=color, linewidth=2.2 if is_own else 1.2)
        if kernel**2 <= 2 * numbers[-1]:
            axes.axhline(kernel**2, color=color, linewidth=0.9, linestyle=(0, (1, 2)))
        axes.annotate(
            f"{kernel}×{kernel}" + (f", at most {kernel**2}" if kernel**2 <= numbers[-1] else ""),
            (numbers[-1], savings[-1]),
            xytext=(0, 5),
            textcoords="offset points",
            ha="right",
            color=color,
            weight="bold" if is_own else "normal",
        )
    axes.plot([lesson.filters], [lesson.saving], "o", color=ACCENT, markersize=8)
    axes.annotate(
        f"N = {lesson.filters:,}: {lesson.saving:.1f} times",
        (lesson.filters, lesson.saving),
        xytext=(-8, 3) if lesson.kernel == kernels[-1] else (7, -16),
        textcoords="offset points",
        ha="right" if lesson.kernel == kernels[-1] else "left",
        weight="bold",
    )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    format_axis(axes.xaxis, lambda value: f"{value:,.0f}")
    format_axis(axes.yaxis, lambda value: f"{value:,.0f}×" if value >= 1 else "")
    axes.set_xticks([1, 4, 16, 64, 256, 1024, 4096])
    axes.minorticks_off()
    axes.set_ylim(0.3, 2.2 * max(saving(kernel, numbers[-1]) for kernel in kernels))
    axes.set_xlabel("filters N")
    axes.set_title("Times fewer multiplications: 1 / (1/N + 1/K²)")
