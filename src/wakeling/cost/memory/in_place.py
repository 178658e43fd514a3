"""Who may write over its input in our own C, why that is safe, and which rows are kept for it.

That the input dies there is checked in `storage`; how large windows and rows are is in `scratch`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from wakeling.cost.memory.scratch import is_read_in_time, ring_bytes
from wakeling.cost.memory.storage import IN_PLACE, InPlace, Pads
from wakeling.cost.memory.windows import margins_of
from wakeling.graph import Graph, Node
from wakeling.ops import (
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    MaxPool2D,
    Operator,
    Shape,
    StridedSlice,
)


def is_pointwise(node: Node, pads: Pads) -> bool:
    """Whether a node is a convolution whose pixel i reads pixel i of its input and nothing else."""
    op = node.op
    return (
        type(op) is Conv2D
        and op.kernel == op.stride == (1, 1)
        and op.groups == 1
        and node.inputs[0] not in pads
    )


def _slice_in_place(graph: Graph, node: Node, operand: str, size_bytes: int, pads: Pads) -> int | None:
    """Value i comes from position i or behind it."""
    return 0


def _convolution_in_place(graph: Graph, node: Node, operand: str, size_bytes: int, pads: Pads) -> int | None:
    """Pointwise over any input; else through a ring of rows, where rows are read in time.

    A pointwise convolution with no more output than input channels goes forward, else backward: the
    outputs that are written cover only pixels whose windows have been gathered.
    """
    op = node.op
    assert isinstance(op, Conv2D)
    if op.groups != 1 or graph.types[operand] != graph.types[node.name]:
        return None
    if is_pointwise(node, pads):
        return 0
    pad, target = pads.get(operand), node.shape
    if pad is not None and op.kernel == (1, 1):
        return None
    source = operand if pad is None else pad.inputs[0]
    height, width, channels = graph.shapes[source]
    ring = ring_bytes(node, graph, (height, width))
    if ring >= min(graph.sizes[source], graph.sizes[node.name]):
        return None
    above = margins_of(op, graph.shapes[operand], pad)[0]
    output = target[0], target[1] * target[2]
    return ring if is_read_in_time(op, above, height, width * channels, output) else None


def _depthwise_in_place(graph: Graph, node: Node, operand: str, size_bytes: int, pads: Pads) -> int | None:
    """Through the rows of channels that it needs anyway."""
    op = node.op
    assert isinstance(op, DepthwiseConv2D)
    if op.multiplier != 1 or _image_in_time(graph, node, operand, size_bytes, pads) is None:
        return None
    return 0


def _pool_in_place(graph: Graph, node: Node, operand: str, size_bytes: int, pads: Pads) -> int | None:
    """Straight from the image, where no window sees a margin above or left; else through a ring."""
    op: Any = node.op  # one of the two pools
    image = _image_in_time(graph, node, operand, size_bytes, pads)
    if image is None:
        return None
    if margins_of(op, graph.shapes[operand], pads.get(operand)) == (0, 0):
        return 0
    ring = ring_bytes(node, graph, (image[0], image[1]))
    return ring if ring < graph.sizes[node.name] else None


def _image_in_time(graph: Graph, node: Node, operand: str, size_bytes: int, pads: Pads) -> Shape | None:
    """The image that windows of single channels slide over, if the output may lie over it.

    It must be no larger in rows, columns and bytes, and its rows must be read in time: of each channel
    alone, since a channel's values are written over values of that channel only.
    """
    op: Any = node.op  # a depthwise convolution or a pool
    target, pad = node.shape, pads.get(operand)
    image = graph.shapes[operand if pad is None else pad.inputs[0]]
    if graph.sizes[node.name] > size_bytes or target[0] > image[0] or target[1] > image[1]:
        return None
    above = margins_of(op, graph.shapes[operand], pad)[0]
    is_safe = is_read_in_time(op, above, image[0], image[1], (target[0], target[1]))
    return image if is_safe else None


OWN_C_IN_PLACE: Mapping[type[Operator], InPlace] = MappingProxyType(
    {
        **IN_PLACE,
        StridedSlice: _slice_in_place,
        Conv2D: _convolution_in_place,
        DepthwiseConv2D: _depthwise_in_place,
        AveragePool2D: _pool_in_place,
        MaxPool2D: _pool_in_place,
    }
)
"""What may write over its input, and with a ring of how many bytes (see `wakeling_c`)."""
