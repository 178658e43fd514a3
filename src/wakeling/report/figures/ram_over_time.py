"""What is in RAM while each layer runs, against the board's limit."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from wakeling.report.figures.canvas import (
    ACCENT,
    BAD,
    FULL_WIDTH,
    INK,
    SECOND,
    SOFT,
    SURFACE,
    byte_step,
    draw,
    format_axis,
    label,
    short_bytes,
)
from wakeling.report.networks import Memory
from wakeling.units import format_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TINTS = (ACCENT, SOFT)
"""Tensors take these in turn by birth; one that waits for a later addition is `SECOND`."""

MOST_NAMES = 72
"""With more steps than this, the axis shows numbers in place of layer names."""

BREAK_BELOW = 0.5
"""A peak under this share of the limit gets a broken axis, so that both can be read."""


def ram_over_time(memory: Memory | None) -> str | None:
    """Stacked bars, one a step, one part a live tensor; None where no plan is known."""
    if memory is None or not memory.steps:
        return None
    peak = max(memory.steps, key=lambda step: step.total_bytes)
    tooltips = {
        f"tensor{row}-{part}": f"while {step.layer} runs: {tensor.name}, {format_bytes(tensor.size_bytes)}"
        for row, step in enumerate(memory.steps)
        for part, tensor in enumerate(step.tensors)
    }
    return draw(
        "ram",
        title="RAM over time",
        description=(
            f"Live tensors in {len(memory.steps)} steps by {memory.runtime}; the peak of "
            f"{format_bytes(peak.total_bytes)} is at {peak.layer}; "
            f"the limit is {format_bytes(memory.limit_bytes)}"
        ),
        size=(FULL_WIDTH, 360 if len(memory.steps) <= MOST_NAMES else 280),
        paint=lambda figure: _paint(figure, memory),
        tooltips=tooltips,
    )


def _paint(figure: Figure, memory: Memory) -> None:
    peak = max(step.total_bytes for step in memory.steps)
    is_broken_axis = peak < BREAK_BELOW * memory.limit_bytes
    if is_broken_axis:
        above, axes = figure.subplots(2, 1, sharex=True, height_ratios=(1, 6))
        _paint_far_limit(above, memory.limit_bytes, peak)
    else:
        axes = figure.subplots()
        above = axes
        _paint_limit(axes, memory.limit_bytes, BAD if peak > memory.limit_bytes else INK)
    _paint_tensors(axes, memory)
    _paint_peak(axes, memory)
    most = peak if is_broken_axis else max(peak, memory.limit_bytes)
    axes.set_yticks(range(0, most + 1, byte_step(most)))
    axes.set_ylim(0, 1.14 * max(most, 1))
    axes.set_xlim(-0.6, len(memory.steps) - 0.4)
    if len(memory.steps) <= MOST_NAMES:
        names = [label(step.layer, 24) for step in memory.steps]
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=8.5 if len(names) <= 45 else 6.8)
    else:
        axes.set_xlabel("layer, in the order in which they run")
    axes.tick_params(axis="x", length=0)
    format_axis(axes.yaxis, short_bytes)
    above.set_title(f"Live RAM while each layer runs, planned by {memory.runtime}")


def _paint_tensors(axes: Axes, memory: Memory) -> None:
    lives = Counter(tensor.name for step in memory.steps for tensor in step.tensors)
    born = {name: number for number, name in enumerate(lives)}
    for row, step in enumerate(memory.steps):
        bottom = 0
        for tensor in sorted(step.tensors, key=lambda tensor: born[tensor.name]):
            waits = lives[tensor.name] > 2
            bars = axes.bar(
                row,
                tensor.size_bytes,
                width=1.0,
                bottom=bottom,
                color=SECOND if waits else TINTS[born[tensor.name] % 2],
                edgecolor=SURFACE,
                linewidth=0.6,
            )
            bars.patches[0].set_gid(f"tensor{row}-{step.tensors.index(tensor)}")
            bottom += tensor.size_bytes
    if max(lives.values()) > 2:
        axes.bar(0, 0, color=SECOND, label="waits for a later layer, as in a shortcut")
        axes.legend(loc="upper right")


def _paint_limit(axes: Axes, limit_bytes: int, color: str) -> None:
    axes.axhline(limit_bytes, color=color, linewidth=1.2)
    axes.annotate(
        f"limit {short_bytes(limit_bytes)}",
        (1.0, limit_bytes),
        xycoords=("axes fraction", "data"),
        xytext=(-2, 4),
        textcoords="offset points",
        ha="right",
        color=color,
    )


def _paint_far_limit(axes: Axes, limit_bytes: int, peak: int) -> None:
    """A strip of its own for a limit that is far above every bar."""
    axes.axhline(limit_bytes, color=INK, linewidth=1.2)
    axes.annotate(
        f"limit {short_bytes(limit_bytes)}, {limit_bytes / max(peak, 1):.1f} × the peak (broken axis)",
        (1.0, limit_bytes),
        xycoords=("axes fraction", "data"),
        xytext=(-2, -12),
        textcoords="offset points",
        ha="right",
    )
    axes.set_ylim(0.5 * limit_bytes, 1.1 * limit_bytes)
    axes.set_yticks([limit_bytes])
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.grid(visible=False)
    format_axis(axes.yaxis, short_bytes)


def _paint_peak(axes: Axes, memory: Memory) -> None:
    totals = [step.total_bytes for step in memory.steps]
    peak = max(totals)
    row = totals.index(peak)
    axes.annotate(
        f"peak {format_bytes(peak)} at {label(memory.steps[row].layer)}",
        (row, peak),
        xytext=(0, 5),
        textcoords="offset points",
        ha="left" if row < len(totals) / 2 else "right",
        color=BAD if peak > memory.limit_bytes else INK,
        weight="bold",
    )
