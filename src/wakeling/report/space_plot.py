"""The MACs of the networks that fit, for each width and resolution of a space: whom the limits suit.

After figure 3 of Lin et al. 2020 (MCUNet, arXiv:2007.10319). How they are sampled is in `search`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wakeling.report.figures.canvas import ACCENT, FULL_WIDTH, INK, MUTED, SECOND, count_axis, format_axis
from wakeling.report.figures.canvas import percent as percent_of
from wakeling.report.figures.picture import Picture
from wakeling.search.space_choice import SpaceChoice, SubSpace
from wakeling.units import format_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMED = 3
"""Of the sub-spaces that were not chosen, those with the most MACs have their names in the legend."""


def space_plot(choice: SpaceChoice, *, title: str) -> Picture:
    """The cumulative distribution of MACs of every sub-space, the chosen one highlighted."""
    drawn = [sub_space for sub_space in choice.sub_spaces if sub_space.macs]
    empty = len(choice.sub_spaces) - len(drawn)
    chosen = choice.chosen
    return Picture(
        name="space",
        title=title,
        description=(
            f"cumulative MACs of the feasible networks of {len(drawn)} pairs of width and resolution "
            f"({empty} more have none); chosen: {_name(chosen)}, mean {format_count(round(chosen.mean_macs))}"
        ),
        size=(FULL_WIDTH, 420),
        paint=lambda figure: _paint(figure, drawn, chosen, title, empty),
    )


def _name(sub_space: SubSpace) -> str:
    return f"width {sub_space.width:g}, {sub_space.resolution} px"


def _paint(figure: Figure, drawn: list[SubSpace], chosen: SubSpace, title: str, empty: int) -> None:
    axes: Axes = figure.subplots()
    others = sorted(
        [sub_space for sub_space in drawn if sub_space is not chosen],
        key=lambda sub_space: sub_space.mean_macs,
        reverse=True,
    )
    if others[NAMED:]:
        axes.plot([], [], color=MUTED, linewidth=0.7, label=f"{len(others) - NAMED} more")
    for sub_space in reversed(others[NAMED:]):
        _step(axes, sub_space, MUTED, 0.7, 0.35, None)
    for rank, sub_space in enumerate(reversed(others[:NAMED])):
        _step(axes, sub_space, SECOND, 1.1, 0.45 + 0.2 * rank, _label(sub_space))
    _step(axes, chosen, ACCENT, 2.4, 1.0, f"chosen: {_label(chosen)}")
    axes.axvline(chosen.mean_macs, color=ACCENT, linewidth=0.9, linestyle=(0, (4, 2)))
    count_axis(axes, "x", [count for sub_space in drawn for count in sub_space.macs])
    axes.set_ylim(0, 1.01)
    format_axis(axes.yaxis, percent_of)
    axes.set_title(title)
    axes.set_xlabel("MACs for one picture; dashed: the chosen one's mean")
    axes.set_ylabel("feasible networks with at most so many")
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], loc="upper left", labelcolor=INK)
    if empty:
        axes.annotate(
            f"nothing fits in {empty} more",
            (0.005, 0.02),
            xycoords="axes fraction",
            color=MUTED,
            fontsize=9,
        )


def _label(sub_space: SubSpace) -> str:
    return (
        f"{_name(sub_space)}: mean {format_count(round(sub_space.mean_macs))}, "
        f"{percent_of(sub_space.share)} fit"
    )


def _step(
    axes: Axes, sub_space: SubSpace, color: str, width: float, opacity: float, label: str | None
) -> None:
    count = len(sub_space.macs)
    shares = [(place + 1) / count for place in range(count)]
    axes.step(
        (sub_space.macs[0], *sub_space.macs),
        (0.0, *shares),
        where="post",
        color=color,
        linewidth=width,
        alpha=opacity,
        label=label,
    )
