"""One position of a sliding window: over the padded map, and the output cell that it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from wakeling.lesson import ConvolutionLesson
from wakeling.report.figures.canvas import ACCENT, INK, LINE, MUTED, SOFT, SURFACE
from wakeling.report.figures.lesson_blocks import paint_arrow

if TYPE_CHECKING:
    from matplotlib.axes import Axes

VIEW = 10
"""Rows and columns of a large map that are shown around the window."""

MOST_VIEW = 24
"""However large the window, no more are shown."""

_OUTPUT_SCALE = 0.6
"""An output cell's side as drawn, in the map's cells."""


class View(NamedTuple):
    """A range of cells along one axis: from `begin` up to, but without, `end`."""

    begin: int
    end: int

    @property
    def size(self) -> int:
        """How many cells it has."""
        return self.end - self.begin


def positions(rows: int, columns: int) -> list[tuple[int, tuple[int, int]]]:
    """The positions worth showing, by number (from 1) and output cell: first, second, next row, last."""
    cells = [(0, 0), (0, 1), (1, 0), (rows - 1, columns - 1)]
    inside = [cell for cell in dict.fromkeys(cells) if cell[0] < rows and cell[1] < columns]
    return sorted((row * columns + column + 1, (row, column)) for row, column in inside)


def view(first: int, end: int, start: int, kernel: int) -> View:
    """The cells of first…end to show where the window begins at `start`: all, or some around it."""
    size = max(VIEW, min(kernel + 4, MOST_VIEW))
    if end - first <= size:
        return View(first, end)
    begin = min(max(first, start - (size - min(kernel, size)) // 2), end - size)
    return View(begin, begin + size)


def paint_position(axes: Axes, lesson: ConvolutionLesson, number: int, cell: tuple[int, int]) -> None:
    """The window over the map on the left, the output that is done so far on the right."""
    height, width, _ = lesson.input_shape
    starts = (
        cell[0] * lesson.stride - lesson.padding_rows[0],
        cell[1] * lesson.stride - lesson.padding_columns[0],
    )
    rows = view(-lesson.padding_rows[0], height + lesson.padding_rows[1], starts[0], lesson.kernel)
    columns = view(-lesson.padding_columns[0], width + lesson.padding_columns[1], starts[1], lesson.kernel)
    whole = (View(0, height), View(0, width))
    window = (View(starts[0], starts[0] + lesson.kernel), View(starts[1], starts[1] + lesson.kernel))
    source = _Grid(axes, rows, columns, 0.0, 0.0, 1.0)
    source.fill(rows, columns, SURFACE, 1.0)
    source.fill(*whole, SOFT, 0.75)
    source.fill(*window, ACCENT, 0.85)
    source.lines()
    if max(rows.size, columns.size) <= VIEW + 2:
        source.zeros(*whole, window)
    _paint_output(axes, lesson, cell, source)
    span = rows.size
    axes.set_ylim(span + 0.2, -0.2)
    axes.set_title(f"position {number:,} of {lesson.positions:,}", loc="center", fontsize=10)
    is_cut = rows.size < height or columns.size < width
    axes.set_xlabel(
        f"rows {_words(window[0])}, columns {_words(window[1])}\n"
        f"make row {cell[0]:,}, column {cell[1]:,}" + ("\n(a part of the map)" if is_cut else ""),
        color=MUTED,
        fontsize=9,
    )
    axes.set_aspect("equal", anchor="N")
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _paint_output(axes: Axes, lesson: ConvolutionLesson, cell: tuple[int, int], source: _Grid) -> None:
    rows = view(0, lesson.output_shape[0], cell[0], 1)
    columns = view(0, lesson.output_shape[1], cell[1], 1)
    left = source.columns.size + 1.6
    scale = _OUTPUT_SCALE
    top = max(0.0, 0.5 * (source.rows.size - scale * rows.size))
    target = _Grid(axes, rows, columns, left, top, scale)
    target.fill(rows, columns, SURFACE, 1.0)
    target.fill(View(0, cell[0]), View(0, lesson.output_shape[1]), SOFT, 1.0)
    target.fill(View(cell[0], cell[0] + 1), View(0, cell[1]), SOFT, 1.0)
    target.fill(View(cell[0], cell[0] + 1), View(cell[1], cell[1] + 1), ACCENT, 1.0)
    target.lines()
    middle = 0.5 * source.rows.size
    paint_arrow(axes, (source.columns.size + 0.1, middle), (left - 0.1, middle), INK)
    axes.set_xlim(-0.2, left + scale * columns.size + 0.2)


class _Grid(NamedTuple):
    """Cells of a view, drawn from (left, top) with sides of `scale`; rows go down."""

    axes: Axes
    rows: View
    columns: View
    left: float
    top: float
    scale: float

    def fill(self, rows: View, columns: View, color: str, alpha: float) -> None:
        """Color the cells of these rows and columns that are in view."""
        from matplotlib.patches import Rectangle

        first, last = max(rows.begin, self.rows.begin), min(rows.end, self.rows.end)
        begin, end = max(columns.begin, self.columns.begin), min(columns.end, self.columns.end)
        if first < last and begin < end:
            corner = self._point(first, begin)
            sides = (self.scale * (end - begin), self.scale * (last - first))
            self.axes.add_patch(
                Rectangle(corner, *sides, facecolor=color, alpha=alpha, linewidth=0, zorder=2)
            )

    def lines(self) -> None:
        """The lines between the cells."""
        for row in range(self.rows.begin, self.rows.end + 1):
            self._line(self._point(row, self.columns.begin), self._point(row, self.columns.end))
        for column in range(self.columns.begin, self.columns.end + 1):
            self._line(self._point(self.rows.begin, column), self._point(self.rows.end, column))

    def zeros(self, rows: View, columns: View, window: tuple[View, View]) -> None:
        """A zero in each cell in view that is outside the map."""
        for row in range(self.rows.begin, self.rows.end):
            for column in range(self.columns.begin, self.columns.end):
                if _inside(row, rows) and _inside(column, columns):
                    continue
                x, y = self._point(row + 0.5, column + 0.5)
                in_window = _inside(row, window[0]) and _inside(column, window[1])
                self.axes.text(
                    x,
                    y,
                    "0",
                    ha="center",
                    va="center_baseline",
                    fontsize=6,
                    color=SURFACE if in_window else MUTED,
                    zorder=4,
                )

    def _point(self, row: float, column: float) -> tuple[float, float]:
        return (
            self.left + self.scale * (column - self.columns.begin),
            self.top + self.scale * (row - self.rows.begin),
        )

    def _line(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.axes.plot(
            (start[0], end[0]), (start[1], end[1]), color=LINE, linewidth=0.7, zorder=3, solid_capstyle="butt"
        )


def _inside(index: int, cells: View) -> bool:
    return cells.begin <= index < cells.end


def _words(window: View) -> str:
    """`−1 to 1`, with a minus sign that is one."""
    text = f"{window.begin:,} to {window.end - 1:,}" if window.size > 1 else f"{window.begin:,}"
    return text.replace("-", "−")
