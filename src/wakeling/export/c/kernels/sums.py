"""Convolutions and dense layers on the kernels in plain C."""

from __future__ import annotations

import numpy as np

from wakeling.export.c.kernels.lowering import WINDOW_ARGUMENTS, Lowering, kernel_fields
from wakeling.export.c.program import Array, Call
from wakeling.export.c.requantization import requantization_of
from wakeling.graph import Node, weight_key
from wakeling.ops import Conv2D, Dense, DepthwiseConv2D

__all__ = ["WINDOW_ARGUMENTS", "conv_2d", "dense", "depthwise_conv_2d"]


def conv_2d(lowering: Lowering, node: Node) -> Call:
    """Weights stay in TFLite's order."""
    model, op = lowering.model, node.op
    assert isinstance(op, Conv2D)
    weight = model.weights[weight_key(node, "weight")]
    scaled = requantization_of(model, node, weight.astype(np.int64).sum((1, 2, 3)))
    return Call(
        function="wk_conv_2d",
        struct="wk_conv_2d_layer",
        layer={
            "inputs": lowering.graph.shapes[node.inputs[0]][2],
            "outputs": op.filters,
            "groups": op.groups,
            **kernel_fields(node),
            "input_zero_point": model.tensors[node.inputs[0]].zero_point,
            "weights": Array(type="int8_t", values=weight),
            "bias": Array(type="int32_t", values=scaled.bias),
            "requantization": scaled.fields(),
        },
        arguments=WINDOW_ARGUMENTS,
        sources=("wk_conv_2d.c",),
    )


def depthwise_conv_2d(lowering: Lowering, node: Node) -> Call:
    """Weights stay in TFLite's order."""
    model, op = lowering.model, node.op
    assert isinstance(op, DepthwiseConv2D)
    weight = model.weights[weight_key(node, "weight")][0]
    scaled = requantization_of(model, node, weight.astype(np.int64).sum((0, 1)))
    return Call(
        function="wk_depthwise_conv_2d",
        struct="wk_depthwise_conv_2d_layer",
        layer={
            "inputs": lowering.graph.shapes[node.inputs[0]][2],
            "multiplier": op.multiplier,
            **kernel_fields(node),
            "input_zero_point": model.tensors[node.inputs[0]].zero_point,
            "weights": Array(type="int8_t", values=weight),
            "bias": Array(type="int32_t", values=scaled.bias),
            "requantization": scaled.fields(),
        },
        arguments=WINDOW_ARGUMENTS,
        sources=("wk_depthwise_conv_2d.c",),
    )


def dense(lowering: Lowering, node: Node) -> Call:
    """Weights stay in TFLite's order."""
    model, op = lowering.model, node.op
    assert isinstance(op, Dense)
    weight = model.weights[weight_key(node, "weight")]
    scaled = requantization_of(model, node, weight.astype(np.int64).sum(1))
    return Call(
        function="wk_dense",
        struct="wk_dense_layer",
        layer={
            "inputs": weight.shape[1],
            "outputs": op.units,
            "channels": len(scaled.multiplier),
            "weights": Array(type="int8_t", values=weight),
            "bias": Array(type="int32_t", values=scaled.bias),
            "requantization": scaled.fields(),
        },
        arguments=("layer", "input", "output"),
        sources=("wk_dense.c",),
    )
