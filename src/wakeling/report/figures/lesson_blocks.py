"""Feature maps and filters as blocks: rows and columns in front, channels going back.

The sizes of a drawing are for the eye: what is many times larger is drawn larger, not to scale, and
the numbers beside it are exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from wakeling.report.figures.canvas import INK, MUTED, SURFACE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BACK = (0.62, 0.42)
"""How far right and up one unit of depth goes."""


class Block(NamedTuple):
    """A box by the lower left corner of its front, with its width, height and depth as drawn."""

    x: float
    y: float
    width: float
    height: float
    depth: float

    @property
    def right(self) -> float:
        """The rightmost point, the back included."""
        return self.x + self.width + BACK[0] * self.depth

    @property
    def top(self) -> float:
        """The highest point, the back included."""
        return self.y + self.height + BACK[1] * self.depth


def drawn_side(pixels: int, most_pixels: int, most: float) -> float:
    """A side as drawn: `most` for the largest, less for smaller ones, never a hairline."""
    return most * max(0.12, math.sqrt(pixels / most_pixels))


def drawn_depth(channels: int) -> float:
    """A depth as drawn: it grows with the logarithm of the channels."""
    return 0.18 + 0.19 * min(math.log2(channels), 9)


def paint_block(axes: Axes, block: Block, color: str, *, edge: str = INK, zorder: float = 2) -> None:
    """The front, the top and the right side of a block."""
    from matplotlib.patches import Polygon

    x, y, width, height, depth = block
    right, up = BACK[0] * depth, BACK[1] * depth
    faces = (
        ([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], 1.0),
        (
            [
                (x, y + height),
                (x + width, y + height),
                (x + width + right, y + height + up),
                (x + right, y + height + up),
            ],
            0.55,
        ),
        (
            [
                (x + width, y),
                (x + width, y + height),
                (x + width + right, y + height + up),
                (x + width + right, y + up),
            ],
            0.75,
        ),
    )
    for corners, alpha in faces:
        axes.add_patch(Polygon(corners, closed=True, facecolor=SURFACE, linewidth=0, zorder=zorder))
        axes.add_patch(
            Polygon(corners, closed=True, facecolor=color, alpha=alpha, linewidth=0, zorder=zorder)
        )
        axes.add_patch(
            Polygon(corners, closed=True, fill=False, edgecolor=edge, linewidth=0.8, zorder=zorder)
        )


def paint_caption(axes: Axes, x: float, y: float, title: str, *lines: str) -> None:
    """A bold title with muted lines below it, centered at x, growing downwards from y."""
    axes.annotate(
        title, (x, y), xytext=(0, -6), textcoords="offset points", ha="center", va="top", weight="bold"
    )
    for number, line in enumerate(lines, start=1):
        axes.annotate(
            line,
            (x, y),
            xytext=(0, -6 - 13.5 * number),
            textcoords="offset points",
            ha="center",
            va="top",
            color=MUTED,
            fontsize=9.5,
        )


def paint_arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], color: str) -> None:
    """A thin arrow above everything else."""
    from matplotlib.patches import FancyArrowPatch

    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=9,
            shrinkA=2,
            shrinkB=2,
            color=color,
            linewidth=1.1,
            zorder=6,
        )
    )


def paint_figures(axes: Axes, entries: Sequence[tuple[str, str, str]]) -> None:
    """A row of large figures, each with its name and a muted remark below it."""
    axes.set_axis_off()
    axes.set_xlim(0, len(entries))
    axes.set_ylim(0, 1)
    for index, (figure, name, remark) in enumerate(entries):
        size = 15 if len(figure) <= 14 else 11
        _below(axes, index + 0.5, 0, figure, INK, size, "bold")
        _below(axes, index + 0.5, 22, name, INK, 10.5)
        _below(axes, index + 0.5, 37, remark, MUTED, 9.5)


def _below(
    axes: Axes, x: float, points: float, text: str, color: str, size: float, weight: str = "normal"
) -> None:
    """Text so many points below the axes' top."""
    axes.annotate(
        text,
        (x, 1),
        xytext=(0, -points),
        textcoords="offset points",
        ha="center",
        va="top",
        color=color,
        fontsize=size,
        weight=weight,
    )


def clear(axes: Axes) -> None:
    """No axis, no grid, and one unit as long across as up."""
    axes.set_axis_off()
    axes.set_aspect("equal", adjustable="box")


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape in a caption: `96×96×3`."""
    return "×".join(f"{size:,}" for size in shape)
