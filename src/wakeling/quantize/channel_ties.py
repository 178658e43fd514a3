"""Which channels must be kept or dropped together: the rule of every operator, and the groups they make.

Which groups are needed is decided in `quantize.eliminate`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from wakeling.errors import UnsupportedOpError
from wakeling.graph import INPUT, Graph, Node
from wakeling.ops import (
    Activation,
    Add,
    AveragePool2D,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dequantize,
    MaxPool2D,
    Mean,
    Mul,
    Operator,
    Pad,
    Quantize,
    Reshape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
    operator_name,
)
from wakeling.quantize.arithmetic import IntArray
from wakeling.quantize.intervals import channel_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """What one operator asks for.

    `links` are (input tensor, its channels, the output's channels): each pair is kept or dropped as
    one. All channels of the tensors in `fixed` must stay.
    """

    links: tuple[tuple[str, IntArray, IntArray], ...] = ()
    fixed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChannelGroups:
    """Every channel of every tensor, in groups that stay or go as one.

    `groups[tensor]` has the group's number of each channel, `fixed` the groups that must stay.
    """

    groups: Mapping[str, IntArray]
    count: int
    fixed: IntArray


def channel_groups(graph: Graph) -> ChannelGroups:
    """The groups that all operators' ties make; raises UnsupportedOpError for an unknown operator."""
    counts = {name: channel_count(graph, name) for name in graph.shapes}
    starts = dict(zip(counts, np.cumsum([0, *counts.values()]).tolist(), strict=False))
    parents = list(range(sum(counts.values())))
    fixed = {INPUT, graph.output}
    fixed.update(name for name, element in graph.types.items() if element == "float32")
    for node in graph.nodes:
        rule = TIES.get(type(node.op))
        if rule is None:
            raise UnsupportedOpError(operator_name(node.op), "channel tie")
        ties = rule(graph, node)
        fixed.update(ties.fixed)
        for name, channels, made in ties.links:
            for left, right in zip(
                (starts[name] + channels).tolist(), (starts[node.name] + made).tolist(), strict=True
            ):
                parents[_root(parents, right)] = _root(parents, left)
    roots = np.array([_root(parents, index) for index in range(len(parents))])
    _, numbers = np.unique(roots, return_inverse=True)
    groups = {name: numbers[start : start + counts[name]] for name, start in starts.items()}
    return ChannelGroups(
        groups=MappingProxyType(groups),
        count=int(numbers.max()) + 1,
        fixed=np.unique(np.concatenate([groups[name] for name in sorted(fixed)])),
    )


def _root(parents: list[int], index: int) -> int:
    while parents[index] != index:
        parents[index] = parents[parents[index]]
        index = parents[index]
    return index


Rule = Callable[[Graph, Node], Ties]


def _barrier(graph: Graph, node: Node) -> Ties:
    return Ties(fixed=(*node.inputs, node.name))


def _absorbs(graph: Graph, node: Node) -> Ties:
    return Ties()


def _convolution(graph: Graph, node: Node) -> Ties:
    """One group reads any channels and makes any filters; several are left alone."""
    assert isinstance(node.op, Conv2D)
    return Ties() if node.op.groups == 1 else _barrier(graph, node)


def _channelwise(graph: Graph, node: Node) -> Ties:
    return Ties(links=tuple(_same(graph, node, name) for name in node.inputs))


def _same(graph: Graph, node: Node, name: str) -> tuple[str, IntArray, IntArray]:
    channels = np.arange(channel_count(graph, node.name))
    return name, channels, channels


def _depthwise(graph: Graph, node: Node) -> Ties:
    """Filters go with the channel that they read; of a single one, there may be any number."""
    assert isinstance(node.op, DepthwiseConv2D)
    if channel_count(graph, node.inputs[0]) == 1:
        return Ties()
    made = np.arange(node.shape[-1])
    return Ties(links=((node.inputs[0], made // node.op.multiplier, made),))


def _elementwise(graph: Graph, node: Node) -> Ties:
    """Operands with the output's channels are tied to it; one that is spread over them stays."""
    channels = channel_count(graph, node.name)
    whole = [name for name in node.inputs if channel_count(graph, name) == channels]
    spread = tuple(name for name in node.inputs if name not in whole)
    return Ties(links=tuple(_same(graph, node, name) for name in whole), fixed=spread)


def _concat(graph: Graph, node: Node) -> Ties:
    assert isinstance(node.op, Concat)
    if node.op.axis != len(node.shape) - 1:
        return _channelwise(graph, node)
    links, first = [], 0
    for name in node.inputs:
        channels = np.arange(channel_count(graph, name))
        links.append((name, channels, first + channels))
        first += len(channels)
    return Ties(links=tuple(links))


def _mean(graph: Graph, node: Node) -> Ties:
    assert isinstance(node.op, Mean)
    last = len(graph.shapes[node.inputs[0]]) - 1
    return _barrier(graph, node) if last in node.op.axes else _channelwise(graph, node)


def _pad(graph: Graph, node: Node) -> Ties:
    """Channels of zeros that a pad adds are tied to nothing."""
    assert isinstance(node.op, Pad)
    channels = np.arange(channel_count(graph, node.inputs[0]))
    return Ties(links=((node.inputs[0], channels, node.op.channels[0] + channels),))


def _reshape(graph: Graph, node: Node) -> Ties:
    """Where one last axis divides the other, the longer one's values go round the shorter one's."""
    source, made = channel_count(graph, node.inputs[0]), channel_count(graph, node.name)
    shapes = graph.shapes[node.inputs[0]], node.shape
    if () in shapes or (source % made and made % source):
        return _barrier(graph, node)
    longer = np.arange(max(source, made))
    return Ties(links=((node.inputs[0], longer % source, longer % made),))


def _transpose(graph: Graph, node: Node) -> Ties:
    assert isinstance(node.op, Transpose)
    stays = node.op.order[-1:] == (len(node.op.order) - 1,)
    return _channelwise(graph, node) if stays else _barrier(graph, node)


def _strided_slice(graph: Graph, node: Node) -> Ties:
    """A run of neighboring channels stays one when some of them go; every second channel does not."""
    assert isinstance(node.op, StridedSlice)
    if node.op.strides[-1:] != (1,):
        return _barrier(graph, node)
    made = np.arange(node.shape[-1])
    return Ties(links=((node.inputs[0], node.op.begin[-1] + made, made),))


TIES: Mapping[type[Operator], Rule] = MappingProxyType(
    {
        Conv2D: _convolution,
        Dense: _absorbs,
        DepthwiseConv2D: _depthwise,
        **dict.fromkeys((Add, Sub, Mul), _elementwise),
        **dict.fromkeys((Activation, AveragePool2D, MaxPool2D, Quantize, Dequantize), _channelwise),
        Concat: _concat,
        Mean: _mean,
        Pad: _pad,
        Reshape: _reshape,
        Softmax: _barrier,
        StridedSlice: _strided_slice,
        Transpose: _transpose,
    }
)
"""The ties of every operator of a fused graph."""
