"""Small bar charts in a grid, one figure of merit each, the same names in each: things side by side.

What is compared, and against which limits, is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wakeling.report.figures.canvas import ACCENT, BAD, FULL_WIDTH, INK, MUTED, SOFT, label
from wakeling.report.figures.picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One figure of merit: a value for each name (None: there is none), in the names' order.

    `write` makes the text at a bar's end; `spans` (low, high) are drawn as error bars; `limit` is a
    line that a bar should stay below. `most` is what a full bar means, where panels share a scale.
    """

    title: str
    values: Sequence[float | None]
    write: Callable[[float], str]
    spans: Sequence[tuple[float, float] | None] = ()
    limit: float | None = None
    limit_name: str = ""
    most: float = 0.0


def panels(
    names: Sequence[str], parts: Sequence[Panel], *, name: str, title: str, description: str
) -> Picture:
    """The picture of `parts`, each with one horizontal bar for each of `names`."""
    rows = -(-len(parts) // _COLUMNS)

    def paint(figure: Figure) -> None:
        grid = figure.subplots(rows, _COLUMNS, squeeze=False, sharey=True)
        for index, axes in enumerate(grid.flat):
            if index < len(parts):
                _paint(axes, names, parts[index])
            else:
                axes.set_visible(False)

    height = rows * (46 + 21 * len(names)) + 12
    return Picture(name=name, title=title, description=description, size=(FULL_WIDTH, height), paint=paint)


def _paint(axes: Axes, names: Sequence[str], panel: Panel) -> None:
    positions = range(len(names))
    values = [value or 0.0 for value in panel.values]
    ends = [max(value, span[1] if span else 0.0) for value, span in zip(values, _spans(panel), strict=True)]
    most = max(*ends, panel.limit or 0.0, panel.most) or 1.0
    colors = [BAD if panel.limit and value > panel.limit else ACCENT for value in values]
    axes.barh(positions, values, height=0.62, color=colors)
    for row, (value, span) in enumerate(zip(panel.values, _spans(panel), strict=True)):
        if span:
            axes.plot(span, [row, row], color=SOFT, linewidth=2.4, solid_capstyle="butt")
            axes.plot(span, [row, row], color=INK, linewidth=0.7)
        text = "–" if value is None else panel.write(value)
        axes.text(ends[row] + 0.02 * most, row, text, va="center", color=MUTED, fontsize=8.5)
    if panel.limit:
        axes.axvline(panel.limit, color=BAD, linewidth=1.1, linestyle=(0, (4, 2)))
    axes.set_yticks(positions, [label(name, 30) for name in names])
    axes.set_ylim(len(names) - 0.45, -0.55)
    axes.set_xlim(0, 1.28 * most)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.tick_params(axis="x", bottom=False, labelbottom=False)
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    suffix = f"  (dashed: {panel.limit_name} {panel.write(panel.limit)})" if panel.limit else ""
    axes.set_title(f"{panel.title}{suffix}")


def _spans(panel: Panel) -> Sequence[tuple[float, float] | None]:
    return panel.spans or (None,) * len(panel.values)
