"""Where the cost sits: one row a layer, and a column of bars for each thing that it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wakeling.report.figures.canvas import ACCENT, BAD, FULL_WIDTH, INK, MUTED, SECOND, label
from wakeling.report.figures.picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS: Mapping[str, str] = {"conv2d": ACCENT, "depthwise_conv2d": SECOND}
"""Color of an operator; every other one is muted."""

_TITLES = {"conv2d": "convolution", "depthwise_conv2d": "depthwise convolution"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One thing that layers cost: a value for each, how it is written, and a limit where there is one."""

    title: str
    values: Sequence[float]
    write: Callable[[float], str]
    limit: float | None = None


def cost_columns(
    layers: Sequence[str],
    operators: Sequence[str],
    columns: Sequence[Column],
    *,
    title: str,
    description: str = "",
    name: str = "cost",
) -> Picture:
    """The picture of `columns`, the first layer on top; `operators` gives each row its color."""

    def paint(figure: Figure) -> None:
        grid = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
        for axes, column in zip(grid, columns, strict=True):
            _paint(axes, operators, column)
        grid[0].set_yticks(range(len(layers)), [label(name, 30) for name in layers])
        grid[0].set_ylim(len(layers) - 0.4, -0.6)
        grid[0].tick_params(axis="y", labelcolor=INK, labelsize=8)
        figure.legend(handles=_legend(operators), loc="outside lower center", ncols=3)

    return Picture(
        name=name,
        title=title,
        description=description
        or f"{len(layers)} layers: {', '.join(column.title for column in columns)} of each",
        size=(FULL_WIDTH + 60, 88 + 14.5 * len(layers)),
        paint=paint,
    )


def _paint(axes: Axes, operators: Sequence[str], column: Column) -> None:
    most = max(*column.values, column.limit or 0, 0.0) or 1.0
    colors = [COLORS.get(operator, MUTED) for operator in operators]
    axes.barh(range(len(column.values)), column.values, height=0.74, color=colors)
    for row, value in enumerate(column.values):
        if value:
            axes.text(value + 0.02 * most, row, column.write(value), va="center", color=MUTED, fontsize=7.5)
    if column.limit:
        axes.axvline(column.limit, color=BAD, linewidth=1.1, linestyle=(0, (4, 2)))
    axes.set_xlim(0, 1.32 * most)
    axes.set_title(column.title, fontsize=9.5)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", bottom=False, labelbottom=False)
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)


def _legend(operators: Sequence[str]) -> list[object]:
    from matplotlib.patches import Patch

    shown = dict.fromkeys(operator if operator in COLORS else "other" for operator in operators)
    return [Patch(facecolor=COLORS.get(name, MUTED), label=_TITLES.get(name, name)) for name in shown]
