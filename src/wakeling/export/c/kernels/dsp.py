"""Convolutions and dense layers on the kernels for cores with the DSP extension.

What these kernels cannot compute (groups, dilated depthwise convolutions) is left to the plain ones.
"""

from __future__ import annotations

import numpy as np

from wakeling.export.c.kernels.dsp_layout import (
    can_pack,
    mode_of,
    requantization_fields,
    stream,
    stretched,
)
from wakeling.export.c.kernels.lowering import WINDOW_ARGUMENTS, Lowering, kernel_fields
from wakeling.export.c.program import Array, Call
from wakeling.export.c.requantization import requantization_of
from wakeling.graph import Node, weight_key
from wakeling.ops import Conv2D, DepthwiseConv2D

HEADERS = ("wk_dsp.h",)


def conv_2d(lowering: Lowering, node: Node) -> Call | None:
    """Two outputs a word of weights; None where there are groups."""
    model, op = lowering.model, node.op
    assert isinstance(op, Conv2D)
    if op.groups != 1:
        return None
    weight = model.weights[weight_key(node, "weight")]
    scaled = requantization_of(model, node, weight.astype(np.int64).sum((1, 2, 3)))
    bounds = lowering.intervals.sums[node.name]
    flat = stretched(weight, op.dilation[1])
    mode = mode_of(scaled, bounds)
    is_packed = mode != "WK_GENERAL" and can_pack(flat, bounds)
    return Call(
        function="wk_dsp_conv_2d",
        struct="wk_dsp_conv_2d_layer",
        layer={
            "inputs": lowering.graph.shapes[node.inputs[0]][2],
            "outputs": op.filters,
            **kernel_fields(node),
            "input_zero_point": model.tensors[node.inputs[0]].zero_point,
            "is_packed": int(is_packed),
            "stream": Array(type="int32_t", values=stream(flat, scaled, is_packed=is_packed)),
            "requantization": requantization_fields(scaled, mode),
        },
        arguments=WINDOW_ARGUMENTS,
        sources=("wk_dsp_conv_2d.c", "wk_dsp_filter.c"),
        headers=HEADERS,
    )


def depthwise_conv_2d(lowering: Lowering, node: Node) -> Call | None:
    """3x3 kernels in loops of their own; None where columns are dilated or channels multiplied."""
    model, op = lowering.model, node.op
    assert isinstance(op, DepthwiseConv2D)
    if op.multiplier != 1 or op.dilation != (1, 1):
        return None
    weight = model.weights[weight_key(node, "weight")][0]
    scaled = requantization_of(model, node, weight.astype(np.int64).sum((0, 1)))
    mode = mode_of(scaled, lowering.intervals.sums[node.name])
    is_small = op.kernel == (3, 3) and op.stride[1] in (1, 2) and mode in ("WK_RELU", "WK_LINEAR")
    if mode == "WK_RELU" and not is_small and (scaled.shift > -1).any():
        mode = "WK_GENERAL"
    kernel = {key: value for key, value in kernel_fields(node).items() if "dilation" not in key}
    return Call(
        function="wk_dsp_depthwise_3x3" if is_small else "wk_dsp_depthwise",
        struct="wk_dsp_depthwise_layer",
        layer={
            "channels": lowering.graph.shapes[node.inputs[0]][2],
            **kernel,
            "input_zero_point": model.tensors[node.inputs[0]].zero_point,
            "weights": Array(type="int8_t", values=np.ascontiguousarray(weight.transpose(2, 0, 1))),
            "bias": Array(type="int32_t", values=scaled.bias),
            "multiplier": Array(type="int32_t", values=scaled.multiplier),
            "exponent": Array(type="int8_t", values=(-scaled.shift.astype(np.int64)).astype(np.int8)),
            "requantization": requantization_fields(scaled, mode),
        },
        arguments=WINDOW_ARGUMENTS,
        sources=("wk_dsp_depthwise_3x3.c", "wk_dsp_rows.c") if is_small else ("wk_dsp_depthwise.c",),
        headers=HEADERS,
    )
