"""Parameters of one operator: weights and biases, by operator class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from wakeling.errors import UnsupportedOpError
from wakeling.ops import (
    Activation,
    Add,
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    MaxPool2D,
    Operator,
    Pad,
    Reshape,
    Shape,
    Softmax,
    operator_name,
)

WEIGHT_BYTES = 1
"""An int8 weight."""

BIAS_BYTES = 4
"""An int32 bias."""

BATCH_NORM_VALUES = 4
"""gamma, beta, moving mean, moving variance: values of a batch norm for each channel."""


class Parameters(NamedTuple):
    """How many numbers an operator keeps; `scales` of them are per-channel weight scales."""

    weights: int = 0
    biases: int = 0
    scales: int = 0


def _conv2d(op: Conv2D, source: Shape) -> Parameters:
    weights = op.filters * op.kernel[0] * op.kernel[1] * source[2]
    return Parameters(weights, op.filters * op.use_bias, op.filters)


def _depthwise(op: DepthwiseConv2D, source: Shape) -> Parameters:
    return Parameters(op.kernel[0] * op.kernel[1] * source[2], source[2] * op.use_bias, source[2])


def _dense(op: Dense, source: Shape) -> Parameters:
    return Parameters(op.units * source[0], op.units * op.use_bias, 1)


def _batch_norm(op: BatchNorm, source: Shape) -> Parameters:
    return Parameters(BATCH_NORM_VALUES * source[-1])


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
        Add: _none,
        AveragePool2D: _none,
        MaxPool2D: _none,
        Pad: _none,
        Reshape: _none,
        Softmax: _none,
    }
)
"""From the (first) input's shape to the parameters, by operator class."""


def parameters(op: Operator, source: Shape) -> Parameters:
    """Parameters of `op` that reads `source`; raises UnsupportedOpError where no formula is known."""
    formula = FORMULAS.get(type(op))
    if formula is None:
        raise UnsupportedOpError(operator_name(op), "parameter")
    return formula(op, source)
