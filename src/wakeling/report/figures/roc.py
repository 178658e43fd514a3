"""The ROC curve: hits against false alarms over every threshold, and the one in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wakeling.report.figures.canvas import ACCENT, INK, LINE, MUTED, SURFACE, draw, format_axis, percent
from wakeling.report.results import Evaluation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIDE = 400


def roc(evaluations: Sequence[Evaluation]) -> str | None:
    """The curves of the evaluations given (one split: float and int8); None without a curve."""
    drawn = [row for row in evaluations if row.roc]
    if not drawn:
        return None
    return draw(
        "roc",
        title=f"ROC curve on {drawn[0].split}",
        description="; ".join(
            f"{row.model}: area {row.auc.value:.3f}, at threshold {row.threshold:.3f} "
            f"{100 * _rates(row)[1]:.1f} % hits and {100 * _rates(row)[0]:.1f} % false alarms"
            for row in drawn
        ),
        size=(SIDE, SIDE - 20),
        paint=lambda figure: _paint(figure, drawn),
    )


def _rates(row: Evaluation) -> tuple[float, float]:
    cell = row.confusion
    negatives = cell.false_positive + cell.true_negative
    positives = cell.true_positive + cell.false_negative
    return cell.false_positive / max(negatives, 1), cell.true_positive / max(positives, 1)


def _paint(figure: Figure, drawn: Sequence[Evaluation]) -> None:
    axes: Axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=LINE, linewidth=1.0)
    for row in drawn:
        is_final = row.model == "int8"
        axes.plot(
            [point.false_positive_rate for point in row.roc],
            [point.true_positive_rate for point in row.roc],
            color=ACCENT if is_final else MUTED,
            linewidth=1.8 if is_final else 1.3,
            label=f"{row.model}, area {row.auc.value:.3f}",
        )
    final = next((row for row in drawn if row.model == "int8"), drawn[-1])
    x, y = _rates(final)
    axes.plot([x], [y], "o", markersize=8, markerfacecolor=SURFACE, markeredgecolor=INK, markeredgewidth=1.5)
    axes.annotate(
        f"threshold {final.threshold:.3f}\n{100 * y:.1f} % hits\n{100 * x:.1f} % false alarms",
        (x, y),
        xytext=(12, -8),
        textcoords="offset points",
        va="top",
    )
    axes.set_title(f"ROC on {final.split}")
    axes.set_aspect("equal")
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    axes.grid(visible=True, axis="both")
    axes.set_xlabel("false alarms (share of pictures without)")
    axes.set_ylabel("hits (share of pictures with)")
    format_axis(axes.xaxis, percent)
    format_axis(axes.yaxis, percent)
    axes.legend(loc="lower right")
