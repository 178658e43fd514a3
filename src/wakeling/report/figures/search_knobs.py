"""What a choice of a knob went with: the scores of the networks that made it, small multiples."""

from __future__ import annotations

import statistics
from collections import defaultdict
from typing import TYPE_CHECKING

from wakeling.report.figures.canvas import ACCENT, FULL_WIDTH, MUTED, draw, label
from wakeling.report.figures.search_marks import score_axis
from wakeling.report.search_data import SearchSummary, SearchTrial
from wakeling.report.search_fronts import score_of
from wakeling.report.search_words import choice, epochs_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_KNOBS = 6
"""Panels that are drawn, for the most important knobs."""

_COLUMNS = 3


def search_knobs(summary: SearchSummary) -> str | None:
    """Score over choice for the knobs that mattered most; None where that is not known."""
    found = summary.importance
    if found is None or not found.knobs:
        return None
    names = [row.name for row in found.knobs[:MOST_KNOBS]]
    compared = frozenset(found.trials)
    networks = tuple(one for one in summary.trials if one.number in compared and one.score is not None)
    rows, columns = -(-len(names) // _COLUMNS), min(_COLUMNS, len(names))

    def paint(figure: Figure) -> None:
        grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
        for index, axes in enumerate(grid.flat):
            if index >= len(names):
                axes.set_visible(False)
                continue
            _paint(axes, summary, names[index], networks)
        for row in grid:
            row[0].set_ylabel(label(summary.score_name, 28))
        score_axis(grid[0][0], summary)

    return draw(
        "search-knobs",
        title="Scores by the choices of the knobs that mattered most",
        description=(
            f"{len(networks)} networks after {epochs_words(summary.rungs[found.rung])}, by {', '.join(names)}"
        ),
        size=(FULL_WIDTH, 205 * rows + 10),
        paint=paint,
    )


def _paint(axes: Axes, summary: SearchSummary, name: str, networks: tuple[SearchTrial, ...]) -> None:
    place, knob = next((place, knob) for place, knob in enumerate(summary.space.knobs) if knob.name == name)
    scores: dict[int, list[float]] = defaultdict(list)
    for trial in networks:
        scores[trial.point[place]].append(score_of(trial))
    across, up = [], []
    for index, values in scores.items():
        for position, value in enumerate(values):
            # the golden ratio spreads the dots of a choice evenly, the same each time
            across.append(index + 0.5 * ((position * 0.6180339887 + 0.5) % 1.0 - 0.5))
            up.append(value)
    axes.plot(across, up, ".", color=MUTED, markersize=3.2, alpha=0.65)
    for index, values in scores.items():
        middle = statistics.median(values)
        axes.plot([index - 0.34, index + 0.34], [middle] * 2, color=ACCENT, linewidth=2.4)
    names = [label(choice(value), 9 if len(knob.choices) > 2 else 20) for value in knob.choices]
    axes.set_xticks(range(len(knob.choices)), names)
    if sum(map(len, names)) > 34:
        axes.tick_params(axis="x", labelrotation=40)
    axes.set_xlim(-0.6, len(knob.choices) - 0.4)
    axes.tick_params(axis="x", length=0)
    axes.set_title(label(name, 30))
