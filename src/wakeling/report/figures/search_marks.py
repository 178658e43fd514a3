"""What the figures of a search share: marks of the rungs, axes of costs and scores, a line of a front."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from wakeling.report.figures.canvas import INK, LINE, MUTED, SURFACE, byte_step, format_axis, short_bytes
from wakeling.report.search_data import SearchSummary, SearchTrial
from wakeling.report.search_fronts import score_of
from wakeling.report.search_words import (
    Cost,
    cost_names,
    cost_words,
    epochs_words,
    is_share,
    score_writer,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LOGARITHMIC_FROM = 4.0
"""Ratio of the largest to the smallest value from which an axis is logarithmic."""


class Mark(NamedTuple):
    """How the trials of a rung are drawn and what the legend calls them."""

    size: float
    fill: str
    edge: str
    words: str


def marks(summary: SearchSummary) -> tuple[Mark, ...]:
    """One a rung: the more training, the larger and the darker."""
    last = len(summary.rungs) - 1
    shades = [SURFACE if index < last else INK for index in range(last + 1)]
    for index in range(1, last):
        shades[index] = LINE if index <= last // 2 else MUTED
    return tuple(
        Mark(
            size=4.2 + 2.2 * (index / last if last else 0.6),
            fill=shade,
            edge=INK if index == last else MUTED,
            words=epochs_words(rung),
        )
        for index, (rung, shade) in enumerate(zip(summary.rungs, shades, strict=True))
    )


def score_axis(axes: Axes, summary: SearchSummary) -> None:
    """Write scores on the upright axis, with room above and below them."""
    low, high = axes.get_ylim()
    room = max(0.06 * (high - low), 0.002 if is_share(summary) else 1e-6)
    axes.set_ylim(low - room, high + room)
    axes.locator_params(axis="y", nbins=6)
    format_axis(axes.yaxis, lambda value: f"{100 * value:.3g} %" if is_share(summary) else f"{value:.4g}")


def cost_axis(axes: Axes, cost: Cost, values: Iterable[float], *, ticks: int = 6) -> None:
    """Scale the lower axis for a cost, logarithmic where its values span much, of about `ticks` ticks."""
    from matplotlib.ticker import LogLocator, MaxNLocator, MultipleLocator, NullLocator

    known = list(values)
    positive = [value for value in known if value > 0]
    is_log = len(positive) == len(known) and bool(positive) and max(known) > _LOGARITHMIC_FROM * min(known)
    if is_log:
        axes.set_xscale("log")
        span = max(known) / min(known)
        base = 2.0 if cost.is_bytes else 10.0
        subs = (1.0,) if cost.is_bytes or span > 300 else (1.0, 2.0, 5.0)
        axes.xaxis.set_major_locator(LogLocator(base=base, subs=subs, numticks=ticks))
        axes.xaxis.set_minor_locator(NullLocator())
    elif cost.is_bytes and positive:
        axes.xaxis.set_major_locator(MultipleLocator(byte_step(round(max(positive)))))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(max(ticks - 1, 3)))
    format_axis(axes.xaxis, short_bytes if cost.is_bytes else lambda value: _short(cost.write(value)))
    axes.set_xlabel(cost.axis)


def _short(text: str) -> str:
    """A tick without zeros behind the point, and without the unit that the axis names."""
    return text.replace(".00", "").removesuffix(" ms").removesuffix(" mJ")


def paint_front(
    axes: Axes,
    points: Sequence[tuple[float, float]],
    right: float,
    *,
    color: str,
    width: float = 1.2,
    dashes: tuple[int, tuple[float, ...]] | str = "-",
    label: str | None = None,
) -> None:
    """The staircase of a front from its cheapest network to `right`, the largest cost of the figure."""
    if not points:
        return
    ends = [*points, (right, points[-1][1])]
    axes.step(
        [cost for cost, _ in ends],
        [score for _, score in ends],
        where="post",
        color=color,
        linewidth=width,
        linestyle=dashes,
        label=label,
    )


def tooltip(summary: SearchSummary, trial: SearchTrial) -> str:
    """What is shown when a mark is pointed at."""
    costs = [
        f"{cost_words(name).name} {cost_words(name).write(trial.costs[name])}"
        for name in cost_names(summary)
        if name in trial.costs
    ]
    return ", ".join(
        [
            f"trial {trial.number}: {trial.network}",
            f"{score_writer(summary)(score_of(trial))} after {epochs_words(summary.rungs[trial.rung])}",
            *costs,
            trial.how,
        ]
    )
