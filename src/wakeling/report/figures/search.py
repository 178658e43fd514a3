"""Every candidate of the search: accuracy and RAM against MACs, the Pareto line and the choice."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from wakeling.report.figures.canvas import (
    ACCENT,
    BAD,
    FULL_WIDTH,
    INK,
    LINE,
    MUTED,
    SURFACE,
    count_axis,
    draw,
    format_axis,
    label,
    percent,
    short_bytes,
)
from wakeling.report.networks import Candidate
from wakeling.units import format_bytes, format_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LARGEST_BUBBLE = 26.0
"""Diameter of the candidate with the most parameters, in points; areas follow parameters."""


class Look(NamedTuple):
    """How a status is drawn and what the legend calls it."""

    marker: str
    fill: str
    edge: str
    words: str


LOOKS: Mapping[str, Look] = {
    "infeasible": Look("x", BAD, BAD, "too big for the board"),
    "dominated": Look(".", LINE, MUTED, "fits, outdone by another"),
    "pareto": Look(".", MUTED, MUTED, "fits, not trained"),
    "tried": Look("o", SURFACE, INK, "trained briefly"),
    "promoted": Look("o", MUTED, INK, "trained briefly, promoted"),
    "winner": Look("o", ACCENT, ACCENT, "chosen"),
}


def search(candidates: Sequence[Candidate], ram_limit_bytes: int | None) -> str | None:
    """Two panels over MACs: balanced accuracy of what was trained, RAM of every candidate.

    None without candidates; the upper panel is left out where nothing was trained.
    """
    if not candidates:
        return None
    trained = [row for row in candidates if row.balanced_accuracy is not None]
    winner = next((row for row in candidates if row.status == "winner"), None)
    tooltips = {f"ram{index}": _tooltip(row) for index, row in enumerate(candidates)}
    tooltips |= {f"accuracy{index}": _tooltip(row) for index, row in enumerate(trained)}

    def paint(figure: Figure) -> None:
        if trained:
            upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 3))
            _paint_ram(lower, candidates, ram_limit_bytes)
            _paint_accuracy(upper, candidates, trained)
            upper.tick_params(labelbottom=False)
        else:
            _paint_ram(figure.subplots(), candidates, ram_limit_bytes)
        figure.legend(loc="outside lower center", ncols=3, handletextpad=0.4, columnspacing=1.6)

    return draw(
        "search",
        title="Every candidate: accuracy and RAM against MACs",
        description=(
            f"{len(candidates)} candidates, {len(trained)} of them trained; "
            + (f"chosen: {_tooltip(winner)}" if winner else "none was chosen")
        ),
        size=(FULL_WIDTH, 640 if trained else 330),
        paint=paint,
        tooltips=tooltips,
    )


def pareto(trained: Sequence[Candidate]) -> list[tuple[int, float]]:
    """(MACs, accuracy) of the trained candidates that no cheaper one equals, by rising MACs."""
    front: list[tuple[int, float]] = []
    for row in sorted(trained, key=lambda row: (row.macs, -(row.balanced_accuracy or 0.0))):
        accuracy = row.balanced_accuracy or 0.0
        if not front or accuracy > front[-1][1]:
            front.append((row.macs, accuracy))
    return front


def _tooltip(row: Candidate) -> str:
    parts = [
        row.name,
        f"{format_count(row.macs)} MACs",
        f"{format_count(row.parameters)} parameters",
        f"{format_bytes(row.ram_bytes)} RAM",
    ]
    if row.balanced_accuracy is not None:
        parts.append(f"{100 * row.balanced_accuracy:.1f} % after {row.epochs} epochs")
    return ", ".join([*parts, LOOKS[row.status].words])


def _paint_accuracy(axes: Axes, candidates: Sequence[Candidate], trained: Sequence[Candidate]) -> None:
    front = pareto(trained)
    right = max(row.macs for row in candidates)
    axes.step(
        [macs for macs, _ in front] + [right],
        [accuracy for _, accuracy in front] + [front[-1][1]],
        where="post",
        color=INK,
        linewidth=1.0,
        linestyle=(0, (1, 2)),
        label="Pareto line: the best at these MACs or fewer",
    )
    most = max(row.parameters for row in trained) or 1
    order = sorted(
        range(len(trained)), key=lambda index: (trained[index].status == "winner", -trained[index].parameters)
    )
    for index in order:
        row = trained[index]
        look = LOOKS[row.status]
        axes.plot(
            [row.macs],
            [row.balanced_accuracy or 0.0],
            marker="o",
            markersize=max(4.0, LARGEST_BUBBLE * math.sqrt(row.parameters / most)),
            markerfacecolor=look.fill,
            markeredgecolor=look.edge,
            markeredgewidth=0.9,
            alpha=0.85,
            linestyle="none",
            gid=f"accuracy{index}",
        )
    untrained = [row for row in candidates if row.balanced_accuracy is None]
    for is_infeasible, color in ((False, MUTED), (True, BAD)):
        for row in untrained:
            if (row.status == "infeasible") == is_infeasible:
                axes.axvline(row.macs, ymin=0, ymax=0.035, color=color, linewidth=0.9)
    low, high = axes.get_ylim()
    axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    axes.set_ylabel("balanced accuracy on val")
    axes.set_title(
        f"Accuracy of the {len(trained)} trained; bubble area is parameters, {format_count(most)} the largest"
    )
    format_axis(axes.yaxis, percent)
    winner = next((row for row in trained if row.status == "winner"), None)
    if winner is not None:
        axes.annotate(
            label(winner.name),
            (winner.macs, winner.balanced_accuracy or 0.0),
            xytext=(0, 8 + LARGEST_BUBBLE * math.sqrt(winner.parameters / most) / 2),
            textcoords="offset points",
            ha="center",
            color=ACCENT,
            weight="bold",
        )


def _paint_ram(axes: Axes, candidates: Sequence[Candidate], limit_bytes: int | None) -> None:
    for status, look in LOOKS.items():
        rows = [index for index, row in enumerate(candidates) if row.status == status]
        for position, index in enumerate(rows):
            row = candidates[index]
            axes.plot(
                [row.macs],
                [row.ram_bytes],
                marker=look.marker,
                markersize=8 if status == "winner" else 5.5,
                markerfacecolor=look.fill,
                markeredgecolor=look.edge,
                markeredgewidth=1.0,
                linestyle="none",
                label=f"{look.words} ({len(rows)})" if position == 0 else None,
                gid=f"ram{index}",
            )
    values = [row.ram_bytes for row in candidates]
    if limit_bytes is not None:
        values.append(limit_bytes)
        axes.axhline(limit_bytes, color=INK, linewidth=1.2)
        axes.annotate(
            f"limit {short_bytes(limit_bytes)}",
            (0.0, limit_bytes),
            xycoords=("axes fraction", "data"),
            xytext=(4, -12),
            textcoords="offset points",
        )
    count_axis(axes, "x", [row.macs for row in candidates])
    count_axis(axes, "y", values, is_bytes=True)
    if axes.get_yscale() == "linear":
        axes.set_ylim(bottom=0)
    axes.set_title(f"RAM of all {len(candidates)} candidates")
    axes.set_xlabel("MACs for one picture")
    axes.set_ylabel("live RAM")
