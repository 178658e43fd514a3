"""Folded float weights and observed ranges become integers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wakeling.errors import GraphError
from wakeling.graph import Graph, Node, weight_key, weight_shapes
from wakeling.nets.weights import check_weights
from wakeling.ops import Dense, DepthwiseConv2D
from wakeling.quantize.affine import (
    WEIGHT_LIMIT,
    Ranges,
    constant_quant,
    scales_of_weight,
    tensor_quants,
)
from wakeling.quantize.model import QuantizedModel, TensorQuant, preprocessing_of

BIAS_LIMIT = 2**30
"""Biases stay within ±2³⁰, so that bias + Σ weight·value cannot leave int32."""


def convert(
    fused: Graph,
    weights: Mapping[str, NDArray[np.float32]],
    ranges: Ranges,
    *,
    labels: tuple[str, ...],
    name: str | None = None,
) -> QuantizedModel:
    """The int8 model of a fused graph.

    Raises GraphError where weights or ranges do not belong to the graph, or it is not square.
    """
    check_weights(fused.name, weight_shapes(fused), weights)
    height, width, _ = fused.input_shape
    if height != width:
        raise GraphError(f"network {fused.name!r} takes {height}×{width}; only square images are supported")
    quants = tensor_quants(fused, ranges)
    integers: dict[str, NDArray[np.int8]] = {}
    scales: dict[str, NDArray[np.float32]] = {}
    biases: dict[str, NDArray[np.int32]] = {}
    for node in fused.nodes:
        key, bias_key = weight_key(node, "weight"), weight_key(node, "bias")
        constant = weight_key(node, "constant")
        if constant in weights:
            quants[constant] = constant_quant(weights[constant])
            integers[constant] = _quantized(weights[constant], quants[constant])
        if key not in weights:
            continue
        bias = weights.get(bias_key)
        source_scale = quants[node.inputs[0]].scale
        scales[node.name] = _scales(node, weights[key], bias, source_scale)
        integers[key] = _integers(weights[key], _spread(scales[node.name], node))
        if bias is not None:
            biases[bias_key] = _bias(bias, source_scale, scales[node.name])
    return QuantizedModel(
        name=name or fused.name,
        graph=fused,
        tensors=quants,
        weights=integers,
        weight_scales=scales,
        biases=biases,
        labels=tuple(labels),
        preprocessing=preprocessing_of(fused),
    )


def _scales(
    node: Node, weight: NDArray[np.float32], bias: NDArray[np.float32] | None, source_scale: float
) -> NDArray[np.float32]:
    """Weight scales, (channels,) or (1,), none so small that its bias would leave ±2³⁰ steps."""
    if isinstance(node.op, Dense):
        extents = np.abs(weight).max(keepdims=True).reshape(1)
    else:
        outputs = 3 if isinstance(node.op, DepthwiseConv2D) else 0
        extents = np.abs(weight).max(axis=tuple(axis for axis in range(4) if axis != outputs))
    scales = scales_of_weight(extents)
    if bias is None:
        return scales
    needed = np.abs(bias).astype(np.float64) / (source_scale * BIAS_LIMIT)
    least = needed.max(keepdims=True) if len(scales) == 1 else needed
    return np.maximum(scales, least).astype(np.float32)


def _spread(scales: NDArray[np.float32], node: Node) -> NDArray[np.float32]:
    """Scales shaped to divide a weight array along its output channels."""
    if isinstance(node.op, Dense | DepthwiseConv2D):
        return scales
    return scales.reshape(-1, 1, 1, 1)


def _quantized(constant: NDArray[np.float32], quant: TensorQuant) -> NDArray[np.int8]:
    steps = np.rint(constant / np.float32(quant.scale)) + quant.zero_point
    clipped: NDArray[np.int8] = np.clip(steps, -128, 127).astype(np.int8)
    return clipped


def _integers(weight: NDArray[np.float32], scales: NDArray[np.float32]) -> NDArray[np.int8]:
    steps: NDArray[np.float32] = np.rint(weight / scales)
    return np.clip(steps, -WEIGHT_LIMIT, WEIGHT_LIMIT).astype(np.int8)


def _bias(bias: NDArray[np.float32], source_scale: float, scales: NDArray[np.float32]) -> NDArray[np.int32]:
    steps = np.rint(bias.astype(np.float64) / (source_scale * scales.astype(np.float64)))
    return np.clip(steps, -BIAS_LIMIT, BIAS_LIMIT).astype(np.int32)
