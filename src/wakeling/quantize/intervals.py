"""Which integers every channel can hold, for any input: interval analysis of an int8 model.

Two images run through the golden arithmetic, the least and the greatest value of every position.
What the answers are good for is in `quantize.eliminate`, `quantize.tame` and the C export.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

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
from wakeling.quantize import arithmetic
from wakeling.quantize.arithmetic import INT32_MAX, FixedMultiplier, IntArray
from wakeling.quantize.interval_sums import SumBounds, output_ends, sum_bounds
from wakeling.quantize.kernels import KERNELS, Values
from wakeling.quantize.kernels.averages import mean_factor
from wakeling.quantize.kernels.elementwise import operand_quants
from wakeling.quantize.model import QuantizedModel
from wakeling.quantize.tensors import LIMITS

__all__ = ["Intervals", "SumBounds", "channel_count", "intervals"]

Ends = Values
"""(2, …): the least value of every position of a tensor, then the greatest."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Intervals:
    """What every integer tensor and every accumulator can be, whatever the input is.

    `low` and `high` have (channels,) integers for each integer tensor, the input included: the last
    axis counts its channels, so a vector has one for each feature. A float32 tensor has none. `sums`
    has what each convolution, depthwise convolution and dense layer accumulates.
    """

    low: Mapping[str, IntArray]
    high: Mapping[str, IntArray]
    sums: Mapping[str, SumBounds]

    def constant(self, tensor: str, channels: int) -> npt.NDArray[np.bool_]:
        """Which of a tensor's channels hold one and the same integer everywhere; none of a float32 one."""
        if tensor not in self.low:
            return np.zeros(channels, bool)
        same: npt.NDArray[np.bool_] = self.low[tensor] == self.high[tensor]
        return same


def channel_count(graph: Graph, tensor: str) -> int:
    """The size of a tensor's last axis; a single number is one channel."""
    shape = graph.shapes[tensor]
    return shape[-1] if shape else 1


def intervals(model: QuantizedModel) -> Intervals:
    """Sound bounds of every channel and every sum; raises UnsupportedOpError for an unknown operator.

    A position's bounds are those of interval arithmetic: exact for one operator, and too wide only
    where two values that are added depend on each other.
    """
    graph = model.graph
    ends: dict[str, Ends] = {}
    sums: dict[str, SumBounds] = {}
    if graph.input_type in LIMITS:
        ends[INPUT] = _whole_range(model, INPUT)
    for node in graph.nodes:
        if node.name not in model.tensors:
            continue
        if isinstance(node.op, Conv2D | DepthwiseConv2D | Dense):
            bounds, accumulated = sum_bounds(model, node, ends[node.inputs[0]])
            sums[node.name] = bounds
            ends[node.name] = output_ends(model, node, bounds, accumulated)
        elif any(name not in ends for name in node.inputs):  # from float32: any integer may come
            ends[node.name] = _whole_range(model, node.name)
        else:
            rule = RULES.get(type(node.op))
            if rule is None:
                raise UnsupportedOpError(operator_name(node.op), "interval")
            ends[node.name] = rule(model, node, tuple(ends[name] for name in node.inputs))
    flat = {name: pair.reshape(2, -1, channel_count(graph, name)) for name, pair in ends.items()}
    return Intervals(
        low=MappingProxyType({name: pair[0].min(axis=0).astype(np.int64) for name, pair in flat.items()}),
        high=MappingProxyType({name: pair[1].max(axis=0).astype(np.int64) for name, pair in flat.items()}),
        sums=MappingProxyType(sums),
    )


Rule = Callable[[QuantizedModel, Node, tuple[Ends, ...]], Ends]


def _whole_range(model: QuantizedModel, tensor: str) -> Ends:
    shape, element = model.graph.shapes[tensor], model.graph.types[tensor]
    return np.stack([np.full(shape, limit, np.dtype(element)) for limit in LIMITS[element]])


def _any_output(model: QuantizedModel, node: Node, inputs: tuple[Ends, ...]) -> Ends:
    return _whole_range(model, node.name)


