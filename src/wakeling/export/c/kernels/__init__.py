"""From operators to calls of C kernels: one table, and for some cores kernels of their own.

The kernels themselves are C, in `export/c/runtime`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from wakeling.errors import UnsupportedOpError
from wakeling.export.c.kernels import averages, dsp, elementwise, moves, mve, mve_values, pointwise, sums
from wakeling.export.c.kernels.lowering import Attempt, Lower, Lowering
from wakeling.export.c.program import Call
from wakeling.export.c.targets import Feature
from wakeling.graph import Node
from wakeling.ops import (
    Activation,
    Add,
    AveragePool2D,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dequantize,
    MaxPool2D,
    Mean,
    Mul,
    Operator,
    Pad,
    Quantize,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
    operator_name,
)

__all__ = ["LOWERINGS", "SPECIAL", "Lowering", "lower"]

LOWERINGS: Mapping[type[Operator], Lower] = MappingProxyType(
    {
        Conv2D: sums.conv_2d,
        DepthwiseConv2D: sums.depthwise_conv_2d,
        Dense: sums.dense,
        Activation: pointwise.table,
        Softmax: pointwise.softmax,
        Quantize: pointwise.quantize,
        Dequantize: pointwise.dequantize,
        Add: elementwise.add_or_sub,
        Sub: elementwise.add_or_sub,
        Mul: elementwise.mul,
        AveragePool2D: averages.pool_2d,
        MaxPool2D: averages.pool_2d,
        Mean: averages.mean,
        Concat: moves.concat,
        Pad: moves.pad,
        Transpose: moves.transpose,
        StridedSlice: moves.strided_slice,
    }
)
"""Plain C for every operator of a fused graph; a reshape is no call."""

SPECIAL: Mapping[Feature, Mapping[type[Operator], tuple[Attempt, ...]]] = MappingProxyType(
    {
        "dsp": {
            Conv2D: (dsp.conv_2d,),
            DepthwiseConv2D: (dsp.depthwise_conv_2d, dsp.depthwise_as_conv_2d),
            Dense: (dsp.dense,),
        },
        "mve": {
            Conv2D: (mve.conv_2d,),
            DepthwiseConv2D: (mve.depthwise_conv_2d, mve.depthwise_as_conv_2d),
            **{
                operator: (mve_values.instead_of(LOWERINGS[operator]),)
                for operator in (Activation, Add, AveragePool2D, MaxPool2D, Mul, Quantize, Sub)
            },
        },
    }
)
"""Kernels for cores with a feature; the first that fits a node is taken."""

FEATURES: tuple[Feature, ...] = ("mve", "dsp")
"""Those that pay most first."""


def lower(lowering: Lowering, node: Node) -> Call:
    """The call for one node; raises UnsupportedOpError for an operator without a kernel."""
    for feature in FEATURES:
        if feature in lowering.target.features:
            for attempt in SPECIAL.get(feature, {}).get(type(node.op), ()):
                call = attempt(lowering, node)
                if call is not None:
                    return call
    plain = LOWERINGS.get(type(node.op))
    if plain is None:
        raise UnsupportedOpError(operator_name(node.op), "C generator")
    return plain(lowering, node)
