"""Every trial of a search: its score over each of its costs, the limits, the front, the winner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wakeling.report.figures.canvas import ACCENT, BAD, FULL_WIDTH, INK, draw
from wakeling.report.figures.search_marks import cost_axis, marks, paint_front, score_axis, tooltip
from wakeling.report.search_data import SearchSummary, SearchTrial
from wakeling.report.search_fronts import front, score_of
from wakeling.report.search_words import cost_words, limit_words, score_writer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AXES = ("ram_bytes", "macs", "latency_ms")
"""The costs that are drawn where they are known; an objective's cost is drawn beside them."""

MOST_NAMED = 150
"""Trials up to which each has a text of its own; of more, only those on a front do."""

_MOST_COLUMNS, _ROW_HEIGHT, _LEGEND_HEIGHT = 3, 290, 46


def drawn_costs(summary: SearchSummary) -> tuple[str, ...]:
    """The costs that the fronts are drawn over: those of `AXES` and of objectives, where a trial has them."""
    wanted = dict.fromkeys([*AXES, *summary.objectives[1:]])
    scored = [trial for trial in summary.trials if trial.score is not None]
    return tuple(name for name in wanted if any(name in trial.costs for trial in scored))


def search_front(summary: SearchSummary) -> str | None:
    """A panel a cost, score upward; None where no trial has a score and a cost."""
    names = drawn_costs(summary)
    if not names:
        return None
    columns = min(len(names), _MOST_COLUMNS) if len(names) != 4 else 2
    rows = -(-len(names) // columns)
    tooltips: dict[str, str] = {}
    for panel, name in enumerate(names):
        for trial in _named_trials(summary, name):
            tooltips[f"p{panel}t{trial.number}"] = tooltip(summary, trial)

    def paint(figure: Figure) -> None:
        grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
        for index, axes in enumerate(grid.flat):
            if index < len(names):
                _paint(axes, summary, names[index], index, columns)
                if index % columns == 0:
                    axes.set_ylabel(summary.score_name)
            else:
                axes.set_visible(False)
        handles, labels = grid.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, columnspacing=1.6)

    return draw(
        "search-front",
        title=f"Every trial: {summary.score_name} over {_listed(names)}",
        description=_description(summary, names[0]),
        size=(FULL_WIDTH, rows * _ROW_HEIGHT + _LEGEND_HEIGHT),
        paint=paint,
        tooltips=tooltips,
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(cost_words(name).name for name in names)


def _description(summary: SearchSummary, name: str) -> str:
    write, cost = score_writer(summary), cost_words(name)
    found = "; ".join(
        f"{write(score_of(trial))} at {cost.write(trial.costs[name])}"
        for trial in front(summary.trials, name)[-8:]
    )
    return (
        f"{len(summary.trials)} trials, {len(summary.failed)} of them failed; "
        f"the front over {cost.name}: {found}"
    )


def _named_trials(summary: SearchSummary, cost: str) -> list[SearchTrial]:
    known = _known(summary, cost)
    if len(known) <= MOST_NAMED:
        return known
    on_front = {trial.number for trial in front(summary.trials, cost)} | {summary.winner}
    return [trial for trial in known if trial.number in on_front]


def _known(summary: SearchSummary, cost: str) -> list[SearchTrial]:
    return [trial for trial in summary.trials if trial.score is not None and cost in trial.costs]


def _paint(axes: Axes, summary: SearchSummary, name: str, panel: int, columns: int) -> None:
    cost, known, looks = cost_words(name), _known(summary, name), marks(summary)
    limit = summary.limits.get(name)
    values = [trial.costs[name] for trial in known] + ([limit] if limit is not None else [])
    points = [(trial.costs[name], score_of(trial)) for trial in front(summary.trials, name)]
    paint_front(
        axes,
        points,
        max(values),
        color=ACCENT,
        label="the front: none as cheap scores as much",
    )
    named = {trial.number for trial in _named_trials(summary, name)}
    for rung, look in enumerate(looks):
        rows = [trial for trial in known if trial.rung == rung and trial.number != summary.winner]
        style: dict[str, Any] = {  # matplotlib types each keyword by itself
            "marker": "o",
            "markersize": look.size,
            "markerfacecolor": look.fill,
            "markeredgecolor": look.edge,
            "markeredgewidth": 0.8,
            "linestyle": "none",
            "zorder": 3 + 0.1 * rung,
        }
        axes.plot(
            [row.costs[name] for row in rows if row.number not in named],
            [score_of(row) for row in rows if row.number not in named],
            label=f"{look.words} ({len(rows)})",
            **style,
        )
        for row in rows:
            if row.number in named:
                axes.plot([row.costs[name]], [score_of(row)], gid=f"p{panel}t{row.number}", **style)
    winner = next((trial for trial in known if trial.number == summary.winner), None)
    if winner is not None:
        axes.plot(
            [winner.costs[name]],
            [score_of(winner)],
            marker="o",
            markersize=9,
            markerfacecolor=ACCENT,
            markeredgecolor=ACCENT,
            linestyle="none",
            zorder=5,
            label="chosen" if summary.is_over else "best so far",
            gid=f"p{panel}t{winner.number}",
        )
    cost_axis(axes, cost, values, ticks=12 // columns)
    _paint_failures(axes, summary, name)
    score_axis(axes, summary)
    if limit is not None:
        axes.axvline(limit, color=INK, linewidth=1.2, zorder=2)
    axes.grid(visible=True, axis="both")
    suffix = "" if limit is None else f", limit {limit_words(name, limit)}"
    axes.set_title(f"Over {cost.name}{suffix}")


def _paint_failures(axes: Axes, summary: SearchSummary, name: str) -> None:
    """A red tick at the foot for each trial that failed."""
    costs = [trial.costs[name] for trial in summary.failed if name in trial.costs]
    for position, cost in enumerate(costs):
        axes.axvline(
            cost,
            ymin=0,
            ymax=0.03,
            color=BAD,
            linewidth=1.2,
            label=f"failed ({len(costs)})" if position == 0 else None,
        )
