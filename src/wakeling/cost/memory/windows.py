"""Where a windowed operator reads: its kernel's extent and its margins, a fused `Pad` counted in.

For the planners that fuse padding or cut images into patches.
"""

from __future__ import annotations

from wakeling.graph import Graph, Node
from wakeling.ops import AveragePool2D, Conv2D, DepthwiseConv2D, MaxPool2D, Pad, Pair, Shape, window_extent

WindowedOp = Conv2D | DepthwiseConv2D | AveragePool2D | MaxPool2D
WINDOWED = (Conv2D, DepthwiseConv2D, AveragePool2D, MaxPool2D)
_POOLS = (AveragePool2D, MaxPool2D)


def extent_of(op: WindowedOp) -> Pair:
    """Rows and columns from the first tap of the window to the last."""
    if isinstance(op, _POOLS):
        return op.pool
    if op.dilation == (1, 1):
        return op.kernel
    return window_extent(op.kernel[0], op.dilation[0]), window_extent(op.kernel[1], op.dilation[1])


def margins_of(op: WindowedOp, source: Shape, pad: Node | None = None) -> Pair:
    """Rows above the image and columns left of it that windows see.

    `source` is the shape of the operator's input. `pad` is the `Pad` node that made it, where the
    operator does the padding itself; then the image is the pad's input.
    """
    above = left = 0
    if op.padding == "same":
        (rows, columns), (down, right) = extent_of(op), op.stride
        height, width = source[0], source[1]
        above = max((-(-height // down) - 1) * down + rows - height, 0) // 2
        left = max((-(-width // right) - 1) * right + columns - width, 0) // 2
    if pad is not None:
        assert isinstance(pad.op, Pad)
        above, left = above + pad.op.rows[0], left + pad.op.columns[0]
    return above, left


def fused_pads(graph: Graph) -> dict[str, Node]:
    """The `Pad` nodes that need no buffer: every reader slides a window and can pad by itself.

    A pad of channels, and one whose output is the network's, is none of these.
    """
    found = {}
    for node in graph.nodes:
        if isinstance(node.op, Pad) and node.op.channels == (0, 0) and node.name != graph.output:
            readers = graph.consumers[node.name]
            if readers and all(isinstance(reader.op, WINDOWED) for reader in readers):
                found[node.name] = node
    return found
