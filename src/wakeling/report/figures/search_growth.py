"""How the front of a search grew: its staircase after each quarter of the trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wakeling.report.figures.canvas import ACCENT, FULL_WIDTH, MUTED, SOFT, draw
from wakeling.report.figures.search_front import drawn_costs
from wakeling.report.figures.search_marks import cost_axis, paint_front, score_axis
from wakeling.report.search_data import SearchSummary
from wakeling.report.search_fronts import front, score_of
from wakeling.report.search_words import cost_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEWEST_TRIALS = 4
"""Trials below which there are no quarters."""

_LOOKS: tuple[tuple[str, float, tuple[int, tuple[float, ...]] | str], ...] = (
    (MUTED, 1.1, (0, (1, 1.5))),
    (MUTED, 1.1, "-"),
    (SOFT, 2.6, "-"),
    (ACCENT, 1.6, "-"),
)
"""Color, width and dashes of the line after each quarter, the last the strongest."""

_PANELS = 2


def quarters(count: int) -> tuple[int, ...]:
    """How many of `count` trials had finished after each quarter."""
    return tuple(-(-count * part // 4) for part in (1, 2, 3, 4))


def search_growth(summary: SearchSummary) -> str | None:
    """The front after 25, 50, 75 and 100 % of the trials, over two costs; None with too few trials."""
    names = drawn_costs(summary)[:_PANELS]
    if not names or len(summary.trials) < FEWEST_TRIALS:
        return None

    def paint(figure: Figure) -> None:
        panels = figure.subplots(1, len(names), squeeze=False, sharey=True)[0]
        for index, (axes, name) in enumerate(zip(panels, names, strict=True)):
            _paint(axes, summary, name)
            if index == 0:
                axes.set_ylabel(summary.score_name)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, columnspacing=1.6)

    sizes = [len(front(summary.trials[:count], names[0])) for count in quarters(len(summary.trials))]
    return draw(
        "search-growth",
        title="The front after each quarter of the trials",
        description=f"networks on the front over {cost_words(names[0]).name} after each quarter: {sizes}",
        size=(FULL_WIDTH, 290),
        paint=paint,
    )


def _paint(axes: Axes, summary: SearchSummary, name: str) -> None:
    cost, trials = cost_words(name), summary.trials
    values = [trial.costs[name] for trial in front(trials, name)]
    values += [trial.costs[name] for count in quarters(len(trials)) for trial in front(trials[:count], name)]
    for count, (color, width, dashes) in zip(quarters(len(trials)), _LOOKS, strict=True):
        points = [(trial.costs[name], score_of(trial)) for trial in front(trials[:count], name)]
        paint_front(
            axes,
            points,
            1.04 * max(values),
            color=color,
            width=width,
            dashes=dashes,
            label=f"{count} trials" if points else None,
        )
    cost_axis(axes, cost, values)
    score_axis(axes, summary)
    axes.set_title(f"Front over {cost.name}")
