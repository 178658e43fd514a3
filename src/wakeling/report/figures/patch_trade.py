"""RAM that patches save against the MACs that their overlaps add, every stage and grid a dot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wakeling.cost import PatchOption
from wakeling.cost.memory import patch_front
from wakeling.report.figures.canvas import (
    ACCENT,
    BAD,
    FULL_WIDTH,
    INK,
    MUTED,
    SOFT,
    byte_step,
    format_axis,
    label,
    percent,
    short_bytes,
)
from wakeling.report.figures.picture import Picture
from wakeling.units import format_bytes, format_count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BEYOND_FRONT = 4
"""Dots with more than this many times the MACs that the last useful option adds are left out."""

ABOVE_WHOLE = 1.25
"""And those with more than this many times the RAM of whole images."""

LABEL_GAP = 0.055
"""Between two labels, as a share of the axis's height."""


def patch_trade_figure(
    trade: Sequence[PatchOption], macs: int, *, limit_bytes: int | None = None, name: str = "patch-trade"
) -> Picture:
    """RAM of every option against its added MACs, as a share of the network's `macs`.

    The options that nothing beats in both are joined by a line. `limit_bytes` is drawn where given.
    """
    front = patch_front(trade)
    most_macs = max(BEYOND_FRONT * front[-1].added_macs, macs // 20)
    most_bytes = ABOVE_WHOLE * trade[0].peak_bytes
    shown = [option for option in trade if option.added_macs <= most_macs and option.peak_bytes <= most_bytes]
    tooltips = {
        f"option{number}": f"{_words(option)}: {format_bytes(option.peak_bytes)}, "
        f"{format_count(option.added_macs)} MACs more"
        for number, option in enumerate(shown)
    }
    return Picture(
        name=name,
        title="RAM against added MACs, patch by patch",
        description=(
            f"{len(trade)} ways to run the first layers patch by patch; the smallest takes "
            f"{format_bytes(front[-1].peak_bytes)}, whole images "
            f"{format_bytes(trade[0].peak_bytes)}"
        ),
        size=(FULL_WIDTH, 380),
        paint=lambda figure: _paint(figure, shown, front, macs, limit_bytes),
        tooltips=tooltips,
    )


def _words(option: PatchOption) -> str:
    if not option.operators:
        return "whole images"
    return f"{option.rows} × {option.columns} patches up to {label(option.last, 22)}"


def _paint(
    figure: Figure,
    shown: Sequence[PatchOption],
    front: Sequence[PatchOption],
    macs: int,
    limit_bytes: int | None,
) -> None:
    axes = figure.subplots()
    for number, option in enumerate(shown):
        points = axes.plot(
            option.added_macs / macs,
            option.peak_bytes,
            marker="o",
            markersize=4.5,
            linestyle="none",
            color=ACCENT if option in front else SOFT,
            zorder=3 if option in front else 2,
        )
        points[0].set_gid(f"option{number}")
    axes.plot(
        [option.added_macs / macs for option in front],
        [option.peak_bytes for option in front],
        color=ACCENT,
        linewidth=1.2,
        drawstyle="steps-post",
    )
    most = max(option.peak_bytes for option in shown)
    for option in _labeled(front, 1.18 * most):
        axes.annotate(
            _words(option),
            (option.added_macs / macs, option.peak_bytes),
            xytext=(5, 2),
            textcoords="offset points",
            va="bottom",
            fontsize=8.5,
            color=INK,
            zorder=4,
        )
    if limit_bytes is not None and limit_bytes < 1.3 * most:
        axes.axhline(limit_bytes, color=BAD, linewidth=1.2)
        axes.annotate(
            f"limit {short_bytes(limit_bytes)}",
            (1.0, limit_bytes),
            xycoords=("axes fraction", "data"),
            xytext=(-2, 4),
            textcoords="offset points",
            ha="right",
            color=BAD,
        )
    axes.set_yticks(range(0, round(1.18 * most), byte_step(most)))
    axes.set_ylim(0, 1.18 * most)
    axes.set_xlabel(f"MACs added by overlaps, of {format_count(macs)}", color=MUTED)
    format_axis(axes.xaxis, percent)
    format_axis(axes.yaxis, short_bytes)
    axes.set_title("RAM against added MACs; each dot a stage and a grid of patches")


def _labeled(front: Sequence[PatchOption], height: float) -> list[PatchOption]:
    """The options of the front whose labels do not run into each other, both ends among them."""
    chosen = [front[0]]
    for option in front[1:]:
        is_clear = option.peak_bytes - front[-1].peak_bytes >= LABEL_GAP * height
        if option is front[-1] or (
            is_clear and chosen[-1].peak_bytes - option.peak_bytes >= LABEL_GAP * height
        ):
            chosen.append(option)
    return chosen
