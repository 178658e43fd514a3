"""Arithmetic of one operator: the formula of every primitive operator, by operator class.

The network's own arithmetic is counted, one multiply-accumulate as one MAC. What a runtime adds
to it (requantization, copies between buffers) is not. Padding positions count as if they were
pixels ("nominal" counts, as every published table has them).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from wakeling.errors import UnsupportedOpError
from wakeling.ops import (
    Activation,
    ActivationKind,
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
    PointwiseKind,
    Quantize,
    Reshape,
    Shape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
    operator_name,
)

_NOTHING: Mapping[str, int] = {}


class Counts(NamedTuple):
    """Arithmetic operations of one inference.

    `other` counts what is neither multiplication nor addition, by name: `comparisons`,
    `divisions`, `exponentials`, `copies`, `conversions` (between element types).
    """

    macs: int = 0
    multiplications: int = 0
    additions: int = 0
    other: Mapping[str, int] = _NOTHING


_COMPARISONS: Mapping[ActivationKind, int] = MappingProxyType({"linear": 0, "relu": 1, "relu6": 2})
"""Comparisons of an activation for each element."""


def _clamp(kind: ActivationKind, outputs: int) -> Mapping[str, int]:
    comparisons = _COMPARISONS[kind] * outputs
    return {"comparisons": comparisons} if comparisons else _NOTHING


def _products(products: int, outputs: int, use_bias: bool, kind: ActivationKind) -> Counts:
    """`outputs` sums of `products` products each, with a bias added to each where there is one."""
    multiplications = products * outputs
    additions = (products - 1 + use_bias) * outputs
    return Counts(multiplications, multiplications, additions, _clamp(kind, outputs))


def _conv2d(op: Conv2D, source: Shape, target: Shape) -> Counts:
    """K²·M·N·H·W multiplications and (K²·M − 1)·N·H·W additions, and the bias."""
    products = op.kernel[0] * op.kernel[1] * (source[2] // op.groups)
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


@dataclass(frozen=True, slots=True)
class _Element:
    """Operations of a non-linearity for one element."""

    multiplications: int = 0
    additions: int = 0
    comparisons: int = 0
    exponentials: int = 0
    divisions: int = 0


_POINTWISE: Mapping[PointwiseKind, _Element] = MappingProxyType(
    {
        "linear": _Element(),
        "relu": _Element(comparisons=1),
        "relu6": _Element(comparisons=2),
        # x · relu6(x + 3) · 1/6 and relu6(x + 3) · 1/6 (Howard et al. 2019, arXiv:1905.02244, section 5.2)
        "hard_swish": _Element(multiplications=2, additions=1, comparisons=2),
        "hard_sigmoid": _Element(multiplications=1, additions=1, comparisons=2),
        # 1 / (1 + exp(−x)), x times that, and 1 − 2 / (exp(2x) + 1)
        "sigmoid": _Element(additions=1, exponentials=1, divisions=1),
        "swish": _Element(multiplications=1, additions=1, exponentials=1, divisions=1),
        "tanh": _Element(multiplications=1, additions=2, exponentials=1, divisions=1),
    }
)
"""Every element-wise non-linearity, by its kind."""


def _activation(op: Activation, source: Shape, target: Shape) -> Counts:
    outputs, each = math.prod(target), _POINTWISE[op.kind]
    other = {name: getattr(each, name) * outputs for name in ("comparisons", "exponentials", "divisions")}
    return Counts(
        multiplications=each.multiplications * outputs,
        additions=each.additions * outputs,
        other={name: amount for name, amount in other.items() if amount},
    )


def _add(op: Add | Sub, source: Shape, target: Shape) -> Counts:
    """One addition (a subtraction is one) for each output."""
    outputs = math.prod(target)
    return Counts(additions=outputs, other=_clamp(op.activation, outputs))


def _mul(op: Mul, source: Shape, target: Shape) -> Counts:
    """One multiplication for each output; nothing is accumulated, so no MAC."""
    outputs = math.prod(target)
    return Counts(multiplications=outputs, other=_clamp(op.activation, outputs))


def _average_pool(op: AveragePool2D, source: Shape, target: Shape) -> Counts:
    """n − 1 additions and one division for each output of an n-pixel window."""
    outputs = math.prod(target)
    return Counts(additions=(math.prod(op.pool) - 1) * outputs, other={"divisions": outputs})


def _max_pool(op: MaxPool2D, source: Shape, target: Shape) -> Counts:
    return Counts(other={"comparisons": (math.prod(op.pool) - 1) * math.prod(target)})


def _mean(op: Mean, source: Shape, target: Shape) -> Counts:
    """n − 1 additions and one division for each output that is the mean of n values."""
    inputs, outputs = math.prod(source), math.prod(target)
    return Counts(additions=inputs - outputs, other={"divisions": outputs})


def _copied(op: Pad | Concat | Transpose | StridedSlice, source: Shape, target: Shape) -> Counts:
    return Counts(other={"copies": math.prod(target)})


def _reshape(op: Reshape, source: Shape, target: Shape) -> Counts:
    """Nothing: the values stay where they are."""
    return Counts()


def _softmax(op: Softmax, source: Shape, target: Shape) -> Counts:
    """exp(x − max x) / Σ exp: the largest is found and subtracted first, as every runtime does."""
    outputs = math.prod(target)
    sums = outputs // target[-1]
    return Counts(
        multiplications=0 if op.beta == 1 else outputs,
        additions=outputs + outputs - sums,
        other={"comparisons": outputs - sums, "exponentials": outputs, "divisions": outputs},
    )


def _converted(op: Quantize | Dequantize, source: Shape, target: Shape) -> Counts:
    return Counts(other={"conversions": math.prod(target)})


_Formula = Callable[[Any, Shape, Shape], Counts]  # Any: each formula takes its own operator class

FORMULAS: Mapping[type[Operator], _Formula] = MappingProxyType(
    {
        Conv2D: _conv2d,
        DepthwiseConv2D: _depthwise,
        Dense: _dense,
        BatchNorm: _batch_norm,
        Activation: _activation,
        Add: _add,
        Sub: _add,
        Mul: _mul,
        Concat: _copied,
        AveragePool2D: _average_pool,
        MaxPool2D: _max_pool,
        Mean: _mean,
        Pad: _copied,
        Reshape: _reshape,
        Transpose: _copied,
        StridedSlice: _copied,
        Softmax: _softmax,
        Quantize: _converted,
        Dequantize: _converted,
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
