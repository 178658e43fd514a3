"""Convolutions and dense layers on the kernels for cores with the DSP extension.

What these kernels cannot compute (groups, dilated depthwise convolutions) is left to the plain ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wakeling.cost.memory.scratch import PIXELS_AT_ONCE, filled, rows_bytes
from wakeling.export.c.kernels.dsp_layout import (
    Int8Array,
    Mode,
    can_pack,
    mode_of,
    requantization_fields,
    stream,
    stretched,
)
from wakeling.export.c.kernels.lowering import WINDOW_ARGUMENTS, Lowering, kernel_fields
from wakeling.export.c.program import Array, Call, Field
from wakeling.export.c.requantization import requantization_of
from wakeling.graph import Node, weight_key
from wakeling.ops import Conv2D, DepthwiseConv2D

HEADERS = ("wk_dsp.h",)


def conv_2d(lowering: Lowering, node: Node) -> Call | None:
    """Two outputs a word of weights; None where there are groups."""
    op = node.op
    assert isinstance(op, Conv2D)
    if op.groups != 1:
        return None
    return _convolution(lowering, node, lowering.model.weights[weight_key(node, "weight")])


def depthwise_as_conv_2d(lowering: Lowering, node: Node) -> Call | None:
    """A first layer that makes several outputs of a gray image: a convolution like any other.

    None where there are more channels, or where the scratch of a depthwise convolution is too small.
    """
    op = node.op
    assert isinstance(op, DepthwiseConv2D)
    inputs = lowering.graph.shapes[node.inputs[0]][2]
    values = op.kernel[0] * op.kernel[1]
    windows_bytes = PIXELS_AT_ONCE * max(2 * filled(values, 4), filled(values, 16))
    if inputs != 1 or op.multiplier == 1 or windows_bytes > rows_bytes(node, lowering.graph, columns=1):
        return None
    weight = lowering.model.weights[weight_key(node, "weight")]
    return _convolution(lowering, node, np.ascontiguousarray(weight.transpose(3, 1, 2, 0)))


def depthwise_conv_2d(lowering: Lowering, node: Node) -> Call | None:
    """3x3 kernels in loops of their own; None where columns are dilated or channels multiplied."""
    model, op = lowering.model, node.op
    assert isinstance(op, DepthwiseConv2D)
    if op.multiplier != 1 or op.dilation != (1, 1):
        return None
    weight = model.weights[weight_key(node, "weight")][0]
    scaled = requantization_of(model, node, weight.astype(np.int64).sum((0, 1)))
    mode = mode_of(scaled, lowering.intervals.sums[node.name])
    is_small = op.kernel == (3, 3) and op.stride[1] in (1, 2) and mode in ("relu", "linear")
    sources = ("wk_dsp_depthwise_3x3.c", "wk_dsp_rows.c") if is_small else ("wk_dsp_depthwise.c",)
    others = "wk_dsp_depthwise_general" if mode == "general" else "wk_dsp_depthwise"
    kernel = {name: value for name, value in kernel_fields(node).items() if "dilation" not in name}
    return Call(
        function="wk_dsp_depthwise_3x3" if is_small else others,
        struct="wk_dsp_depthwise_layer",
        layer={
            "channels": lowering.graph.shapes[node.inputs[0]][2],
            **kernel,
            "input_zero_point": model.tensors[node.inputs[0]].zero_point,
            "run": f"wk_dsp_row_{mode}_{op.stride[1]}" if is_small else None,
            "weights": Array(type="int8_t", values=np.ascontiguousarray(weight.transpose(2, 0, 1))),
            "bias": Array(type="int32_t", values=scaled.bias),
            "multiplier": Array(type="int32_t", values=scaled.multiplier),
            "exponent": Array(type="int8_t", values=-scaled.shift),
            "requantization": requantization_fields(scaled),
        },
        arguments=WINDOW_ARGUMENTS,
        sources=sources,
        headers=HEADERS,
    )


def dense(lowering: Lowering, node: Node) -> Call | None:
    """Two units a word of weights."""
    weight = lowering.model.weights[weight_key(node, "weight")]
    flat = np.pad(weight, ((0, 0), (0, -weight.shape[1] % 4)))
    filters = _filters(lowering, node, flat, weight.astype(np.int64).sum(1))
    return Call(
        function="wk_dsp_dense" if filters.is_packed else "wk_dsp_dense_plain",
        struct="wk_dsp_dense_layer",
        layer={"inputs": weight.shape[1], "outputs": weight.shape[0], **filters.fields},
        arguments=("layer", "input", "output"),
        sources=("wk_dsp_dense.c",),
        headers=HEADERS,
    )


def _convolution(lowering: Lowering, node: Node, weight: Int8Array) -> Call:
    """`weight` is (outputs, rows, columns, inputs)."""
    op = node.op
    assert isinstance(op, Conv2D | DepthwiseConv2D)
    flat = stretched(weight, op.dilation[1])
    filters = _filters(lowering, node, flat, weight.astype(np.int64).sum((1, 2, 3)))
    return Call(
        function="wk_dsp_conv_2d",
        struct="wk_dsp_conv_2d_layer",
        layer={
            "inputs": weight.shape[3],
            "outputs": weight.shape[0],
            **kernel_fields(node),
            "input_zero_point": lowering.model.tensors[node.inputs[0]].zero_point,
            "three": f"wk_dsp_three_{filters.mode}" if filters.is_packed and len(flat) > 1 else None,
            "one": "wk_dsp_one_packed" if filters.is_packed else "wk_dsp_one_plain",
            **filters.fields,
        },
        arguments=WINDOW_ARGUMENTS,
        sources=("wk_dsp_conv_2d.c", "wk_dsp_one.c", "wk_dsp_three.c"),
        headers=HEADERS,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Filters:
    """What a convolution and a dense layer share: the stream, and how it was made."""

    is_packed: bool
    mode: Mode
    fields: Mapping[str, Field]


def _filters(lowering: Lowering, node: Node, flat: Int8Array, sums: npt.NDArray[np.int64]) -> _Filters:
    """`sums` are those of each output's weights."""
    scaled = requantization_of(lowering.model, node, sums)
    bounds = lowering.intervals.sums[node.name]
    mode = mode_of(scaled, bounds)
    is_packed = mode != "general" and can_pack(flat, bounds)
    fields: dict[str, Field] = {
        "stream": Array(type="int32_t", values=stream(flat, scaled, is_packed=is_packed)),
        "requantization": requantization_fields(scaled),
    }
    return _Filters(is_packed=is_packed, mode=mode, fields=fields)
