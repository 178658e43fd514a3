"""Averages and maxima: pooling over windows, and the mean over whole axes."""

from __future__ import annotations

import math

import numpy as np

from wakeling.graph import Node
from wakeling.ops import AveragePool2D, MaxPool2D, Mean
from wakeling.quantize import arithmetic
from wakeling.quantize.arithmetic import FixedMultiplier, IntArray
from wakeling.quantize.kernels.kernel import Values, finished
from wakeling.quantize.kernels.slide import slide
from wakeling.quantize.model import Int8Array, QuantizedModel


def average_pool2d(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Int8Array:
    """The mean of the positions inside the image, halves away from zero."""
    op = node.op
    assert isinstance(op, AveragePool2D)
    sums = np.zeros((len(inputs[0]), *node.shape), np.int64)
    counts = np.zeros((1, *node.shape[:2], 1), np.int64)
    inside = np.ones((1, *inputs[0].shape[1:3], 1), np.int32)
    for _, window in slide(inputs[0].astype(np.int32), op.pool, op.stride, op.padding, fill=0):
        sums += window
    for _, window in slide(inside, op.pool, op.stride, op.padding, fill=0):
        counts += window
    return arithmetic.rounded_mean(sums, counts).astype(np.int8)


def max_pool2d(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Int8Array:
    """The largest position inside the image."""
    op = node.op
    assert isinstance(op, MaxPool2D)
    largest = np.full((len(inputs[0]), *node.shape), arithmetic.INT8_MIN, np.int8)
    for _, window in slide(inputs[0], op.pool, op.stride, op.padding, fill=arithmetic.INT8_MIN):
        np.maximum(largest, window, out=largest)
    return largest


def mean(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Int8Array:
    """The sum of the values, times input scale / (output scale · count) in fixed point."""
    op = node.op
    assert isinstance(op, Mean)
    source, output = model.tensors[node.inputs[0]], model.tensors[node.name]
    count = math.prod(inputs[0].shape[axis + 1] for axis in op.axes)
    axes = tuple(axis + 1 for axis in op.axes)
    sums: IntArray = inputs[0].astype(np.int64).sum(axis=axes) - count * source.zero_point
    factor = mean_factor(source.scale / output.scale, count)
    scaled = arithmetic.multiply_by_quantized_multiplier(sums, factor)
    return finished(model, node, scaled).reshape(len(inputs[0]), *node.shape)


def mean_factor(rescale: float, count: int) -> FixedMultiplier:
    """`rescale` / count: the division is done on the 31-bit multiplier, and rounds down.

    The multiplier is first shifted left by the bits of the count, so that none of its own are lost
    (TFLite's `reference_ops::QuantizedMeanOrSum`).
    """
    multiplier, shift = arithmetic.quantize_multiplier(rescale)
    bits = min(count.bit_length() - 1, 32, 31 + shift)
    return FixedMultiplier(
        multiplier=np.array([(multiplier << bits) // count], np.int64),
        shift=np.array([shift - bits], np.int64),
    )
