"""What convolutions and dense layers can accumulate, and what their outputs can then be.

The other operators are in `quantize.intervals`; the arithmetic that is bounded is in
`quantize.kernels.sums`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wakeling.graph import Node, weight_key
from wakeling.ops import Conv2D, Dense, DepthwiseConv2D, Pair, activation_of
from wakeling.quantize import arithmetic
from wakeling.quantize.arithmetic import INT32_MAX, INT32_MIN, IntArray
from wakeling.quantize.kernels import Values
from wakeling.quantize.kernels.kernel import factors_of
from wakeling.quantize.kernels.slide import slide
from wakeling.quantize.model import QuantizedModel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SumBounds:
    """What the accumulators of a weighted operator can be, (output channels,) of int64 each.

    `low` and `high` bound the finished sum with its bias, before it is wrapped to 32 bits; padding
    counts as zero. `partial` bounds |bias + any part of the products w · (q − zero point)|, whatever
    the order of summing is; `raw_partial` does the same for the products w · q, with the bias
    that holds the zero points (bias − zero point · Σw, as an integer of any size). There, a position
    in the padding holds the zero point.
    """

    low: IntArray
    high: IntArray
    partial: IntArray
    raw_partial: IntArray

    @property
    def may_wrap(self) -> npt.NDArray[np.bool_]:
        """Which channels' sums may leave int32."""
        wraps: npt.NDArray[np.bool_] = (self.low < INT32_MIN) | (self.high > INT32_MAX)
        return wraps


def sum_bounds(model: QuantizedModel, node: Node, ends: Values) -> tuple[SumBounds, IntArray]:
    """The bounds of a node's sums by channel, and by position (2, …, output channels).

    `ends` are the least and greatest inputs (2, …). A product w · q is extreme at an end of q, so
    Σ (low + high) · w ∓ Σ (high − low) · |w| is twice the least and the greatest sum.
    """
    zero_point = model.tensors[node.inputs[0]].zero_point
    low, high = ends.astype(np.int32)
    twice_middle, width = low + high - 2 * zero_point, high - low
    weight = model.weights[weight_key(node, "weight")]
    middle = _sums(node, weight, twice_middle[np.newaxis])[0]
    spread = _sums(node, np.abs(weight.astype(np.int16)), width[np.newaxis])[0]
    bias = model.biases.get(weight_key(node, "bias"), np.zeros(node.shape[-1], np.int32)).astype(np.int64)
    by_position = np.stack([(middle - spread) // 2, (middle + spread) // 2]) + bias
    flat = by_position.reshape(2, -1, node.shape[-1])
    channels = ends.reshape(2, -1, ends.shape[-1]).astype(np.int64)
    values = np.stack([channels[0].min(axis=0), channels[1].max(axis=0)])
    whole = _weight_sums(node, weight, np.ones(values.shape[1], np.int64))
    magnitude = _weight_sums(node, np.abs(weight.astype(np.int64)), np.abs(values - zero_point).max(axis=0))
    held = np.maximum(np.abs(values).max(axis=0), abs(zero_point))
    raw_magnitude = _weight_sums(node, np.abs(weight.astype(np.int64)), held)
    bounds = SumBounds(
        low=flat[0].min(axis=0),
        high=flat[1].max(axis=0),
        partial=np.abs(bias) + magnitude,
        raw_partial=np.abs(bias - zero_point * whole) + raw_magnitude,
    )
    return bounds, by_position


def output_ends(model: QuantizedModel, node: Node, bounds: SumBounds, accumulated: IntArray) -> Values:
    """The least and greatest outputs (2, …) of accumulators (2, …, output channels).

    Requantizing never falls as the sum rises, unless the sum or its left shift leaves 32 bits: such
    a channel can be anything that the fused activation lets through.
    """
    output = model.tensors[node.name]
    factor = arithmetic.fixed_multiplier(factors_of(model, node))
    left = np.maximum(factor.shift, 0)
    wraps = (bounds.low << left < INT32_MIN) | (bounds.high << left > INT32_MAX)
    within = np.where(wraps, 0, accumulated)
    limits = arithmetic.activation_range(activation_of(node.op), output)
    scaled = arithmetic.multiply_by_quantized_multiplier(within, factor)
    made = arithmetic.to_int8(scaled, output.zero_point, limits)
    made[0][..., wraps], made[1][..., wraps] = limits
    return made


def _sums(node: Node, weight: npt.NDArray[np.int8 | np.int16], values: npt.NDArray[np.int32]) -> IntArray:
    """Σ weight · value at every output position (batch, …, output channels); padding is zero."""
    op = node.op
    if isinstance(op, Dense):
        return _matmul(values, weight)
    assert isinstance(op, Conv2D | DepthwiseConv2D)
    if isinstance(op, DepthwiseConv2D):
        sums = np.zeros((len(values), *node.shape), np.int64)
        for (row, column), window in _windows(op, values):
            sums += np.repeat(window, op.multiplier, axis=-1) * weight[0, row, column].astype(np.int32)
        return sums
    windows = [window for _, window in _windows(op, values)]
    inside, made = values.shape[-1] // op.groups, op.filters // op.groups
    parts = []
    for group in range(op.groups):
        channels = slice(group * inside, (group + 1) * inside)
        rows = np.concatenate([window[..., channels] for window in windows], axis=-1)
        filters = weight[group * made : (group + 1) * made].reshape(made, -1)
        parts.append(_matmul(rows, filters))
    return np.concatenate(parts, axis=-1)


def _windows(op: Conv2D | DepthwiseConv2D, values: npt.NDArray[np.int32]) -> Iterator[tuple[Pair, Values]]:
    return slide(values, op.kernel, op.stride, op.padding, fill=0, dilation=op.dilation)


def _matmul(rows: npt.NDArray[np.int32], columns: npt.NDArray[np.int8 | np.int16]) -> IntArray:
    """rows (…, K) times columns (outputs, K) transposed; exact, since |rows| ≤ 510 (see `exact_matmul`)."""
    bound = 510 * int(np.abs(columns.astype(np.int64)).sum(axis=1).max())
    if bound < 2**24:
        return (rows.astype(np.float32) @ columns.astype(np.float32).T).astype(np.int64)
    return (rows.astype(np.float64) @ columns.astype(np.float64).T).astype(np.int64)


def _weight_sums(node: Node, weight: npt.NDArray[np.int8 | np.int64], factors: IntArray) -> IntArray:
    """Σ over all weights of each output channel, each times the factor of the input channel it meets."""
    op, wide = node.op, weight.astype(np.int64)
    if isinstance(op, DepthwiseConv2D):
        depthwise: IntArray = wide[0].sum(axis=(0, 1)) * np.repeat(factors, op.multiplier)
        return depthwise
    if isinstance(op, Dense):
        dense: IntArray = wide @ factors
        return dense
    assert isinstance(op, Conv2D)
    by_group = factors.reshape(op.groups, 1, -1)
    filters = wide.sum(axis=(1, 2)).reshape(op.groups, op.filters // op.groups, -1)
    convolved: IntArray = (filters * by_group).sum(axis=-1).reshape(-1)
    return convolved
