"""Convolutions on the kernels for cores with Helium.

What these kernels cannot compute (groups, depthwise kernels of other sizes) is left to others.
"""

from __future__ import annotations

import numpy as np

from wakeling.export.c.kernels.lowering import Lowering, kernel_fields
from wakeling.export.c.kernels.mve_layout import requantization_fields, steps_of, stream_of
from wakeling.export.c.kernels.sums import WINDOW_ARGUMENTS
from wakeling.export.c.program import Array, Call
from wakeling.export.c.requantization import requantization_of
from wakeling.graph import Node, weight_key
from wakeling.ops import Conv2D, DepthwiseConv2D

HEADERS = ("wk_mve.h",)

_FARTHEST = 2**16
"""Offsets of vectored loads and stores are 16-bit numbers."""


def conv_2d(lowering: Lowering, node: Node) -> Call | None:
    """Four outputs at two pixels at a time; None where there are groups."""
    model, op = lowering.model, node.op
    assert isinstance(op, Conv2D)
    if op.groups != 1:
        return None
    weight = model.weights[weight_key(node, "weight")]
    scaled = requantization_of(model, node, weight.astype(np.int64).sum((1, 2, 3)))
    flat = weight.reshape(len(weight), -1)
    steps, rest = steps_of(flat.shape[1])
    return Call(
        function="wk_mve_conv_2d",
        struct="wk_mve_conv_2d_layer",
        layer={
            "inputs": lowering.graph.shapes[node.inputs[0]][2],
            "outputs": op.filters,
            **kernel_fields(node),
            "input_zero_point": model.tensors[node.inputs[0]].zero_point,
            "steps": steps,
            "rest": rest,
            "stream": Array(type="int32_t", values=stream_of(flat, scaled)),
            "requantization": requantization_fields(scaled),
        },
        arguments=WINDOW_ARGUMENTS,
        sources=("wk_mve_conv_2d.c",),
        headers=HEADERS,
    )


def depthwise_conv_2d(lowering: Lowering, node: Node) -> Call | None:
    """One channel after the other; None where the kernel is not 3x3 with a stride of 1 or 2."""
    model, op = lowering.model, node.op
    assert isinstance(op, DepthwiseConv2D)
    channels, wide = lowering.graph.shapes[node.inputs[0]][2], node.shape[1]
    if (op.kernel, op.dilation, op.multiplier) != ((3, 3), (1, 1), 1) or op.stride not in ((1, 1), (2, 2)):
        return None
    if (wide + 8) * channels >= _FARTHEST:
        return None
    weight = model.weights[weight_key(node, "weight")][0]
    scaled = requantization_of(model, node, weight.astype(np.int64).sum((0, 1)))
    return Call(
        function="wk_mve_depthwise_3x3",
        struct="wk_mve_depthwise_layer",
        layer={
            "channels": channels,
            "stride": op.stride[0],
            "input_zero_point": model.tensors[node.inputs[0]].zero_point,
            "weights": Array(type="int8_t", values=np.ascontiguousarray(weight.transpose(2, 0, 1))),
            "bias": Array(type="int32_t", values=scaled.bias),
            "multiplier": Array(type="int32_t", values=scaled.multiplier),
            "shift": Array(type="int8_t", values=scaled.shift),
            "requantization": requantization_fields(scaled),
        },
        arguments=WINDOW_ARGUMENTS,
        sources=("wk_mve_depthwise_3x3.c",),
        headers=HEADERS,
    )
