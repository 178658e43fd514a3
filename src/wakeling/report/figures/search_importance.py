"""Which knobs mattered: a bar for each, and the level that luck alone reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wakeling.report.figures.canvas import ACCENT, FULL_WIDTH, INK, MUTED, SOFT, draw, label
from wakeling.report.search_data import SearchImportance, SearchSummary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_KNOBS = 14
"""Knobs that are drawn, the most important first."""


def search_importance(summary: SearchSummary) -> str | None:
    """Horizontal bars; None where nothing can be said about importance."""
    found = summary.importance
    if found is None or not found.knobs:
        return None
    rows = found.knobs[:MOST_KNOBS]
    return draw(
        "search-importance",
        title="Which knobs mattered",
        description="; ".join(f"{row.name} {100 * row.share:.0f} %" for row in rows),
        size=(FULL_WIDTH, 84 + 21 * len(rows)),
        paint=lambda figure: _paint(figure, found),
    )


def _paint(figure: Figure, found: SearchImportance) -> None:
    rows = found.knobs[:MOST_KNOBS]
    axes = figure.subplots()
    places = range(len(rows))
    most = max(max(row.share, row.luck) for row in rows)
    axes.barh(
        places,
        [row.share for row in rows],
        height=0.62,
        color=[ACCENT if row.share > row.luck else SOFT for row in rows],
    )
    for place, row in enumerate(rows):
        axes.plot(
            [row.luck] * 2,
            [place - 0.42, place + 0.42],
            color=INK,
            linewidth=1.6,
            label="luck stays below, 19 times in 20" if place == 0 else None,
        )
        axes.text(
            max(row.share, row.luck) + 0.012 * most,
            place,
            f"{100 * row.share:.0f} %" if row.share >= 0.005 else "< 1 %",
            va="center",
            color=MUTED,
            fontsize=9.5,
        )
    axes.set_yticks(places, [label(row.name, 34) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 1.1 * most)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.tick_params(axis="x", bottom=False, labelbottom=False)
    axes.spines["bottom"].set_visible(False)
    axes.grid(visible=False)
    axes.set_title(f"Part in being among the best quarter of {len(found.trials)} networks")
    figure.legend(loc="outside lower right")
