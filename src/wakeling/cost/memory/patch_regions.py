"""Which part of every tensor one patch of an image needs, axis by axis.

Rows and columns do not depend on each other: a region is an interval of rows times one of columns.
Which patches pay is in `patched`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from wakeling.cost.memory.windows import WINDOWED, extent_of, margins_of
from wakeling.graph import Graph, Node
from wakeling.ops import (
    Activation,
    Add,
    BatchNorm,
    Concat,
    Dequantize,
    Mul,
    Operator,
    Quantize,
    Softmax,
    Sub,
    constant_of,
)

Interval = tuple[int, int]

AxisMap = tuple[int, int, int, int]
"""Along one axis, output interval [low, high) reads input interval [low·a − b, high·a + c), cut to [0, d)."""

AxisReads = list[tuple[int, int, int, int, int, int]]
"""(operator's output, tensor that it reads) by number, then the map, of every read along one axis."""

_PIXELWISE: frozenset[type[Operator]] = frozenset(
    (Activation, Add, BatchNorm, Dequantize, Mul, Quantize, Softmax, Sub)
)
"""Operators whose every pixel reads that same pixel of the operands."""

_ONE_PIXEL = ((), (1,), (1, 1))
"""Rows and columns of a constant that is the same for all pixels."""


class Read(NamedTuple):
    """One tensor that an operator reads, and where along rows and columns (a fused pad is seen through)."""

    tensor: str
    rows: AxisMap
    columns: AxisMap


def local_reads(graph: Graph, node: Node, pads: Mapping[str, Node]) -> tuple[Read, ...] | None:
    """What an operator reads if each pixel of its output needs a window around one place only.

    None for any other operator (a reshape, a dense layer, a mean, an operand that is broadcast over rows
    or columns), which needs whole images. `pads`
    are the pads that their readers compute; such a pad reads nothing itself.
    """
    if node.name in pads:
        return ()
    op: Any = node.op  # one of the classes tested for
    kind = type(op)
    shapes = graph.shapes
    source = node.inputs[0]
    if len(node.shape) != 3 or len(shapes[source]) != 3:
        return None
    if kind in WINDOWED:
        pad = pads.get(source)
        above, left = margins_of(op, shapes[source], pad)
        (high, wide), (down, right) = extent_of(op), op.stride
        tensor = source if pad is None else pad.inputs[0]
        height, width, _ = shapes[tensor]
        return (
            Read(
                tensor,
                (down, above, high - down - above, height),
                (right, left, wide - right - left, width),
            ),
        )
    if kind in _PIXELWISE or (kind is Concat and op.axis == 2):
        area = node.shape[:2]
        constant = constant_of(op) or ()
        if any(shapes[name][:2] != area for name in node.inputs) or constant[-3:-1] not in _ONE_PIXEL:
            return None
        return tuple(
            [Read(name, (1, 0, 0, area[0]), (1, 0, 0, area[1])) for name in dict.fromkeys(node.inputs)]
        )
    return None


def reads_all(node: Node, read: Read) -> bool:
    """Whether the whole of a node's output needs the whole of a tensor that it reads."""
    (down, _, below, height), (right, _, behind, width) = read.rows, read.columns
    return node.shape[0] * down + below >= height and node.shape[1] * right + behind >= width


def splits(size: int, parts: int) -> list[Interval]:
    """`size` pixels in `parts` intervals whose lengths differ by at most one; `parts` ≤ `size`."""
    return [(part * size // parts, (part + 1) * size // parts) for part in range(parts)]


def needed(reads: AxisReads, tensors: int, output: Interval) -> list[int]:
    """How many pixels of each tensor one interval of the last operator's output needs.

    `reads` are all reads along the axis, in execution order, of `tensors` tensors by number; the
    output of the last operator is the last one.
    """
    low, high = [0] * tensors, [0] * tensors
    low[-1], high[-1] = output
    for target, tensor, step, before, after, size in reversed(reads):
        start, end = low[target], high[target]
        if start >= end:
            continue
        first, last = start * step - before, end * step + after
        if first < 0:
            first = 0
        if last > size:
            last = size
        if low[tensor] < high[tensor]:  # read by another operator too
            first, last = min(first, low[tensor]), max(last, high[tensor])
        low[tensor], high[tensor] = first, last
    return [end - start if end > start else 0 for start, end in zip(low, high, strict=True)]


Reach = tuple[int, int, int]
"""(step, before, after): output interval [low, high) sees [low·step − before, high·step + after).

Of one tensor along one axis, without what is cut off at the image's borders on the way.
"""

HERE: Reach = (1, 0, 0)
"""A tensor seen from itself."""


def through(reach: Reach, read: AxisMap) -> Reach:
    """The reach of an operator that reads where `reach` looks."""
    step, before, after = reach
    return step * read[0], before + read[1] * step, after + read[2] * step


def least_pixels(reach: Reach, size: int, output: int, parts: int) -> int:
    """Pixels of `size` that the largest of `parts` parts of an `output` axis needs at least.

    What lies beyond one border is taken off; what reaches beyond both needs the whole axis.
    """
    step, before, after = reach
    behind = output * step + after - size
    beyond = behind if behind > before else before
    seen = -(-output // parts) * step + before + after - (beyond if beyond > 0 else 0)
    return min(seen, size) if seen > 0 else 0


def least_pixels_inside(reach: Reach, size: int, output: int, parts: int) -> int:
    """As `least_pixels`, looking also at the part behind the first, which may touch no border.

    Where that part sees nothing beyond the image's borders, nothing was cut off on the way either
    (what is cut off at an operator leaves the image at every operator before it), and it needs all.
    """
    least = least_pixels(reach, size, output, parts)
    if parts < 3:
        return least
    step, before, after = reach
    low, high = output // parts * step - before, 2 * output // parts * step + after
    return max(least, high - low) if low >= 0 and high <= size else least
