"""The best score so far over the trials of a search and over the work that they took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wakeling.report.figures.canvas import ACCENT, BAD, FULL_WIDTH, draw
from wakeling.report.figures.search_marks import marks, score_axis
from wakeling.report.search_data import SearchSummary
from wakeling.report.search_fronts import SoFar, score_of, so_far
from wakeling.report.search_words import score_writer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HOUR_FROM = 2 * 3600.0
"""Seconds from which time is written in hours."""


def search_so_far(summary: SearchSummary) -> str | None:
    """Best so far over trials and over training time (over work where no time is known).

    None where no trial has a score.
    """
    steps = so_far(summary)
    best = steps[-1].best if steps else None
    if best is None:
        return None
    last_gain = next(step for step in steps if step.best == best)

    def paint(figure: Figure) -> None:
        left, right = figure.subplots(1, 2, sharey=True)
        _paint_trials(left, summary, steps)
        _paint_work(right, steps)
        score_axis(left, summary)
        left.set_ylabel(summary.score_name)
        handles, labels = left.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, columnspacing=1.6)

    return draw(
        "search-so-far",
        title="The best score so far",
        description=(
            f"{score_writer(summary)(best)} after {len(steps)} trials; "
            f"reached by trial {last_gain.trial.number}, the {last_gain.trials}. to finish"
        ),
        size=(FULL_WIDTH, 300),
        paint=paint,
    )


def _paint_trials(axes: Axes, summary: SearchSummary, steps: Sequence[SoFar]) -> None:
    for rung, look in enumerate(marks(summary)):
        rows = [step for step in steps if step.trial.rung == rung and step.trial.score is not None]
        axes.plot(
            [step.trials for step in rows],
            [score_of(step.trial) for step in rows],
            marker="o",
            markersize=0.85 * look.size,
            markerfacecolor=look.fill,
            markeredgecolor=look.edge,
            markeredgewidth=0.7,
            linestyle="none",
            label=look.words,
        )
    known = [step for step in steps if step.best is not None]
    _paint_best(axes, [step.trials for step in known], known)
    failed = [step.trials for step in steps if step.trial.score is None]
    for position, number in enumerate(failed):
        label = f"failed ({len(failed)})" if position == 0 else None
        axes.axvline(number, ymin=0, ymax=0.03, color=BAD, linewidth=1.2, label=label)
    axes.set_xlim(0.3, len(steps) + 0.7)
    axes.locator_params(axis="x", integer=True)
    axes.set_xlabel("trials finished")
    axes.set_title("Over trials")


def _paint_work(axes: Axes, steps: Sequence[SoFar]) -> None:
    known = [step for step in steps if step.best is not None]
    whole = steps[-1].seconds
    if whole > 0:
        unit, words = (3600.0, "hours") if whole >= _HOUR_FROM else (60.0, "minutes")
        if whole < 120:
            unit, words = 1.0, "seconds"
        _paint_best(axes, [step.seconds / unit for step in known], known)
        axes.set_xlim(0, 1.01 * whole / unit)
        axes.set_xlabel(f"training time of all trials together, {words}")
        axes.set_title("Over training time")
    else:
        _paint_best(axes, [step.work for step in known], known)
        axes.set_xlim(0, 1.01 * steps[-1].work)
        axes.set_xlabel("work, in full trainings")
        axes.set_title("Over work")


def _paint_best(axes: Axes, places: Sequence[float], known: Sequence[SoFar]) -> None:
    best = [step.best or 0.0 for step in known]
    axes.plot(
        places, best, color=ACCENT, linewidth=1.8, drawstyle="steps-post", label="best so far", zorder=4
    )
    if len(places) == 1:
        axes.plot(places, best, "o", color=ACCENT, markersize=5)
