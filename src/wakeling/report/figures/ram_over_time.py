"""What is in RAM while each layer runs, against the board's limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wakeling.report.figures.canvas import (
    ACCENT,
    BAD,
    FULL_WIDTH,
    INK,
    SECOND,
    SOFT,
    SURFACE,
    draw,
    format_axis,
    label,
)
from wakeling.report.networks import Memory
from wakeling.units import format_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TINTS = (ACCENT, SOFT, SECOND)
"""A tensor keeps its color over time; neighbors in birth order differ."""

MOST_NAMES = 60
"""With more steps than this, the axis shows numbers in place of layer names."""


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
    axes = figure.subplots()
    born = _birth_order(memory)
    for row, step in enumerate(memory.steps):
        bottom = 0
        for tensor in sorted(step.tensors, key=lambda tensor: born[tensor.name]):
            bars = axes.bar(
                row,
                tensor.size_bytes,
                width=1.0,
                bottom=bottom,
                color=TINTS[born[tensor.name] % len(TINTS)],
                edgecolor=SURFACE,
                linewidth=0.6,
            )
            bars.patches[0].set_gid(f"tensor{row}-{step.tensors.index(tensor)}")
            bottom += tensor.size_bytes
    _paint_limit_and_peak(axes, memory)
    steps = range(len(memory.steps))
    if len(memory.steps) <= MOST_NAMES:
        axes.set_xticks(steps, [label(step.layer, 24) for step in memory.steps], rotation=90, fontsize=8.5)
        axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.6, len(memory.steps) - 0.4)
    format_axis(axes.yaxis, lambda value: format_bytes(round(value)).replace(".0 ", " "))


def _birth_order(memory: Memory) -> dict[str, int]:
    names = dict.fromkeys(tensor.name for step in memory.steps for tensor in step.tensors)
    return {name: number for number, name in enumerate(names)}


def _paint_limit_and_peak(axes: Axes, memory: Memory) -> None:
    totals = [step.total_bytes for step in memory.steps]
    peak = max(totals)
    is_broken = peak > memory.limit_bytes
    color = BAD if is_broken else INK
    axes.axhline(memory.limit_bytes, color=color, linewidth=1.2)
    axes.annotate(
        f"limit {format_bytes(memory.limit_bytes)}",
        (1.0, memory.limit_bytes),
        xycoords=("axes fraction", "data"),
        xytext=(-2, 4),
        textcoords="offset points",
        ha="right",
        color=color,
    )
    row = totals.index(peak)
    axes.annotate(
        f"peak {format_bytes(peak)} at {label(memory.steps[row].layer)}",
        (row, peak),
        xytext=(0, 7),
        textcoords="offset points",
        ha="left" if row < len(totals) / 2 else "right",
        color=color,
        weight="bold",
    )
    step = _tick_step(max(peak, memory.limit_bytes))
    axes.set_yticks(range(0, max(peak, memory.limit_bytes) + 1, step))
    axes.set_ylim(0, 1.14 * max(peak, memory.limit_bytes))


def _tick_step(most: int) -> int:
    """A power of two of bytes that gives four to eight ticks up to `most`."""
    return max(1, 1 << max(0, (max(most, 1) // 4).bit_length() - 1))
