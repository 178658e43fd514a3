"""What the kernels of our own C need beside their tensors: windows, rows of channels, rings of rows.

Sizes in bytes, callable by whoever writes the C. Who works in place is in `in_place`, when a buffer is
held in `wakeling_c`.
"""

from __future__ import annotations

from typing import Any

from wakeling.cost.memory.windows import WindowedOp, extent_of
from wakeling.graph import Graph, Node
from wakeling.ops import ELEMENT_BYTES, Conv2D, DepthwiseConv2D, Pair

PIXELS_AT_ONCE = 3
"""Windows that a convolution gathers before it writes the first of their outputs."""

LANES = 4
"""Channels that a depthwise convolution or a pool takes at a time, each group from top to bottom."""

READ_BEYOND = 3
"""Pixels behind the last window that a kernel may load with it."""


def filled(size: int, multiple: int) -> int:
    """`size` filled up to a multiple."""
    return (size + multiple - 1) // multiple * multiple


def windows_bytes(node: Node, graph: Graph) -> int:
    """Three gathered windows of a convolution, of one group: the first part of its scratch.

    A window of n = kernel rows × columns × channels of a group is n int16 values filled up to fours
    (cores with the DSP extension) or n int8 values filled up to sixteens (Helium), whichever is more:
    3 · max(2·⌈n⌉₄, ⌈n⌉₁₆). A ring of rows, where there is one, begins right behind, at a multiple of 8.
    Elements of other types than int8 take as many times more.
    """
    op, source = node.op, node.inputs[0]
    assert isinstance(op, Conv2D)
    values = op.kernel[0] * op.kernel[1] * (graph.shapes[source][2] // op.groups)
    window = max(2 * filled(values, 4), filled(values, 16))
    return PIXELS_AT_ONCE * window * ELEMENT_BYTES[graph.types[source]]


def rows_bytes(node: Node, graph: Graph, columns: int | None = None) -> int:
    """The rows that a row of a depthwise convolution's windows sees, margins filled in: all its scratch.

    `columns` of the output are computed at a time: a patch's, or (None) all. Each of the extent's rows
    holds ⌈span⌉₄ pixels, with span = (columns − 1) · stride + extent + 3 columns, of four channels as
    int8 (Helium) or of one as int16 (DSP). Elements of other types take as many times more.
    """
    rows, per_element, stride, span = row_terms(node, graph)
    width = node.shape[1] if columns is None else columns
    return rows * filled((width - 1) * stride + span, 4) * per_element


def row_terms(node: Node, graph: Graph) -> tuple[int, int, int, int]:
    """(rows, bytes of a pixel, stride, columns beyond the last window's first) for `rows_bytes`."""
    op = node.op
    assert isinstance(op, DepthwiseConv2D)
    rows, wide = extent_of(op)
    return rows, LANES * ELEMENT_BYTES[graph.types[node.inputs[0]]], op.stride[1], wide + READ_BEYOND


def ring_bytes(node: Node, graph: Graph, image: Pair) -> int:
    """The rows of its input that a pool or a convolution keeps so that it can work in place.

    `image` is the height and width of what it reads: a fused pad's input, or the part of it that a
    patch needs. min(extent's rows, height) · width pixels: of all channels for a convolution, behind
    its windows; of up to four for a pool.
    """
    op: Any = node.op  # one of WINDOWED
    return min(extent_of(op)[0], image[0]) * image[1] * ring_pixel_bytes(node, graph)


def ring_pixel_bytes(node: Node, graph: Graph) -> int:
    """Bytes of a pixel in `ring_bytes`."""
    source = node.inputs[0]
    channels = graph.shapes[source][2]
    kept = channels if isinstance(node.op, Conv2D) else min(LANES, channels)
    return kept * ELEMENT_BYTES[graph.types[source]]


def is_read_in_time(op: WindowedOp, above: int, height: int, row: int, output: Pair) -> bool:
    """Whether all rows of the output lie over rows of the image that are in scratch by then.

    Before row r of the output is computed, L(r) = min(height, max(0, r·stride − above + extent)) rows of
    the image have been copied. Row r ends at `output[1]` · (r + 1) and may not reach beyond `row` · L(r),
    unless all is copied; `row` and `output[1]` are a row of the image and of the output in one unit.
    Both sides are linear in r until L(r) = height, so that the first and the last such row decide.
    """
    stride, output_row = op.stride[0], output[1]
    lead = extent_of(op)[0] - above
    last = min((height - 1 - lead) // stride, output[0] - 1)
    if last < 0:
        return True
    return output_row <= row * lead and output_row * (last + 1) <= row * (last * stride + lead)
