"""The gap to a microcontroller: two waterfalls, flash and RAM, from the photo network to the board."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from wakeling.lesson import GapLesson
from wakeling.report.figures.canvas import (
    ACCENT,
    BAD,
    FULL_WIDTH,
    INK,
    LINE,
    MUTED,
    SECOND,
    SOFT,
    SURFACE,
    format_axis,
    short_bytes,
)
from wakeling.report.figures.picture import Picture
from wakeling.units import format_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Fall(NamedTuple):
    """One bar of a waterfall: its words, the bytes before and after."""

    step: str
    before_bytes: int
    after_bytes: int


def gap_picture(lesson: GapLesson) -> Picture:
    """Flash above, RAM below; each bar spans what its step takes away, on a logarithmic scale."""
    return Picture(
        name="lesson-gap",
        title="From a network for photos to a microcontroller",
        description=(
            f"Parameters fall from {format_bytes(lesson.stages[0].parameter_bytes)} to "
            f"{format_bytes(lesson.stages[-1].parameter_bytes)}, activations from "
            f"{format_bytes(lesson.stages[0].ram_bytes)} to {format_bytes(lesson.stages[-1].ram_bytes)}; "
            f"{lesson.target} has {format_bytes(lesson.flash_target_bytes)} of flash and "
            f"{format_bytes(lesson.ram_target_bytes)} of RAM"
        ),
        size=(FULL_WIDTH, 560),
        paint=lambda figure: _paint(figure, lesson),
    )


def _paint(figure: Figure, lesson: GapLesson) -> None:
    upper, lower = figure.subplots(2, 1)
    _paint_waterfall(
        upper,
        falls([stage.parameter_bytes for stage in lesson.stages], lesson),
        (f"tables and code\n({lesson.flash_runtime})", lesson.flash_bytes),
        lesson.flash_target_bytes,
        f"Flash: {_excess(lesson.gap)} for {lesson.target}, and what each step changes",
    )
    _paint_waterfall(
        lower,
        falls([stage.ram_bytes for stage in lesson.stages], lesson),
        (f"as planned by\n{lesson.runtime}", lesson.ram_bytes),
        lesson.ram_target_bytes,
        f"RAM: {_excess(lesson.ram_gap)} in activations alone",
    )


def _excess(gap: float) -> str:
    return f"{gap:.1f} times too much" if gap > 1 else "not too much"


def falls(sizes: Sequence[int], lesson: GapLesson) -> list[Fall]:
    """The steps as bars; the first stands on the ground."""
    steps = [stage.step for stage in lesson.stages]
    return [Fall(step, sizes[max(index - 1, 0)], sizes[index]) for index, step in enumerate(steps)]


def _paint_waterfall(
    axes: Axes, bars: Sequence[Fall], last: tuple[str, int], target_bytes: int, title: str
) -> None:
    name, end_bytes = last
    sizes = [bar.after_bytes for bar in bars]
    ground = 0.45 * min([*sizes, target_bytes, end_bytes])
    fits = end_bytes <= target_bytes
    for index, bar in enumerate(bars):
        if index == 0:
            axes.bar(0, bar.after_bytes - ground, width=0.62, bottom=ground, color=MUTED)
        else:
            low, high = sorted((bar.before_bytes, bar.after_bytes))
            color = ACCENT if bar.after_bytes <= bar.before_bytes else BAD
            axes.bar(index, high - low, width=0.62, bottom=low, color=color)
            if _is_unchanged(bar):
                axes.plot([index - 0.31, index + 0.31], [low, low], color=MUTED, linewidth=1.4)
            axes.plot([index - 0.69, index - 0.31], [bar.before_bytes] * 2, color=LINE, linewidth=1)
        _label(axes, index, bar, target_bytes)
    column = len(bars)
    before = bars[-1].after_bytes
    axes.plot([column - 0.69, column - 0.31], [before] * 2, color=LINE, linewidth=1)
    axes.bar(column, min(before, end_bytes) - ground, width=0.62, bottom=ground, color=SOFT)
    axes.bar(column, max(end_bytes - before, 0), width=0.62, bottom=before, color=SECOND)
    axes.annotate(
        format_bytes(end_bytes),
        (column, end_bytes),
        xytext=(0, 4),
        textcoords="offset points",
        ha="center",
        weight="bold",
        color=INK if fits else BAD,
    )
    axes.axhline(target_bytes, color=INK if fits else BAD, linewidth=1.2, linestyle=(0, (4, 2)))
    axes.annotate(
        f"target\n{short_bytes(target_bytes)}",
        (column + 0.42, target_bytes),
        xytext=(0, 3),
        textcoords="offset points",
        color=INK if fits else BAD,
    )
    axes.set_yscale("log", base=2)
    axes.set_ylim(ground, 2.6 * max(sizes))
    format_axis(axes.yaxis, short_bytes)
    axes.minorticks_off()
    words = ["float32" if index == 0 else _wrapped(bar.step) for index, bar in enumerate(bars)]
    axes.set_xticks(range(column + 1), [*words, name], fontsize=9)
    axes.tick_params(axis="x", length=0, labelcolor=INK)
    axes.set_xlim(-0.6, column + 1.0)
    axes.set_title(title)


def _is_unchanged(bar: Fall) -> bool:
    return abs(bar.before_bytes / bar.after_bytes - 1) < 0.005


def _label(axes: Axes, index: int, bar: Fall, target_bytes: int) -> None:
    """The factor above the bar, and at its foot (below it, where it is short) the size after the step."""
    low, high = sorted((bar.before_bytes, bar.after_bytes))
    factor = bar.before_bytes / bar.after_bytes
    if index and _is_unchanged(bar):
        is_below = bar.after_bytes < target_bytes  # away from the target's line
        _write(axes, index, low if is_below else high, "no change", MUTED, is_below=is_below)
        return
    after = format_bytes(bar.after_bytes)
    top = f"÷ {factor:.3g}" if factor > 1 else f"× {1 / factor:.3g}: {after}"
    _write(axes, index, high, top if index else after, INK, weight="bold")
    if index and factor > 1:
        is_tall = high > 2.2 * low
        color = SURFACE if is_tall else MUTED
        # a label at a tall bar's foot moves up where the target's line would strike it through
        foot = 1.05 * target_bytes if is_tall and low < target_bytes < 1.7 * low else low
        _write(axes, index, foot, after, color, is_below=not is_tall)


def _write(
    axes: Axes, x: float, y: float, text: str, color: str, *, is_below: bool = False, weight: str = "normal"
) -> None:
    axes.annotate(
        text,
        (x, y),
        xytext=(0, -4 if is_below else 4),
        textcoords="offset points",
        ha="center",
        va="top" if is_below else "bottom",
        color=color,
        weight=weight,
        fontsize=10 if weight == "bold" else 9,
    )


def _wrapped(step: str) -> str:
    """A step on two lines: `width α 0.25` above `instead of 1`."""
    head, instead, tail = step.partition(" instead of ")
    return f"{head}\ninstead of {tail}" if instead else step
