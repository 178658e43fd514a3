"""How the chosen network learned: loss and accuracy over the epochs, float and then int8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wakeling.report.figures.canvas import ACCENT, FULL_WIDTH, INK, MUTED, SOFT, draw, format_axis, percent
from wakeling.report.networks import Epoch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def training(epochs: Sequence[Epoch]) -> str | None:
    """Loss on the left, accuracies on the right; None where nothing was trained."""
    if not epochs:
        return None
    last = epochs[-1]
    reached = [row.val_balanced_accuracy for row in epochs if row.val_balanced_accuracy is not None]
    best = f"; best balanced accuracy on val {100 * max(reached):.1f} %" if reached else ""
    return draw(
        "training",
        title="Training: loss and accuracy by epoch",
        description=f"{len(epochs)} epochs; the last loss is {last.loss:.3f}{best}",
        size=(FULL_WIDTH, 270),
        paint=lambda figure: _paint(figure, epochs),
    )


def _paint(figure: Figure, epochs: Sequence[Epoch]) -> None:
    left, right = figure.subplots(1, 2)
    numbers = range(1, len(epochs) + 1)
    left.plot(numbers, [row.loss for row in epochs], color=INK, linewidth=1.4)
    left.set_title("Loss on train")
    for words, color, values in (
        ("train, accuracy", MUTED, [row.train_accuracy for row in epochs]),
        ("val, balanced accuracy", ACCENT, [row.val_balanced_accuracy for row in epochs]),
    ):
        known = [(number, value) for number, value in zip(numbers, values, strict=True) if value is not None]
        if known:
            right.plot(*zip(*known, strict=True), color=color, linewidth=1.6, label=words)
    right.set_title("Accuracy")
    format_axis(right.yaxis, percent)
    for axes in (left, right):
        _shade_int8(axes, epochs)
        axes.set_xlabel("epoch")
        axes.set_xlim(0.5, len(epochs) + 0.5)
        axes.xaxis.get_major_locator().set_params(integer=True)
    if right.get_legend_handles_labels()[1]:
        right.legend(loc="lower right")


def _shade_int8(axes: Axes, epochs: Sequence[Epoch]) -> None:
    start = next((number for number, row in enumerate(epochs, 1) if row.stage == "int8"), None)
    if start is None:
        return
    axes.axvspan(start - 0.5, len(epochs) + 0.5, color=SOFT, alpha=0.45, linewidth=0)
    axes.annotate(
        "int8",
        (len(epochs) + 0.5, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(-1, 5),
        textcoords="offset points",
        ha="right",
        color=ACCENT,
        fontsize=9,
    )
