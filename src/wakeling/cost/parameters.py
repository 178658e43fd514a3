"""Parameters of one operator: weights and biases, by operator class."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from wakeling.errors import UnsupportedOpError
from wakeling.ops import (
    Activation,
    Add,
    AveragePool2D,
    BatchNorm,
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
    Reshape,
    Shape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
    operator_name,
)

WEIGHT_BYTES = 1
"""An int8 weight."""

BIAS_BYTES = 4
"""An int32 bias."""


class Parameters(NamedTuple):
    """How many numbers an operator keeps.

    `weights` and `biases` are learned; `scales` of the weights' quantization come on top, and
    `statistics` are a batch norm's moving means and variances, which are measured, not learned.
    """

    weights: int = 0
    biases: int = 0
    scales: int = 0
    statistics: int = 0


def _conv2d(op: Conv2D, source: Shape) -> Parameters:
    weights = op.filters * op.kernel[0] * op.kernel[1] * (source[2] // op.groups)
    return Parameters(weights, op.filters * op.use_bias, op.filters)


def _depthwise(op: DepthwiseConv2D, source: Shape) -> Parameters:
    filters = source[2] * op.multiplier
    return Parameters(op.kernel[0] * op.kernel[1] * filters, filters * op.use_bias, filters)


def _dense(op: Dense, source: Shape) -> Parameters:
    return Parameters(op.units * source[0], op.units * op.use_bias, 1)


def _batch_norm(op: BatchNorm, source: Shape) -> Parameters:
    """gamma and beta are learned, the moving mean and variance measured, for each channel."""
    learned = 2 * source[-1]
    return Parameters(learned, 0, 0, learned)


def _elementwise(op: Add | Sub | Mul, source: Shape) -> Parameters:
    """A constant operand is a weight with one scale."""
    return Parameters() if op.constant is None else Parameters(math.prod(op.constant), scales=1)


def _none(op: Operator, source: Shape) -> Parameters:
    return Parameters()


_Formula = Callable[[Any, Shape], Parameters]  # Any: each formula takes its own operator class

FORMULAS: Mapping[type[Operator], _Formula] = MappingProxyType(
    {
        Conv2D: _conv2d,
        DepthwiseConv2D: _depthwise,
        Dense: _dense,
        BatchNorm: _batch_norm,
        Activation: _none,
        Add: _elementwise,
        Sub: _elementwise,
        Mul: _elementwise,
        Concat: _none,
        AveragePool2D: _none,
        MaxPool2D: _none,
        Mean: _none,
        Pad: _none,
        Reshape: _none,
        Transpose: _none,
        StridedSlice: _none,
        Softmax: _none,
        Quantize: _none,
        Dequantize: _none,
    }
)
"""From the (first) input's shape to the parameters, by operator class."""


def parameters(op: Operator, source: Shape) -> Parameters:
    """Parameters of `op` that reads `source`; raises UnsupportedOpError where no formula is known."""
    formula = FORMULAS.get(type(op))
    if formula is None:
        raise UnsupportedOpError(operator_name(op), "parameter")
    return formula(op, source)
