"""Sums of products: convolutions and dense layers.

int32 accumulators, a bias, then each channel's factor as a 31-bit multiplier and a shift.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.graph import Node, weight_key
from wakeling.ops import Conv2D, DepthwiseConv2D, Pair
from wakeling.quantize import arithmetic
from wakeling.quantize.kernels.kernel import Values, factors_of, finished, with_bias
from wakeling.quantize.kernels.slide import slide
from wakeling.quantize.model import Int8Array, QuantizedModel


def conv2d(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Int8Array:
    """Standard convolution, group by group."""
    op = node.op
    assert isinstance(op, Conv2D)
    weight = model.weights[weight_key(node, "weight")].reshape(op.filters, -1)
    windows = [window for _, window in _windows(model, node, inputs[0])]
    inside, made = inputs[0].shape[-1] // op.groups, op.filters // op.groups
    sums = []
    for group in range(op.groups):
        channels = slice(group * inside, (group + 1) * inside)
        rows = np.concatenate([window[..., channels] for window in windows], axis=-1)
        sums.append(exact_matmul(rows, weight[group * made : (group + 1) * made]))
    return requantized(model, node, np.concatenate(sums, axis=-1))


def depthwise_conv2d(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Int8Array:
    """`multiplier` filters for each channel; filter j of channel i makes channel i · multiplier + j."""
    op = node.op
    assert isinstance(op, DepthwiseConv2D)
    weight = model.weights[weight_key(node, "weight")][0].astype(np.int32)
    sums = np.zeros((len(inputs[0]), *node.shape), np.int32)
    for (row, column), window in _windows(model, node, inputs[0]):
        spread = window if op.multiplier == 1 else np.repeat(window, op.multiplier, axis=-1)
        sums += spread * weight[row, column]
    return requantized(model, node, sums)


def dense(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Int8Array:
    """Fully connected layer on vectors."""
    return requantized(model, node, dense_sums(model, node, inputs[0]))


def _windows(model: QuantizedModel, node: Node, values: Values) -> Iterator[tuple[Pair, Values]]:
    """As `slide`, with the zero point taken off first, so that padding counts as zero."""
    op = node.op
    assert isinstance(op, Conv2D | DepthwiseConv2D)
    centered = values.astype(np.int32) - model.tensors[node.inputs[0]].zero_point
    return slide(centered, op.kernel, op.stride, op.padding, fill=0, dilation=op.dilation)


def exact_matmul(rows: npt.NDArray[np.int32], columns: Int8Array) -> npt.NDArray[Any]:
    """rows (…, K) times columns (outputs, K) transposed, exact, as whole numbers in floats.

    Every partial sum is bounded by 255 · Σ|weight|. Below 2^24 float32 holds it exactly, and
    float64 always does (below 2^53), so BLAS may add in any order.
    """
    bound = 255 * int(np.abs(columns.astype(np.int64)).sum(axis=1).max())
    if bound < 2**24:
        return rows.astype(np.float32) @ columns.astype(np.float32).T
    return rows.astype(np.float64) @ columns.astype(np.float64).T


def dense_sums(model: QuantizedModel, node: Node, values: Values) -> npt.NDArray[Any]:
    """What a dense layer accumulates before its bias, (N, units), whole numbers."""
    centered = values.astype(np.int32) - model.tensors[node.inputs[0]].zero_point
    return exact_matmul(centered, model.weights[weight_key(node, "weight")])


def requantized(model: QuantizedModel, node: Node, sums: npt.NDArray[Any]) -> Int8Array:
    """Add the bias, rescale to the output's scale, add its zero point and clamp."""
    factor = arithmetic.fixed_multiplier(factors_of(model, node))
    scaled = arithmetic.multiply_by_quantized_multiplier(with_bias(model, node, sums), factor)
    return finished(model, node, scaled)