def _rising(model: QuantizedModel, node: Node, inputs: tuple[Ends, ...]) -> Ends:
    """Of an operator that never falls when an input rises: its kernel on both ends."""
    return KERNELS[type(node.op)](model, node, inputs)


def _corners(model: QuantizedModel, node: Node, inputs: tuple[Ends, ...]) -> Ends:
    """Of an operator that rises or falls in each input on its own: the extremes of all combinations.

    A tensor that meets itself is at the same end twice; its square is least at the zero point, or at
    the value nearest to it.
    """
    if len(set(node.inputs)) < len(inputs):
        nearest = np.clip(model.tensors[node.inputs[0]].zero_point, *inputs[0])[np.newaxis]
        batch = (np.concatenate([inputs[0], nearest.astype(inputs[0].dtype)]),) * len(inputs)
    else:
        chosen = list(product((0, 1), repeat=len(inputs)))
        batch = tuple(ends[[choice[index] for choice in chosen]] for index, ends in enumerate(inputs))
    made = KERNELS[type(node.op)](model, node, batch)
    return np.stack([made.min(axis=0), made.max(axis=0)])


def _unless_it_wraps(largest: int, factor: FixedMultiplier, rule: Rule) -> Rule:
    """`rule` where `largest` (an absolute value) survives the factor's left shift; else anything goes."""
    fits = largest << int(max(factor.shift.max(), 0)) <= INT32_MAX
    return rule if fits else _any_output


def _mul(model: QuantizedModel, node: Node, inputs: tuple[Ends, ...]) -> Ends:
    left, right = operand_quants(model, node)
    factor = arithmetic.fixed_multiplier(left.scale * right.scale / model.tensors[node.name].scale)
    return _unless_it_wraps(255 * 255, factor, _corners)(model, node, inputs)


def _mean(model: QuantizedModel, node: Node, inputs: tuple[Ends, ...]) -> Ends:
    op = node.op
    assert isinstance(op, Mean)
    count = int(np.prod([inputs[0].shape[axis + 1] for axis in op.axes]))
    rescale = model.tensors[node.inputs[0]].scale / model.tensors[node.name].scale
    return _unless_it_wraps(255 * count, mean_factor(rescale, count), _rising)(model, node, inputs)


def _quantize(model: QuantizedModel, node: Node, inputs: tuple[Ends, ...]) -> Ends:
    factor = arithmetic.fixed_multiplier(model.tensors[node.inputs[0]].scale / model.tensors[node.name].scale)
    return _unless_it_wraps(255, factor, _rising)(model, node, inputs)


def _activation(model: QuantizedModel, node: Node, inputs: tuple[Ends, ...]) -> Ends:
    """Every int8 value through the kernel, then the extremes of each pair of ends."""
    values = np.arange(arithmetic.INT8_MIN, arithmetic.INT8_MAX + 1).astype(np.int8)
    table = KERNELS[Activation](model, node, (values,))
    least, greatest = (np.zeros((256, 256), np.int8) for _ in range(2))
    for first in range(256):
        least[first, first:] = np.minimum.accumulate(table[first:])
        greatest[first, first:] = np.maximum.accumulate(table[first:])
    low, high = inputs[0].astype(np.int64) - arithmetic.INT8_MIN
    return np.stack([least[low, high], greatest[low, high]])


RULES: Mapping[type[Operator], Rule] = MappingProxyType(
    {
        # Sums cannot wrap: `quantize.rules` keeps an add's factors below one.
        **dict.fromkeys((Add, Sub), _corners),
        **dict.fromkeys((AveragePool2D, MaxPool2D, Concat, Pad, Reshape, Transpose, StridedSlice), _rising),
        Mul: _mul,
        Mean: _mean,
        Quantize: _quantize,
        Activation: _activation,
        Softmax: _any_output,
    }
)
"""How ends become ends; weighted operators are in `quantize.interval_sums`, float32 results have none."""
