"""Which part of every tensor one patch of an image needs, axis by axis.

Rows and columns do not depend on each other: a region is an interval of rows times one of columns.
Which patches pay is in `patched`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    Pad,
    Quantize,
    Softmax,
    StridedSlice,
    Sub,
)

Interval = tuple[int, int]

AxisMap = tuple[int, int, int, int]
"""Along one axis, output interval [low, high) reads input interval [low·a − b, high·a + c), cut to [0, d)."""

AxisReads = list[list[tuple[str, AxisMap]]]
"""What each operator reads along one axis."""

_PIXELWISE: frozenset[type[Operator]] = frozenset(
    (Activation, Add, BatchNorm, Dequantize, Mul, Quantize, Softmax, Sub)
)
"""Operators whose every pixel reads that same pixel of the operands."""


class Read(NamedTuple):
    """One tensor that an operator reads, and where along rows and columns (a fused pad is seen through)."""

    tensor: str
    rows: AxisMap
    columns: AxisMap


def local_reads(graph: Graph, node: Node, pads: Mapping[str, Node]) -> tuple[Read, ...] | None:
    """What an operator reads if each pixel of its output needs a window around one place only.

    None for any other operator (a reshape, a dense layer, a mean), which needs whole images. `pads`
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
        if any(len(shapes[name]) != 3 for name in node.inputs):
            return None
        return tuple([_pixel(name, shapes[name], node.shape) for name in dict.fromkeys(node.inputs)])
    if kind is Pad:
        height, width, _ = shapes[source]
        above, left = op.rows[0], op.columns[0]
        return (Read(source, (1, above, -above, height), (1, left, -left, width)),)
    if kind is StridedSlice and (op.begin[2], op.strides[2], op.end[2]) == (0, 1, shapes[source][2]):
        rows, columns = (
            (
                op.strides[axis],
                -op.begin[axis],
                op.begin[axis] + 1 - op.strides[axis],
                shapes[source][axis],
            )
            for axis in (0, 1)
        )
        return (Read(source, rows, columns),)
    return None


def reads_all(node: Node, reads: tuple[Read, ...]) -> bool:
    """Whether the whole of a node's output needs the whole of every tensor that it reads."""
    height, width = node.shape[:2]
    return all(
        height * rows[0] + rows[2] >= rows[3] and width * columns[0] + columns[2] >= columns[3]
        for _, rows, columns in reads
    )


def _pixel(name: str, source: tuple[int, ...], target: tuple[int, ...]) -> Read:
    """The same pixel; the only one along an axis that is broadcast."""
    rows, columns = (
        (1, 0, 0, source[axis]) if source[axis] == target[axis] else (0, 0, 1, 1) for axis in (0, 1)
    )
    return Read(name, rows, columns)


def splits(size: int, parts: int) -> list[Interval]:
    """`size` pixels in `parts` intervals whose lengths differ by at most one; `parts` ≤ `size`."""
    return [(part * size // parts, (part + 1) * size // parts) for part in range(parts)]


def needed(names: Sequence[str], reads: AxisReads, output: Interval) -> dict[str, Interval]:
    """The interval of every tensor that one interval of the last operator's output needs.

    `names` are the operators' outputs in execution order, `reads` what each reads along the axis. A
    tensor of which nothing is needed is missing.
    """
    low = {names[-1]: output[0]}
    high = {names[-1]: output[1]}
    for name, sources in zip(reversed(names), reversed(reads), strict=True):
        start, end = low.get(name, 0), high.get(name, 0)
        if start >= end:
            continue
        for tensor, (step, before, after, size) in sources:
            first, last = start * step - before, end * step + after
            if first < 0:
                first = 0
            if last > size:
                last = size
            if tensor in low:
                first, last = min(first, low[tensor]), max(last, high[tensor])
            low[tensor], high[tensor] = first, last
    return {name: (start, high[name]) for name, start in low.items() if start < high[name]}


def axis_reads(reads: Sequence[tuple[Read, ...]], axis: int) -> AxisReads:
    """The reads along one axis (0: rows, 1: columns)."""
    if axis == 0:
        return [[(read.tensor, read.rows) for read in one] for one in reads]
    return [[(read.tensor, read.columns) for read in one] for one in reads]


class Reach(NamedTuple):
    """Along one axis, output interval [low, high) sees [low·step − before, high·step + after) of a tensor.

    Without what is cut off at the image's borders on the way.
    """

    step: int
    before: int
    after: int

    def through(self, read: AxisMap) -> Reach:
        """The reach of an operator that reads where this one looks."""
        step, before, after, _ = read
        return Reach(self.step * step, self.before + before * self.step, self.after + after * self.step)

    def least(self, size: int, output: int, parts: int) -> int:
        """Pixels of `size` that the largest of `parts` parts of an `output` axis needs at least.

        What lies beyond one border is taken off; what reaches beyond both needs the whole axis.
        """
        beyond = max(self.before, output * self.step + self.after - size, 0)
        return min(size, -(-output // parts) * self.step + self.before + self.after - beyond)


HERE = Reach(1, 0, 0)
"""A tensor seen from itself."""
