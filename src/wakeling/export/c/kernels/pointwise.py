"""Operators on single values and on single pixels: activations, changes of type, softmax.

A function of one byte is a table of 256 values, made by the golden kernel when the model is compiled.
"""

from __future__ import annotations

import numpy as np

from wakeling.export.c.kernels.lowering import Lowering, channels_of
from wakeling.export.c.program import Array, Call
from wakeling.graph import Node
from wakeling.ops import Quantize, Softmax
from wakeling.quantize.fixed_softmax import exponentials
from wakeling.quantize.kernels import KERNELS
from wakeling.quantize.tensors import LIMITS

PIXEL_ARGUMENTS = ("layer", "input", "output", "pixels")

_BYTES = np.arange(256).astype(np.uint8)


def table(lowering: Lowering, node: Node) -> Call:
    """Any function of one int8 or uint8 tensor, value by value."""
    element = lowering.graph.types[node.inputs[0]]
    values = _BYTES.view(np.dtype(element)).reshape(256, *(1,) * len(node.shape))
    made = KERNELS[type(node.op)](lowering.model, node, (values,))
    return Call(
        function="wk_table",
        struct="wk_table_layer",
        layer={
            "channels": channels_of(node.shape),
            "values": Array(type="uint8_t", values=made.ravel().view(np.uint8)),
        },
        arguments=PIXEL_ARGUMENTS,
        sources=("wk_table.c",),
    )


def channel_tables(lowering: Lowering, node: Node) -> Call:
    """As `table`, with a function for each channel."""
    channels = channels_of(node.shape)
    element = lowering.graph.types[node.inputs[0]]
    bytes_ = np.repeat(_BYTES[:, np.newaxis], channels, axis=1).view(np.dtype(element))
    values = bytes_.reshape(256, *(1,) * (len(node.shape) - 1), channels)
    made = KERNELS[type(node.op)](lowering.model, node, (values,)).reshape(256, channels)
    return Call(
        function="wk_channel_tables",
        struct="wk_table_layer",
        layer={
            "channels": channels,
            "values": Array(type="uint8_t", values=np.ascontiguousarray(made.T).view(np.uint8)),
        },
        arguments=PIXEL_ARGUMENTS,
        sources=("wk_channel_tables.c",),
    )


def softmax(lowering: Lowering, node: Node) -> Call:
    """With a table of exp(-scale · beta · difference) up to the last that is not zero."""
    op, source = node.op, lowering.model.tensors[node.inputs[0]]
    assert isinstance(op, Softmax)
    made = exponentials(-np.arange(256), source.scale, op.beta)
    count = int(np.flatnonzero(made)[-1]) + 1
    return Call(
        function="wk_softmax",
        struct="wk_softmax_layer",
        layer={
            "channels": channels_of(node.shape),
            "count": count,
            "exponentials": Array(type="int32_t", values=made[:count].astype(np.int32)),
        },
        arguments=PIXEL_ARGUMENTS,
        sources=("wk_softmax.c",),
    )


def quantize(lowering: Lowering, node: Node) -> Call:
    """From float32 by a division; between integers by a table."""
    op = node.op
    assert isinstance(op, Quantize)
    if lowering.graph.types[node.inputs[0]] != "float32":
        return table(lowering, node)
    output = lowering.model.tensors[node.name]
    low, high = LIMITS[op.to]
    return Call(
        function="wk_quantize",
        struct="wk_quantize_layer",
        layer={
            "channels": channels_of(node.shape),
            "scale": output.scale,
            "zero_point": output.zero_point,
            "low": low,
            "high": high,
        },
        arguments=PIXEL_ARGUMENTS,
        sources=("wk_quantize.c",),
    )


def dequantize(lowering: Lowering, node: Node) -> Call:
    """To float32."""
    source = lowering.model.tensors[node.inputs[0]]
    return Call(
        function="wk_dequantize",
        struct="wk_dequantize_layer",
        layer={
            "channels": channels_of(node.shape),
            "is_unsigned": int(lowering.graph.types[node.inputs[0]] == "uint8"),
            "scale": source.scale,
            "zero_point": source.zero_point,
        },
        arguments=PIXEL_ARGUMENTS,
        sources=("wk_dequantize.c",),
    )
