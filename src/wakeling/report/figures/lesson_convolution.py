"""A filter that slides over a feature map: the blocks, four positions of the window, the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wakeling.lesson import ConvolutionLesson
from wakeling.report.figures.canvas import ACCENT, FULL_WIDTH, INK, SOFT, short_bytes
from wakeling.report.figures.lesson_blocks import (
    BACK,
    Block,
    clear,
    drawn_depth,
    drawn_side,
    paint_arrow,
    paint_block,
    paint_caption,
    paint_figures,
    shape_text,
)
from wakeling.report.figures.lesson_window import paint_position, positions
from wakeling.report.figures.picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_FILTERS = 4
"""So many filters are drawn; the caption tells how many there are."""

_MAP, _FILTER, _STEP = 3.0, 0.74, 1.02
"""The largest side of a map, a filter's side, and from filter to filter, as drawn."""


def convolution_picture(lesson: ConvolutionLesson) -> Picture:
    """Blocks above, the window at up to four positions below, the counts at the bottom."""
    return Picture(
        name="lesson-conv",
        title="A filter that slides over a feature map",
        description=(
            f"{lesson.filters} filters of {lesson.kernel}×{lesson.kernel} over a map of "
            f"{shape_text(lesson.input_shape)} make a map of {shape_text(lesson.output_shape)}: "
            f"{lesson.multiplications:,} multiplications and {lesson.additions:,} additions"
        ),
        size=(FULL_WIDTH, 580),
        paint=lambda figure: _paint(figure, lesson),
    )


def _paint(figure: Figure, lesson: ConvolutionLesson) -> None:
    blocks, windows, numbers = figure.subfigures(3, 1, height_ratios=(2.95, 1.75, 0.65), squeeze=False)[:, 0]
    _paint_blocks(blocks.subplots(), lesson)
    frames = positions(*lesson.output_shape[:2])
    for axes, (number, cell) in zip(windows.subplots(1, 4), frames, strict=False):
        paint_position(axes, lesson, number, cell)
    for axes in windows.axes[len(frames) :]:
        axes.set_axis_off()
    bias = lesson.bias
    paint_figures(
        numbers.subplots(),
        [
            (f"{lesson.multiplications:,}", "multiplications", "K²·M·N·H·W"),
            (
                f"{lesson.additions:,}",
                "additions",
                "K²·M·N·H·W, with a bias" if bias else "(K²·M − 1)·N·H·W",
            ),
            (f"{lesson.parameters:,}", "parameters", "K²·M·N + N biases" if bias else "K²·M·N"),
            (short_bytes(lesson.ram_bytes), "of RAM in int8", "map and output"),
        ],
    )


def _paint_blocks(axes: Axes, lesson: ConvolutionLesson) -> None:
    height, width, channels = lesson.input_shape
    rows, columns, filters = lesson.output_shape
    most = max(height, width)
    source = Block(0, 0, drawn_side(width, most, _MAP), drawn_side(height, most, _MAP), drawn_depth(channels))
    window = Block(
        source.x,
        0,
        _part(source.width, lesson.kernel / width),
        _part(source.height, lesson.kernel / height),
        source.depth,
    )
    window = window._replace(y=source.y + source.height - window.height)
    drawn = min(filters, MOST_FILTERS)
    top = 0.5 * (source.height + _STEP * drawn) - _FILTER
    stack = [
        Block(source.right + 1.5, top - _STEP * index, _FILTER, _FILTER, source.depth)
        for index in range(drawn)
    ]
    target = Block(
        stack[0].right + 1.5,
        0,
        drawn_side(columns, most, _MAP),
        drawn_side(rows, most, _MAP),
        drawn_depth(filters),
    )
    target = target._replace(y=0.5 * (source.height - target.height))
    paint_block(axes, source, SOFT)
    _paint_window(axes, window)
    for block in stack:
        paint_block(axes, block, ACCENT)
    paint_block(axes, target, SOFT)
    cell = Block(target.x, 0, min(0.3, target.width), min(0.3, target.height), 0)
    cell = cell._replace(y=target.y + target.height - cell.height)
    _paint_window(axes, cell)
    first = stack[0]
    paint_arrow(
        axes, (window.x + window.width, window.y + 0.5 * window.height), (first.x, first.y + 0.37), INK
    )
    paint_arrow(axes, (first.right, first.y + 0.6), (cell.x, cell.y + 0.5 * cell.height), INK)
    bottom = min(source.y, stack[-1].y, target.y)
    if filters > drawn:
        axes.text(stack[-1].x + 0.5 * _FILTER, bottom - 0.08, "⋮", ha="center", va="top", fontsize=15)
        bottom -= 0.5
    _paint_captions(axes, lesson, (source, first, target), bottom)
    axes.set_xlim(-0.7, target.right + 0.7)
    axes.set_ylim(bottom - 0.95, max(source.top, first.top, target.top) + 0.15)
    clear(axes)


def _part(side: float, share: float) -> float:
    """The window's side on a map's side: to scale, unless it would be too small to see."""
    return min(side, max(0.4, side * share))


def _paint_window(axes: Axes, window: Block) -> None:
    """The window on a block's front, and along its top how deep it goes."""
    from matplotlib.patches import Polygon, Rectangle

    x, top = window.x, window.y + window.height
    right, up = BACK[0] * window.depth, BACK[1] * window.depth
    corners = [(x, top), (x + window.width, top), (x + window.width + right, top + up), (x + right, top + up)]
    front = Rectangle((x, window.y), window.width, window.height)
    depth = Polygon(corners, closed=True, alpha=0.7)
    for patch in (front, depth):
        patch.set(facecolor=ACCENT, edgecolor=INK, linewidth=0.8, zorder=5)
        axes.add_patch(patch)


def _paint_captions(
    axes: Axes, lesson: ConvolutionLesson, blocks: tuple[Block, Block, Block], bottom: float
) -> None:
    kernel, channels, filters = lesson.kernel, lesson.input_shape[2], lesson.filters
    captions = (
        (
            "feature map",
            f"{shape_text(lesson.input_shape)} = {lesson.input_bytes:,} numbers",
            f"M = {channels:,} channel{'s' if channels > 1 else ''}",
        ),
        (
            f"N = {filters:,} filter{'s' if filters > 1 else ''}",
            f"{kernel}×{kernel}×{channels:,} = {lesson.products:,} weights each",
            "as deep as the map",
        ),
        (
            "output map",
            f"{shape_text(lesson.output_shape)} = {lesson.outputs:,} numbers",
            "a channel for each filter",
        ),
    )
    for block, (title, *lines) in zip(blocks, captions, strict=True):
        paint_caption(axes, 0.5 * (block.x + block.right), bottom, title, *lines)
