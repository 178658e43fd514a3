"""Pools, and means over whole axes."""

from __future__ import annotations

import math

from wakeling.export.c.kernels.axes import axes_fields, merged, strides_of
from wakeling.export.c.kernels.lowering import WINDOW_ARGUMENTS, Lowering
from wakeling.export.c.program import Call
from wakeling.graph import Node
from wakeling.ops import AveragePool2D, MaxPool2D, Mean, Pad
from wakeling.quantize.arithmetic import INT8_MAX, INT8_MIN
from wakeling.quantize.kernels.averages import mean_factor


def pool_2d(lowering: Lowering, node: Node) -> Call:
    """A fused pad's zeros count as values; what `same` padding adds does not."""
    op = node.op
    assert isinstance(op, AveragePool2D | MaxPool2D)
    function = "wk_average_pool_2d" if isinstance(op, AveragePool2D) else "wk_max_pool_2d"
    pad = lowering.pads.get(node.inputs[0])
    around = Pad(rows=(0, 0), columns=(0, 0)) if pad is None else pad.op
    assert isinstance(around, Pad)
    return Call(
        function=function,
        struct="wk_pool_2d_layer",
        layer={
            "channels": node.shape[2],
            "pool_rows": op.pool[0],
            "pool_columns": op.pool[1],
            "stride_rows": op.stride[0],
            "stride_columns": op.stride[1],
            "pad_top": around.rows[0],
            "pad_bottom": around.rows[1],
            "pad_left": around.columns[0],
            "pad_right": around.columns[1],
            "zero_point": lowering.model.tensors[node.inputs[0]].zero_point,
        },
        arguments=WINDOW_ARGUMENTS,
        sources=(f"{function}.c",),
    )


def mean(lowering: Lowering, node: Node) -> Call:
    """Each output walks the axes that are added up."""
    op, model = node.op, lowering.model
    assert isinstance(op, Mean)
    source, output = model.tensors[node.inputs[0]], model.tensors[node.name]
    shape = lowering.graph.shapes[node.inputs[0]]
    count = math.prod(shape[axis] for axis in op.axes)
    factor = mean_factor(source.scale / output.scale, count)
    axes = list(zip(shape, strides_of(shape), strict=True))
    kept = [axis for number, axis in enumerate(axes) if number not in op.axes]
    *added, last = merged(*zip(*(axes[number] for number in sorted(op.axes)), strict=True)) or [(1, 0)]
    return Call(
        function="wk_mean",
        struct="wk_mean_layer",
        layer={
            "outputs": math.prod(node.shape),
            "kept": axes_fields("mean", merged(*zip(*kept, strict=True)) if kept else ()),
            "added": axes_fields("mean", added),
            "terms": last[0],
            "stride": last[1],
            "zero_points": source.zero_point * count,
            "multiplier": int(factor.multiplier[0]),
            "shift": int(factor.shift[0]),
            "zero_point": output.zero_point,
            "low": INT8_MIN,
            "high": INT8_MAX,
        },
        arguments=("layer", "input", "output"),
        sources=("wk_mean.c",),
    )
