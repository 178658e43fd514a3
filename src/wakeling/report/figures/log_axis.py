"""A logarithmic axis with a few plain ticks, whatever its span."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wakeling.report.figures.canvas import format_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FEW_DECADES = 30.0
"""A ratio up to which 1, 2 and 5 of each decade are marked, not only the decades."""


def log_axes(axes: Axes, x: tuple[float, float], y: tuple[float, float]) -> None:
    """Make both axes logarithmic over these spans (low, high), all above 0."""
    from matplotlib.ticker import LogLocator, NullLocator

    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(*x)
    axes.set_ylim(*y)
    for axis, (low, high) in ((axes.xaxis, x), (axes.yaxis, y)):
        subs = (1.0, 2.0, 5.0) if high / low < _FEW_DECADES else (1.0,)
        axis.set_major_locator(LogLocator(base=10.0, subs=subs, numticks=12))
        axis.set_minor_locator(NullLocator())
        format_axis(axis, lambda value: f"{value:,.0f}" if value >= 1 else f"{value:g}")
    axes.grid(visible=True, axis="both")
