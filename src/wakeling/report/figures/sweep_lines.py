"""What resolution and width buy: a curve for each width multiplier over the resolutions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wakeling.report.figures.canvas import ACCENT, BAD, FULL_WIDTH, MUTED, SECOND, SOFT, count_axis
from wakeling.report.figures.picture import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LINES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1, 2)))
_COLORS = (ACCENT, SECOND, MUTED, SOFT)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPoint:
    """One network of a sweep; `top1_percent` where its ImageNet accuracy is published."""

    line: str
    resolution: int
    macs: int
    ram_bytes: int
    flash_bytes: int
    top1_percent: float | None = None


def sweep_lines(
    points: Sequence[SweepPoint],
    *,
    title: str,
    runtime: str,
    ram_limit_bytes: int | None = None,
) -> Picture:
    """MACs and RAM over the resolution, one curve for each `line`; accuracy where it is published."""
    lines = list(dict.fromkeys(point.line for point in points))
    known = [point for point in points if point.top1_percent is not None]

    def paint(figure: Figure) -> None:
        axes = figure.subplots(1, 3 if known else 2)
        parts: list[tuple[str, Callable[[SweepPoint], int], bool]] = [
            ("MACs", lambda point: point.macs, False),
            (f"RAM ({runtime})", lambda point: point.ram_bytes, True),
        ]
        for place, (name, value, is_bytes) in zip(axes, parts, strict=False):
            for number, line in enumerate(lines):
                row = sorted((p for p in points if p.line == line), key=lambda p: p.resolution)
                place.plot([p.resolution for p in row], [value(p) for p in row], **_look(number, line))
            count_axis(place, "y", [value(point) for point in points], is_bytes=is_bytes)
            place.set_title(name)
            place.set_xlabel("resolution")
        if ram_limit_bytes:
            axes[1].axhline(ram_limit_bytes, color=BAD, linewidth=1.1, linestyle=(0, (4, 2)))
        if known:
            for number, line in enumerate(lines):
                row = sorted((p for p in known if p.line == line), key=lambda p: p.macs)
                axes[2].plot([p.macs for p in row], [p.top1_percent for p in row], **_look(number, line))
            count_axis(axes[2], "x", [point.macs for point in known])
            axes[2].set_title("ImageNet top-1 % (published)")
            axes[2].set_xlabel("MACs")
        handles, names = axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=min(len(lines), 6))

    return Picture(
        name="sweep",
        title=title,
        description=f"{len(points)} networks: MACs and RAM over the resolution",
        size=(FULL_WIDTH, 330),
        paint=paint,
    )


def _look(number: int, line: str) -> dict[str, Any]:  # Any: keywords of several types
    return {
        "color": _COLORS[number % len(_COLORS)],
        "linestyle": _LINES[number // len(_COLORS) % len(_LINES)],
        "marker": "o",
        "markersize": 3.5,
        "linewidth": 1.5,
        "label": line,
    }
