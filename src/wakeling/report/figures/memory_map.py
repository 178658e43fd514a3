"""A planner's arena over time: each buffer a rectangle, steps across, addresses up.

Plans without offsets (liveness, best order) are stacked in the order in which buffers are made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from wakeling.cost import Lifetime, MemoryPlan, live_at
from wakeling.report.figures.canvas import (
    ACCENT,
    BAD,
    FULL_WIDTH,
    INK,
    MUTED,
    SECOND,
    SOFT,
    SURFACE,
    byte_step,
    format_axis,
    label,
    short_bytes,
)
from wakeling.report.figures.picture import Picture
from wakeling.units import format_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_NAMES = 72
"""With more steps than this, the axis shows numbers in place of layer names."""

SMALLEST_LABEL = 0.055
"""A wide buffer gets its name inside where it is at least this share of the arena high."""


def memory_map(
    plan: MemoryPlan, layers: Sequence[str], *, limit_bytes: int | None = None, name: str = "memory-map"
) -> Picture:
    """The arena of a plan; `layers` names its steps where the plan has no order of its own.

    `limit_bytes` is drawn as a line, where it is given.
    """
    steps = list(plan.order or layers)
    rectangles = _rectangles(plan)
    tooltips = {
        f"buffer{number}": f"{buffer.name}: {format_bytes(buffer.size_bytes)} at {offset:,}, "
        f"{_while(steps, first, last)}"
        for number, (buffer, offset, first, last) in enumerate(rectangles)
    }
    return Picture(
        name=name,
        title=f"RAM over time, {plan.runtime}",
        description=(
            f"The arena of {plan.runtime}, {format_bytes(plan.peak_bytes)}, over {len(steps)} steps; it is "
            f"fullest while {steps[plan.peak_step]} runs, with {format_bytes(max(plan.live_bytes))} in use"
        ),
        size=(FULL_WIDTH, 420 if len(steps) <= MOST_NAMES else 320),
        paint=lambda figure: _paint(figure, plan, steps, rectangles, limit_bytes),
        tooltips=tooltips,
    )


_KIND_COLORS: Mapping[str, str] = MappingProxyType({"scratch": SECOND, "persistent": MUTED})
"""Tensors take turns with two tints by birth."""

_Rectangle = tuple[Lifetime, int, int, int]


def _rectangles(plan: MemoryPlan) -> list[_Rectangle]:
    """(buffer, offset, first step, last step); a stacked buffer gets one for each height that it has."""
    if _is_placed(plan):
        return [(buffer, buffer.offset_bytes or 0, buffer.first, buffer.last) for buffer in plan.buffers]
    open_ones: dict[str, _Rectangle] = {}
    done: list[_Rectangle] = []
    for step in range(len(plan.live_bytes)):
        offset = 0
        for buffer in live_at(plan, step):
            known = open_ones.get(buffer.name)
            if known is not None and known[1] == offset and known[3] == step - 1:
                open_ones[buffer.name] = (buffer, offset, known[2], step)
            else:
                if known is not None:
                    done.append(known)
                open_ones[buffer.name] = (buffer, offset, step, step)
            offset += buffer.size_bytes
    return [*done, *open_ones.values()]


def _is_placed(plan: MemoryPlan) -> bool:
    return all(buffer.offset_bytes is not None for buffer in plan.buffers)


def _while(steps: Sequence[str], first: int, last: int) -> str:
    return f"while {steps[first]} runs" if first == last else f"from {steps[first]} to {steps[last]}"


def _paint(
    figure: Figure,
    plan: MemoryPlan,
    steps: Sequence[str],
    rectangles: Sequence[_Rectangle],
    limit_bytes: int | None,
) -> None:
    axes = figure.subplots()
    most = max(plan.peak_bytes, limit_bytes or 0)
    tints = {buffer.name: (ACCENT, SOFT)[birth % 2] for birth, buffer in enumerate(plan.buffers)}
    for number, rectangle in enumerate(rectangles):
        _paint_buffer(
            axes, number, rectangle, _KIND_COLORS.get(rectangle[0].kind, tints[rectangle[0].name]), most
        )
    what = "arena" if _is_placed(plan) else "peak"
    _paint_line(axes, plan.peak_bytes, f"{what} {short_bytes(plan.peak_bytes)}", INK)
    if limit_bytes is not None:
        color = BAD if plan.peak_bytes > limit_bytes else MUTED
        _paint_line(axes, limit_bytes, f"limit {short_bytes(limit_bytes)}", color)
    axes.set_ylim(0, 1.1 * most)
    axes.set_xlim(-0.6, len(steps) - 0.4)
    axes.set_yticks(range(0, most + 1, byte_step(most)))
    format_axis(axes.yaxis, short_bytes)
    if len(steps) <= MOST_NAMES:
        size = 8.5 if len(steps) <= 45 else 6.8
        axes.set_xticks(range(len(steps)), [label(step, 24) for step in steps], rotation=90, fontsize=size)
    else:
        axes.set_xlabel("operator, in the order in which they run")
    axes.tick_params(axis="x", length=0)
    axes.grid(visible=False, axis="x")
    axes.set_title(_title(plan))
    _paint_legend(axes, rectangles)


def _title(plan: MemoryPlan) -> str:
    kind = "Addresses in the arena" if _is_placed(plan) else "Live buffers, stacked"
    if plan.patch is None:
        return f"{kind} while each operator runs, planned by {plan.runtime}"
    patch = plan.patch
    return (
        f"{kind}, planned by {plan.runtime}: {patch.rows} × {patch.columns} patches up to {label(patch.last)}"
    )


def _paint_buffer(axes: Axes, number: int, rectangle: _Rectangle, color: str, most: int) -> None:
    buffer, offset, first, last = rectangle
    bars = axes.bar(
        first - 0.5,
        buffer.size_bytes,
        width=last - first + 1,
        bottom=offset,
        align="edge",
        color=color,
        edgecolor=SURFACE,
        linewidth=0.6,
    )
    bars.patches[0].set_gid(f"buffer{number}")
    text = label(buffer.name, 22)
    is_wide = (last - first + 1) >= 0.3 * len(text)
    if buffer.size_bytes >= (SMALLEST_LABEL if is_wide else 0.017 * len(text)) * most:
        axes.annotate(
            text,
            ((first + last) / 2, offset + buffer.size_bytes / 2),
            ha="center",
            va="center",
            rotation=0 if is_wide else 90,
            fontsize=7.5,
            color=INK if color == SOFT else SURFACE,
        )


def _paint_line(axes: Axes, size_bytes: int, text: str, color: str) -> None:
    axes.axhline(size_bytes, color=color, linewidth=1.2)
    axes.annotate(
        text,
        (1.0, size_bytes),
        xycoords=("axes fraction", "data"),
        xytext=(-2, 4),
        textcoords="offset points",
        ha="right",
        color=color,
    )


def _paint_legend(axes: Axes, rectangles: Sequence[_Rectangle]) -> None:
    kinds = {buffer.kind for buffer, *_ in rectangles}
    if kinds == {"tensor"}:
        return
    names = {
        "tensor": ("tensors", ACCENT),
        "scratch": ("scratch", _KIND_COLORS["scratch"]),
        "persistent": ("the runtime's own", _KIND_COLORS["persistent"]),
    }
    for kind, (text, color) in names.items():
        if kind in kinds:
            axes.bar(0, 0, color=color, label=text)
    axes.legend(loc="upper center", ncols=3, bbox_to_anchor=(0.6, 1.0))
