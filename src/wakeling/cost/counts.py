"""Arithmetic of one operator: the formula of every primitive operator, by operator class.

The network's own arithmetic is counted, one multiply-accumulate as one MAC. What a runtime adds
to it (requantization, copies between buffers) is not. Padding positions count as if they were
pixels ("nominal" counts, as every published table has them).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from wakeling.errors import UnsupportedOpError
from wakeling.ops import (
    Activation,
    ActivationKind,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Arithmetic operations of one inference.

    `other` counts what is neither multiplication nor addition, by name: `comparisons`,
    `divisions`, `exponentials`, `copies`.
    """

    macs: int = 0
    multiplications: int = 0
    additions: int = 0
    other: Mapping[str, int] = field(default_factory=dict)


_COMPARISONS: Mapping[ActivationKind, int] = MappingProxyType({"linear": 0, "relu": 1, "relu6": 2})
"""Comparisons of an activation for each element."""


def _clamp(kind: ActivationKind, outputs: int) -> dict[str, int]:
    comparisons = _COMPARISONS[kind] * outputs
    return {"comparisons": comparisons} if comparisons else {}


def _products(products: int, outputs: int, use_bias: bool, kind: ActivationKind) -> Counts:
    """`outputs` sums of `products` products each, with a bias added to each where there is one."""
    multiplications = products * outputs
    return Counts(
        macs=multiplications,
        multiplications=multiplications,
        additions=(products - 1 + use_bias) * outputs,
        other=_clamp(kind, outputs),
    )


def _conv2d(op: Conv2D, source: Shape, target: Shape) -> Counts:
    """K²·M·N·H·W multiplications and (K²·M − 1)·N·H·W additions, and the bias."""
    products = op.kernel[0] * op.kernel[1] * source[2]
    return _products(products, math.prod(target), op.use_bias, op.activation)


def _depthwise(op: DepthwiseConv2D, source: Shape, target: Shape) -> Counts:
    """K²·M·H·W multiplications and (K² − 1)·M·H·W additions, and the bias."""
    return _products(op.kernel[0] * op.kernel[1], math.prod(target), op.use_bias, op.activation)


def _dense(op: Dense, source: Shape, target: Shape) -> Counts:
    """M·N multiplications and (M − 1)·N additions, and the bias."""
    return _products(source[0], op.units, op.use_bias, op.activation)


def _batch_norm(op: BatchNorm, source: Shape, target: Shape) -> Counts:
    """Where it is not folded: one factor and one offset for each element."""
    return _products(1, math.prod(target), True, "linear")


def _activation(op: Activation, source: Shape, target: Shape) -> Counts:
    return Counts(other=_clamp(op.kind, math.prod(target)))


def _add(op: Add, source: Shape, target: Shape) -> Counts:
    outputs = math.prod(target)
    return Counts(additions=outputs, other=_clamp(op.activation, outputs))


def _average_pool(op: AveragePool2D, source: Shape, target: Shape) -> Counts:
    """n − 1 additions and one division for each output of an n-pixel window."""
    outputs = math.prod(target)
    return Counts(additions=(math.prod(op.pool) - 1) * outputs, other={"divisions": outputs})


def _max_pool(op: MaxPool2D, source: Shape, target: Shape) -> Counts:
    return Counts(other={"comparisons": (math.prod(op.pool) - 1) * math.prod(target)})


def _pad(op: Pad, source: Shape, target: Shape) -> Counts:
    return Counts(other={"copies": math.prod(target)})


def _reshape(op: Reshape, source: Shape, target: Shape) -> Counts:
    """Nothing: the values stay where they are."""
    return Counts()


def _softmax(op: Softmax, source: Shape, target: Shape) -> Counts:
    """exp(x − max x) / Σ exp: the largest is found and subtracted first, as every runtime does."""
    outputs = target[0]
    return Counts(
        additions=outputs + outputs - 1,
        other={"comparisons": outputs - 1, "exponentials": outputs, "divisions": outputs},
    )


_Formula = Callable[[Any, Shape, Shape], Counts]  # Any: each formula takes its own operator class

FORMULAS: Mapping[type[Operator], _Formula] = MappingProxyType(
    {
        Conv2D: _conv2d,
        DepthwiseConv2D: _depthwise,
        Dense: _dense,
        BatchNorm: _batch_norm,
        Activation: _activation,
        Add: _add,
        AveragePool2D: _average_pool,
        MaxPool2D: _max_pool,
        Pad: _pad,
        Reshape: _reshape,
        Softmax: _softmax,
    }
)
"""From the (first) input's shape and the output's shape to the counts, by operator class."""


def count(op: Operator, source: Shape, target: Shape) -> Counts:
    """Arithmetic of `op` that reads `source` (its first input's shape) and makes `target`.

    Raises UnsupportedOpError for an operator without a formula: none is ever counted as free.
    """
    formula = FORMULAS.get(type(op))
    if formula is None:
        raise UnsupportedOpError(operator_name(op), "cost formula")
    return formula(op, source, target)
