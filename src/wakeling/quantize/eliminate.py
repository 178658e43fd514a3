"""Exact elimination: a smaller model that computes the same integers for every possible input.

What is constant comes from `quantize.intervals`, what hangs together from `quantize.channel_ties`.
Constant channels that stay in the network are made harmless in `quantize.tame`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from wakeling.cost.counts import count
from wakeling.cost.flash.model import REQUANTIZATION_BYTES
from wakeling.cost.parameters import BIAS_BYTES, WEIGHT_BYTES, parameters
from wakeling.graph import Graph, Node, weight_key
from wakeling.ops import Conv2D, Dense, DepthwiseConv2D, same_padding, window_extent
from wakeling.quantize import arithmetic
from wakeling.quantize.arithmetic import IntArray
from wakeling.quantize.channel_ties import ChannelGroups, channel_groups
from wakeling.quantize.intervals import Intervals, channel_count, intervals
from wakeling.quantize.model import QuantizedModel
from wakeling.quantize.shrink import shrink
from wakeling.quantize.tame import tame

__all__ = ["Elimination", "ModelSize", "eliminate", "model_size", "tame"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSize:
    """What a model's weighted operators take; every figure is computed.

    `channels` counts the outputs of convolutions, depthwise convolutions and dense layers;
    `weight_bytes` the int8 weights and constant operands, `bias_bytes` the int32 biases and
    `requantization_bytes` a 32-bit multiplier and shift for each of those channels.
    """

    channels: int
    macs: int
    weight_bytes: int
    bias_bytes: int
    requantization_bytes: int

    @property
    def flash_bytes(self) -> int:
        """Weights, biases and requantization together."""
        return self.weight_bytes + self.bias_bytes + self.requantization_bytes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Elimination:
    """A smaller model, and which of the original's channels its tensors hold.

    `kept[tensor]` are the original channel numbers, in order, of every tensor; nodes have the same
    names in both models. `node_channels` is (before, after) for each node.
    """

    model: QuantizedModel
    kept: Mapping[str, tuple[int, ...]]
    node_channels: Mapping[str, tuple[int, int]]
    before: ModelSize
    after: ModelSize

    @property
    def summary(self) -> str:
        """One line: what is gone."""
        gone = self.before.channels - self.after.channels
        if gone == 0:
            return f"all {self.before.channels:,} channels of weighted layers are needed"
        return (
            f"dropped {gone:,} of {self.before.channels:,} channels of weighted layers, "
            f"proved not to matter: "
            f"MACs {self.before.macs:,} to {self.after.macs:,}, weights and tables "
            f"{self.before.flash_bytes:,} to {self.after.flash_bytes:,} bytes"
        )


def eliminate(model: QuantizedModel) -> Elimination:
    """Drop every channel that no output depends on; the rest computes what it did, bit for bit.

    A channel is needed where a kept filter multiplies it by a weight other than zero, unless it is
    constant: then its products go into the filter's bias, modulo 2^32 as the accumulator wraps. The
    input, the output and what only whole tensors can be computed from keep all channels, and every
    tensor keeps one. Kept channels have the weights and scales that they had.
    """
    graph = model.graph
    bounds, groups = intervals(model), channel_groups(graph)
    readers = tuple(_reader(model, bounds, node) for node in graph.nodes if _absorbs(node))
    needed = np.zeros(groups.count, bool)
    needed[groups.fixed] = True
    _spread(needed, groups, readers)
    for tensor in reversed(tuple(graph.shapes)):
        if not needed[groups.groups[tensor]].any():
            needed[groups.groups[tensor][0]] = True
            _spread(needed, groups, readers)
    kept = {tensor: np.flatnonzero(needed[numbers]) for tensor, numbers in groups.groups.items()}
    size = model_size(model)
    small = model
    if not needed.all():
        small = shrink(model, kept, {**model.biases, **_folded_biases(model, readers, kept)})
    return Elimination(
        model=small,
        kept=MappingProxyType({tensor: tuple(channels.tolist()) for tensor, channels in kept.items()}),
        node_channels=MappingProxyType(
            {node.name: (channel_count(graph, node.name), len(kept[node.name])) for node in graph.nodes}
        ),
        before=size,
        after=size if small is model else model_size(small),
    )


def model_size(model: QuantizedModel) -> ModelSize:
    """Channels, MACs and bytes of a model."""
    graph = model.graph
    sources = [(node, graph.shapes[node.inputs[0]]) for node in graph.nodes]
    numbers = [parameters(node.op, source) for node, source in sources]
    channels = sum(
        node.shape[-1] for node in graph.nodes if isinstance(node.op, Conv2D | DepthwiseConv2D | Dense)
    )
    return ModelSize(
        channels=channels,
        macs=sum(count(node.op, source, node.shape).macs for node, source in sources),
        weight_bytes=WEIGHT_BYTES * sum(part.weights for part in numbers),
        bias_bytes=BIAS_BYTES * sum(part.biases for part in numbers),
        requantization_bytes=REQUANTIZATION_BYTES * channels,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Reader:
    """An operator that may do without some of its input channels.

    `needs` (outputs, inputs) says which input channels each filter cannot do without. `constants`
    (inputs,) is value − zero point where the products with a channel are constant, else 0.
    """

    node: Node
    needs: Mask
    constants: IntArray
    weight_sums: IntArray


def _absorbs(node: Node) -> bool:
    return isinstance(node.op, Dense) or (isinstance(node.op, Conv2D) and node.op.groups == 1)


def _reader(model: QuantizedModel, bounds: Intervals, node: Node) -> _Reader:
    source, graph = node.inputs[0], model.graph
    weight = model.weights[weight_key(node, "weight")].astype(np.int64)
    taps = tuple(range(1, weight.ndim - 1))
    constant = bounds.constant(source, channel_count(graph, source))
    distance = bounds.low[source] - model.tensors[source].zero_point
    foldable = constant & ((distance == 0) | (not _sees_padding(graph, node)))
    if weight_key(node, "bias") not in model.biases and bounds.sums[node.name].may_wrap.any():
        foldable &= distance == 0  # a sum without a bias is not wrapped to 32 bits
    return _Reader(
        node=node,
        needs=(weight != 0).any(axis=taps) & ~foldable,
        constants=np.where(foldable, distance, 0),
        weight_sums=weight.sum(axis=taps),
    )


def _sees_padding(graph: Graph, node: Node) -> bool:
    """Whether any window of the operator reaches beyond its input."""
    op = node.op
    if not isinstance(op, Conv2D) or op.padding == "valid":
        return False
    axes = zip(graph.shapes[node.inputs[0]][:2], op.kernel, op.dilation, op.stride, strict=True)
    return any(
        any(same_padding(size, window_extent(kernel, dilation), stride))
        for size, kernel, dilation, stride in axes
    )


def _spread(needed: Mask, groups: ChannelGroups, readers: tuple[_Reader, ...]) -> None:
    """Mark all groups in `needed` that the marked ones need: from the output back, until none is new."""
    while True:
        marked = int(needed.sum())
        for reader in reversed(readers):
            filters = needed[groups.groups[reader.node.name]]
            wanted = reader.needs[filters].any(axis=0)
            needed[groups.groups[reader.node.inputs[0]][wanted]] = True
        if int(needed.sum()) == marked:
            return


def _folded_biases(
    model: QuantizedModel, readers: tuple[_Reader, ...], kept: Mapping[str, IntArray]
) -> dict[str, npt.NDArray[np.int32]]:
    """The biases, whole, that take up the constant products of dropped channels."""
    folded = {}
    for reader in readers:
        constants = reader.constants.copy()
        constants[kept[reader.node.inputs[0]]] = 0
        moved = reader.weight_sums @ constants
        if moved.any():
            key = weight_key(reader.node, "bias")
            bias = model.biases.get(key, np.zeros(len(moved), np.int32)).astype(np.int64)
            folded[key] = arithmetic.wrap_int32(bias + moved).astype(np.int32)
    return folded
