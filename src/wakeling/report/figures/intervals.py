"""Float and int8 side by side: each measure with its 95 % interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from wakeling.report.figures.canvas import ACCENT, FULL_WIDTH, INK, draw, format_axis, percent
from wakeling.report.results import Estimate, Evaluation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MEASURES: tuple[tuple[str, Callable[[Evaluation], Estimate], Callable[[float], str]], ...] = (
    ("Balanced accuracy", lambda row: row.balanced_accuracy, percent),
    ("Area under the ROC curve", lambda row: row.auc, "{:.3g}".format),
    ("Accuracy", lambda row: row.accuracy, percent),
)


def intervals(evaluations: Sequence[Evaluation]) -> str | None:
    """A dot and a line for each evaluation and measure; None where nothing was evaluated."""
    if not evaluations:
        return None
    return draw(
        "intervals",
        title="Accuracy with 95 % intervals",
        description="; ".join(
            f"{row.model} on {row.split}: balanced accuracy {100 * row.balanced_accuracy.value:.1f} % "
            f"({100 * row.balanced_accuracy.low:.1f} to {100 * row.balanced_accuracy.high:.1f})"
            for row in evaluations
        ),
        size=(FULL_WIDTH, 76 + 27 * len(evaluations)),
        paint=lambda figure: _paint(figure, evaluations),
    )


def _paint(figure: Figure, evaluations: Sequence[Evaluation]) -> None:
    panels = figure.subplots(1, len(MEASURES), sharey=True)
    for axes, (title, measure, write) in zip(panels, MEASURES, strict=True):
        _paint_measure(axes, title, [(row, measure(row)) for row in evaluations])
        format_axis(axes.xaxis, write)
    first = panels[0]
    first.set_yticks(range(len(evaluations)), [f"{row.model}, {row.split}" for row in evaluations])
    first.set_ylim(len(evaluations) - 0.4, -0.6)
    first.tick_params(axis="y", labelcolor=INK)


def _paint_measure(axes: Axes, title: str, rows: Sequence[tuple[Evaluation, Estimate]]) -> None:
    for position, (row, estimate) in enumerate(rows):
        color = ACCENT if row.model == "int8" else INK
        axes.plot(
            [estimate.low, estimate.high], [position] * 2, color=color, linewidth=2.2, solid_capstyle="butt"
        )
        axes.plot([estimate.value], [position], "o", color=color, markersize=6.5)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=5)
    axes.set_title(title)
