"""Accuracy and work over the width multiplier α or the image's side, the rule of the square beside it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from wakeling.lesson import KINDS, MultiplierLesson, MultiplierRow
from wakeling.report.figures.canvas import (
    ACCENT,
    BAD,
    FULL_WIDTH,
    INK,
    MUTED,
    SECOND,
    SOFT,
    format_axis,
    short_bytes,
)
from wakeling.report.figures.picture import Picture
from wakeling.units import format_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS: Mapping[str, str] = MappingProxyType(
    {"standard": MUTED, "depthwise": SECOND, "pointwise": ACCENT, "classifier": INK}
)
"""Color of a kind of layer."""


def multiplier_picture(lesson: MultiplierLesson) -> Picture:
    """Published accuracy, MACs by kind of layer with the rule, and RAM or parameters, bar by bar."""
    shown = ", ".join(f"{_name(lesson, row)}: {format_count(row.macs)} MACs" for row in _rows(lesson))
    return Picture(
        name=f"lesson-{lesson.knob}",
        title={"alpha": "The width multiplier", "resolution": "The resolution multiplier"}[lesson.knob],
        description=f"{lesson.family}; {shown}",
        size=(FULL_WIDTH, 520),
        paint=lambda figure: _paint(figure, lesson),
    )


def _rows(lesson: MultiplierLesson) -> list[MultiplierRow]:
    return sorted(lesson.rows, key=lambda row: row.multiplier)


def _name(lesson: MultiplierLesson, row: MultiplierRow) -> str:
    return f"α {row.alpha:g}" if lesson.knob == "alpha" else f"{row.resolution} pixels"


def _paint(figure: Figure, lesson: MultiplierLesson) -> None:
    rows = _rows(lesson)
    has_accuracy = any(row.printed for row in rows)
    grid = figure.add_gridspec(2, 2, height_ratios=(1.0, 1.25))
    if has_accuracy:
        _paint_accuracy(figure.add_subplot(grid[0, 0]), lesson, rows)
    _paint_shares(figure.add_subplot(grid[0, 1] if has_accuracy else grid[0, :]), lesson, rows)
    _paint_macs(figure.add_subplot(grid[1, :]), lesson, rows)


def _paint_accuracy(axes: Axes, lesson: MultiplierLesson, rows: list[MultiplierRow]) -> None:
    """What was published, each source a line."""
    sources = dict.fromkeys(_source(printed.source) for row in rows for printed in row.printed)
    looks = (("o", ACCENT), ("s", SECOND), ("D", MUTED))
    for source, (marker, color) in zip(sources, looks, strict=False):
        points = [
            (row.multiplier, printed.top1_percent)
            for row in rows
            for printed in row.printed
            if _source(printed.source) == source
        ]
        axes.plot(
            [x for x, _ in points],
            [y for _, y in points],
            marker=marker,
            color=color,
            linewidth=1.4,
            markersize=5.5,
            label=source,
        )
    first = [(row.multiplier, row.printed[0].top1_percent) for row in _spread(rows) if row.printed]
    for x, y in first:
        axes.annotate(
            f"{y:.1f}",
            (x, y),
            xytext=(-6, 4),
            textcoords="offset points",
            ha="right",
            color=ACCENT,
            weight="bold",
        )
    _multiplier_axis(axes, lesson, rows)
    axes.margins(x=0.14, y=0.18)
    format_axis(axes.yaxis, lambda value: f"{value:g} %")
    axes.legend(loc="lower right")
    axes.set_title("ImageNet top-1 accuracy, published")


def _source(source: str) -> str:
    """A source's short name: the repository, or the paper."""
    return "the authors' code" if source.startswith("tensorflow/models") else source.partition(",")[0]


