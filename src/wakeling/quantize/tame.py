"""Constant channels with harmless numbers, for networks that keep their shape.

A channel that training left dead may carry a bias above 2^30 and a shift of −30, which a fast
requantization in C cannot take. Dropping such channels is in `quantize.eliminate`.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from wakeling.graph import Node, weight_key
from wakeling.ops import Conv2D, Dense, DepthwiseConv2D, activation_of
from wakeling.quantize import arithmetic
from wakeling.quantize.intervals import Intervals
from wakeling.quantize.model import QuantizedModel

_FACTOR = 0.5
"""What a tame channel's bias is multiplied by: no shift, and a bias of at most 511."""

LARGEST_BIAS = 2**30
"""No tame channel has a bias of this size or above; where one scale serves all, it may need many steps."""


def tame(model: QuantizedModel, intervals: Intervals) -> QuantizedModel:
    """The model with zero weights, a small bias and a mild scale for each constant channel.

    Every tensor stays what it was, bit for bit. A channel stays as it is where its constant cannot
    be said so: without a bias, or with a dense layer's single scale, not every integer can be.
    """
    weights, scales, biases = dict(model.weights), dict(model.weight_scales), dict(model.biases)
    for node in model.graph.nodes:
        if not isinstance(node.op, Conv2D | DepthwiseConv2D | Dense):
            continue
        key, bias_key = weight_key(node, "weight"), weight_key(node, "bias")
        weights[key], scales[node.name] = weights[key].copy(), scales[node.name].copy()
        if bias_key in biases:
            biases[bias_key] = biases[bias_key].copy()
        for channel in np.flatnonzero(intervals.constant(node.name, node.shape[-1])).tolist():
            wanted = int(intervals.low[node.name][channel])
            found = _tame_numbers(model, node, wanted)
            if found is None:
                continue
            bias, scale = found
            if isinstance(node.op, DepthwiseConv2D):
                weights[key][..., channel] = 0
            else:
                weights[key][channel] = 0
            if bias_key in biases:
                biases[bias_key][channel] = bias
            if scale is not None:
                scales[node.name][channel] = scale
    return dataclasses.replace(model, weights=weights, weight_scales=scales, biases=biases)


def _tame_numbers(model: QuantizedModel, node: Node, wanted: int) -> tuple[int, np.float32 | None] | None:
    """A bias, and a weight scale where the channel has its own, that make `wanted`; None: there are none."""
    source, output = model.tensors[node.inputs[0]], model.tensors[node.name]
    own = model.weight_scales[node.name].shape == (node.shape[-1],)
    with np.errstate(over="ignore", under="ignore"):
        scale = np.float32(_FACTOR * output.scale / source.scale)
    if not own:
        scale = model.weight_scales[node.name][0]
    if not (np.isfinite(scale) and scale > 0):
        return None
    factor = arithmetic.requantization_factors(source, np.array([scale], np.float32), output)
    biases = [0]
    if weight_key(node, "bias") in model.biases:
        nearest = round((wanted - output.zero_point) / float(factor[0]))
        biases = [bias for bias in (nearest, nearest - 1, nearest + 1) if abs(bias) < LARGEST_BIAS]
    multiplier = arithmetic.fixed_multiplier(factor)
    limits = arithmetic.activation_range(activation_of(node.op), output)
    for bias in biases:
        scaled = arithmetic.multiply_by_quantized_multiplier(np.array([bias], np.int64), multiplier)
        if int(arithmetic.to_int8(scaled, output.zero_point, limits)[0]) == wanted:
            return bias, scale if own else None
    return None
