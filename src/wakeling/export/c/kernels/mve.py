"""Convolutions on the kernels for cores with Helium.

What these kernels cannot compute (groups, dilated depthwise kernels) is left to others.
"""

from __future__ import annotations

import numpy as np

from wakeling.cost.memory.scratch import READ_BEYOND, filled, rows_bytes
from wakeling.export.c.kernels.lowering import WINDOW_ARGUMENTS, Lowering, kernel_fields
from wakeling.export.c.kernels.mve_layout import (
    LANES,
    Int8Array,
    requantization_fields,
    steps_of,
    stream_of,
)
from wakeling.export.c.program import Array, Call
from wakeling.export.c.requantization import requantization_of
from wakeling.graph import Node, weight_key
from wakeling.ops import Conv2D, DepthwiseConv2D

HEADERS = ("wk_mve.h",)

_ROWS = 8
"""Rows, and columns, of the largest depthwise kernel."""

_FARTHEST = 2**16
"""Offsets of vectored loads and stores are 16-bit numbers."""


def conv_2d(lowering: Lowering, node: Node) -> Call | None:
    """Four outputs at two pixels at a time; None where there are groups."""
    op = node.op
    assert isinstance(op, Conv2D)
    weight = lowering.model.weights[weight_key(node, "weight")]
    return _convolution(lowering, node, weight) if op.groups == 1 else None


def depthwise_as_conv_2d(lowering: Lowering, node: Node) -> Call | None:
    """An image with one channel is convolved; None for others, and where two windows are too large."""
    op, (_, _, inputs) = node.op, lowering.graph.shapes[node.inputs[0]]
    assert isinstance(op, DepthwiseConv2D)
    weight = lowering.model.weights[weight_key(node, "weight")]
    windows_bytes = 2 * filled(weight[0, ..., 0].size, LANES)
    if inputs != 1 or op.multiplier == 1 or windows_bytes > rows_bytes(node, lowering.graph, columns=1):
        return None
    return _convolution(lowering, node, np.ascontiguousarray(weight.transpose(3, 1, 2, 0)))


def _convolution(lowering: Lowering, node: Node, weight: Int8Array) -> Call:
    """`weight` is (outputs, rows, columns, inputs)."""
    model = lowering.model
    scaled = requantization_of(model, node, weight.astype(np.int64).sum((1, 2, 3)))
    flat = weight.reshape(len(weight), -1)
    steps, rest = steps_of(flat.shape[1])
    return Call(
        function="wk_mve_conv_2d",
        struct="wk_mve_conv_2d_layer",
        layer={
            "inputs": weight.shape[3],
            "outputs": weight.shape[0],
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
    """One channel after the other; None for a large kernel, dilation, and several outputs a channel."""
    model, op = lowering.model, node.op
    assert isinstance(op, DepthwiseConv2D)
    channels, wide = lowering.graph.shapes[node.inputs[0]][2], node.shape[1]
    if op.dilation != (1, 1) or op.multiplier != 1 or (wide + 8) * channels >= _FARTHEST:
        return None
    is_small = op.kernel == (3, 3) and op.stride in ((1, 1), (2, 2))
    if not is_small and (max(op.kernel) > _ROWS or not _fits(op, wide)):
        return None
    weight = model.weights[weight_key(node, "weight")][0]
    scaled = requantization_of(model, node, weight.astype(np.int64).sum((0, 1)))
    sizes = {name: value for name, value in kernel_fields(node).items() if not name.startswith("dilation")}
    function = "wk_mve_depthwise_3x3" if is_small else "wk_mve_depthwise"
    return Call(
        function=function,
        struct="wk_mve_depthwise_layer",
        layer={
            "channels": channels,
            **sizes,
            "input_zero_point": model.tensors[node.inputs[0]].zero_point,
            "weights": Array(type="int8_t", values=np.ascontiguousarray(weight.transpose(2, 0, 1))),
            "bias": Array(type="int32_t", values=scaled.bias),
            "multiplier": Array(type="int32_t", values=scaled.multiplier),
            "shift": Array(type="int8_t", values=scaled.shift),
            "requantization": requantization_fields(scaled),
        },
        arguments=WINDOW_ARGUMENTS,
        sources=(f"{function}.c",),
        headers=HEADERS,
    )


def _fits(op: DepthwiseConv2D, wide: int) -> bool:
    """Whether eight rows, with what is read beyond the last window, fit the scratch of any row of windows.

    Windows are computed four at a time, and each is read in vectors of two columns.
    """
    (rows, columns), stride = op.kernel, op.stride[1]
    return all(
        _ROWS * (filled(count, 4) - 1) * stride + LANES * ((columns + 1) // 2)
        <= rows * 4 * filled((count - 1) * stride + columns + READ_BEYOND, 4)
        for count in range(1, wide + 1)
    )
