"""Battery life against how often a device looks, with the interval and the user's own choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from wakeling.report.figures.canvas import ACCENT, FULL_WIDTH, INK, MUTED, SOFT
from wakeling.report.figures.log_axis import log_axes
from wakeling.report.figures.picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SPANS = (
    (1 / 24, "an hour"),
    (1.0, "a day"),
    (7.0, "a week"),
    (30.4, "a month"),
    (365.25, "a year"),
    (3652.5, "10 years"),
)


class LifePoint(NamedTuple):
    """Days that a battery lasts at so many frames a day, with the interval; all above 0."""

    frames_per_day: float
    days: float
    low: float
    high: float


def battery_life_curve(points: Sequence[LifePoint], chosen: LifePoint | None, *, title: str) -> Picture:
    """Days against frames a day, both logarithmic; `points` by rising frames, `chosen` marked."""
    words = f"{len(points)} points"
    if chosen is not None:
        span = f"{chosen.low:,.3g} to {chosen.high:,.3g}"
        words = f"at {chosen.frames_per_day:,.0f} frames a day {chosen.days:,.3g} days, {span}"
    return Picture(
        name="battery-life",
        title=title,
        description=f"battery life falls with the number of frames: {words}",
        size=(FULL_WIDTH, 400),
        paint=lambda figure: _paint(figure, points, chosen, title),
    )


def _paint(figure: Figure, points: Sequence[LifePoint], chosen: LifePoint | None, title: str) -> None:
    axes: Axes = figure.subplots()
    frames = [point.frames_per_day for point in points]
    axes.fill_between(frames, [point.low for point in points], [point.high for point in points], color=SOFT)
    axes.plot(frames, [point.days for point in points], color=ACCENT, linewidth=1.8)
    bottom, top = min(point.low for point in points) / 1.5, max(point.high for point in points) * 1.5
    log_axes(axes, (frames[0], frames[-1]), (bottom, top))
    middle = (bottom * top) ** 0.5
    for days, name in _SPANS:
        is_low = days < middle  # the curve is on the other side there
        if bottom < days < top:
            axes.axhline(days, color=MUTED, linewidth=0.7, linestyle=(0, (1, 3)))
            axes.annotate(
                name,
                (0.0 if is_low else 1.0, days),
                xycoords=("axes fraction", "data"),
                xytext=(3 if is_low else -3, 3),
                textcoords="offset points",
                ha="left" if is_low else "right",
                color=MUTED,
                fontsize=9,
            )
    if chosen is not None:
        axes.plot([chosen.frames_per_day], [chosen.days], "o", markersize=8, color=INK)
        axes.annotate(
            f"{chosen.days:,.3g} days\n{chosen.frames_per_day:,.0f} frames a day",
            (chosen.frames_per_day, chosen.days),
            xytext=(-18, -12),
            textcoords="offset points",
            ha="right",
            va="top",
        )
    axes.set_xlabel("frames a day")
    axes.set_ylabel("days")
    axes.set_title(title)