def _paint_shares(axes: Axes, lesson: MultiplierLesson, rows: list[MultiplierRow]) -> None:
    """MACs, RAM and parameters as shares of the full network's, and the rule."""
    sign = "α" if lesson.knob == "alpha" else "ρ"
    multipliers = [row.multiplier for row in rows]
    for label, color, values in (
        ("parameters", SECOND, [row.parameters_ratio for row in rows]),
        ("RAM (liveness)", SOFT, [row.ram_ratio for row in rows]),
        ("MACs", ACCENT, [row.macs_ratio for row in rows]),
    ):
        shares = [100 * value for value in values]
        axes.plot(multipliers, shares, color=color, linewidth=1.6, marker="o", markersize=5, label=label)
    low, high = multipliers[0], multipliers[-1]
    between = [low + (high - low) * step / 50 for step in range(51)]
    axes.plot(
        between,
        [100 * multiplier**2 for multiplier in between],
        color=INK,
        linestyle=(0, (1, 2)),
        linewidth=1.6,
        label=f"the rule {sign}²",
    )
    _multiplier_axis(axes, lesson, rows)
    most = max(max(row.parameters_ratio, row.ram_ratio, row.macs_ratio) for row in rows)
    axes.set_ylim(0, 145 * most)
    format_axis(axes.yaxis, lambda value: f"{value:g} %")
    axes.legend(loc="upper left", ncols=2)
    full = "α 1" if lesson.knob == "alpha" else f"{lesson.full.resolution} pixels"
    axes.set_title(f"Share of the network with {full}")


def _paint_macs(axes: Axes, lesson: MultiplierLesson, rows: list[MultiplierRow]) -> None:
    """Stacked MACs by kind of layer; printed misprints are crosses beside the bars."""
    most = max(row.macs for row in rows)
    kinds = [kind for kind in KINDS if any(row.macs_by_kind.get(kind) for row in rows)]
    bottoms = [0] * len(rows)
    for kind in kinds:
        values = [row.macs_by_kind.get(kind, 0) for row in rows]
        axes.bar(range(len(rows)), values, width=0.5, bottom=bottoms, color=COLORS[kind], label=KINDS[kind])
        bottoms = [bottom + value for bottom, value in zip(bottoms, values, strict=True)]
    misprinted = False
    for index, row in enumerate(rows):
        axes.annotate(
            f"{row.macs / 1e6:,.1f} M",
            (index, row.macs),
            xytext=(0, 19),
            textcoords="offset points",
            ha="center",
            weight="bold",
        )
        axes.annotate(
            f"{100 * row.macs_ratio:.1f} %, RAM {short_bytes(row.ram_bytes)}",
            (index, row.macs),
            xytext=(0, 6),
            textcoords="offset points",
            ha="center",
            color=MUTED,
            fontsize=9,
        )
        for printed in row.printed:
            if printed.verdict == "misprint":
                axes.plot(
                    [index + 0.31],
                    [1e6 * printed.macs_millions],
                    "x",
                    color=BAD,
                    markersize=7,
                    markeredgewidth=2,
                    label=None if misprinted else "misprint",
                )
                axes.annotate(
                    f"printed {printed.macs_millions:g} M",
                    (index + 0.31, 1e6 * printed.macs_millions),
                    xytext=(7, 0),
                    textcoords="offset points",
                    va="center",
                    color=BAD,
                    fontsize=9,
                )
                misprinted = True
    _ticks(axes, lesson, rows)
    axes.set_ylim(0, 1.24 * most)
    axes.set_xlim(-0.5, len(rows) - 0.4)
    format_axis(axes.yaxis, lambda value: f"{value / 1e6:,.0f} M")
    axes.legend(loc="upper left")
    axes.set_title("MACs, by kind of layer (computed)")


def _spread(rows: list[MultiplierRow]) -> list[MultiplierRow]:
    """The rows that are far enough apart to be labeled, the widest among them."""
    span = rows[-1].multiplier - rows[0].multiplier
    spread: list[MultiplierRow] = []
    for row in reversed(rows):
        if not spread or spread[-1].multiplier - row.multiplier >= 0.1 * span:
            spread.append(row)
    return spread


def _multiplier_axis(axes: Axes, lesson: MultiplierLesson, rows: list[MultiplierRow]) -> None:
    """An axis to scale, with a tick at each network; close ones share one."""
    ticks = _spread(rows)
    is_alpha = lesson.knob == "alpha"
    names = [f"{row.alpha:g}" if is_alpha else f"{row.resolution}" for row in ticks]
    axes.set_xticks([row.multiplier for row in ticks], names)
    axes.tick_params(axis="x", labelcolor=INK)
    axes.set_xlabel("width multiplier α" if is_alpha else "pixels a side (ρ to scale)")


def _ticks(axes: Axes, lesson: MultiplierLesson, rows: list[MultiplierRow]) -> None:
    axes.set_xticks(range(len(rows)), [_name(lesson, row) for row in rows])
    axes.tick_params(axis="x", length=0, labelcolor=INK)
