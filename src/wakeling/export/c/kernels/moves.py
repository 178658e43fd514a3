"""Operators that move values of any type and compute nothing."""

from __future__ import annotations

import math

import numpy as np

from wakeling.export.c.kernels.axes import axes_fields, merged, strides_of
from wakeling.export.c.kernels.lowering import INPUTS_BEGIN, INPUTS_END, Lowering
from wakeling.export.c.program import Array, Call
from wakeling.graph import Node
from wakeling.ops import ELEMENT_BYTES, Concat, Pad, Pair, StridedSlice, Transpose, operator_name


def concat(lowering: Lowering, node: Node) -> Call:
    """For each place before the axis, the bytes of each input in turn."""
    op, graph = node.op, lowering.graph
    assert isinstance(op, Concat)
    element = ELEMENT_BYTES[graph.types[node.name]]
    sizes = [math.prod(graph.shapes[name][op.axis :]) * element for name in node.inputs]
    is_last = op.axis == len(node.shape) - 1
    places = "pixels" if is_last else str(math.prod(node.shape[: op.axis]))
    return Call(
        function="wk_concat",
        struct="wk_concat_layer",
        layer={
            "inputs": len(sizes),
            "bytes": Array(type="int32_t", values=np.array(sizes, np.int32)),
        },
        arguments=("layer", INPUTS_BEGIN, *("input" for _ in sizes), INPUTS_END, "output", places),
        sources=("wk_concat.c",),
    )


def pad(lowering: Lowering, node: Node) -> Call:
    """A pad that no reader computes."""
    op, source = node.op, node.inputs[0]
    assert isinstance(op, Pad)
    quant = lowering.model.tensors.get(source)
    return _crop_and_pad(lowering, node, op.channels, (1, 1), 0 if quant is None else quant.zero_point)


def strided_slice(lowering: Lowering, node: Node) -> Call:
    """Whole pixels by rows and columns, other slices as a walk."""
    op, shape = node.op, lowering.graph.shapes[node.inputs[0]]
    assert isinstance(op, StridedSlice)
    if len(shape) == 3 and node.shape[2] == shape[2]:
        return _crop_and_pad(lowering, node, (0, 0), (op.strides[0], op.strides[1]), 0)
    element = ELEMENT_BYTES[lowering.graph.types[node.name]]
    steps = strides_of(shape, element)
    start = sum(first * step for first, step in zip(op.begin, steps, strict=True))
    walked = tuple(every * step for every, step in zip(op.strides, steps, strict=True))
    return _rearrange(node, walked, start, element)


def transpose(lowering: Lowering, node: Node) -> Call:
    """The output's axes with the input's strides."""
    op = node.op
    assert isinstance(op, Transpose)
    element = ELEMENT_BYTES[lowering.graph.types[node.name]]
    steps = strides_of(lowering.graph.shapes[node.inputs[0]], element)
    return _rearrange(node, tuple(steps[axis] for axis in op.order), 0, element)


def _rearrange(node: Node, steps: tuple[int, ...], start: int, element: int) -> Call:
    outer = merged(node.shape, steps)
    run = outer.pop()[0] * element if outer and outer[-1][1] == element else element
    runs = outer.pop() if outer else (1, 0)
    return Call(
        function="wk_rearrange",
        struct="wk_rearrange_layer",
        layer={
            "start": start,
            "outer": axes_fields(operator_name(node.op), outer),
            "runs": runs[0],
            "stride": runs[1],
            "run_bytes": run,
        },
        arguments=("layer", "input", "output"),
        sources=("wk_rearrange.c",),
    )


def _crop_and_pad(lowering: Lowering, node: Node, channels: Pair, stride: Pair, fill: int) -> Call:
    element = ELEMENT_BYTES[lowering.graph.types[node.name]]
    return Call(
        function="wk_crop_and_pad",
        struct="wk_crop_and_pad_layer",
        layer={
            "first": channels[0] * element,
            "bytes": lowering.graph.shapes[node.inputs[0]][2] * element,
            "last": channels[1] * element,
            "stride_rows": stride[0],
            "stride_columns": stride[1],
            "fill": fill,
        },
        arguments=("layer", "window", "input", "output"),
        sources=("wk_crop_and_pad.c",),
    )
