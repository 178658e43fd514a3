"""An operator in a few words, as tables and figures show it: `conv2d 3×3, 16 filters, stride 2, relu6`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from wakeling.ops import (
    Activation,
    AveragePool2D,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    MaxPool2D,
    Mean,
    Operator,
    Pad,
    Pair,
    Quantize,
    Softmax,
    StridedSlice,
    Transpose,
    activation_of,
    constant_of,
    operator_name,
)

AXES = ("rows", "columns", "channels")
"""What the axes of an image are called."""


def operator_text(op: Operator) -> str:
    """The operator's name and what sets it apart, in a few words."""
    words = _WORDS.get(type(op), _no_words)(op)
    constant = constant_of(op)
    if constant is not None:
        words.append(f"constant {'×'.join(map(str, constant))}" if constant else "one constant")
        if getattr(op, "constant_first", False):
            words.append("from the constant")
    if activation_of(op) != "linear":
        words.append(activation_of(op))
    text = ", ".join(words)
    return f"{operator_name(op)} {text}" if text else operator_name(op)


def _pair(pair: Pair) -> str:
    return f"{pair[0]}×{pair[1]}"


def _window(kernel: Pair, stride: Pair, padding: str, dilation: Pair = (1, 1)) -> list[str]:
    """What is not the default: one step, zeros around the edge, no gaps."""
    words = []
    if stride != (1, 1):
        words.append(f"stride {stride[0] if stride[0] == stride[1] else _pair(stride)}")
    if dilation != (1, 1):
        words.append(f"dilation {dilation[0] if dilation[0] == dilation[1] else _pair(dilation)}")
    if padding == "valid" and kernel != (1, 1):
        words.append("valid")
    return words


def _conv2d(op: Conv2D) -> list[str]:
    groups = [f"{op.groups} groups"] if op.groups > 1 else []
    window = _window(op.kernel, op.stride, op.padding, op.dilation)
    return [_pair(op.kernel), f"{op.filters} filters", *groups, *window]


def _depthwise(op: DepthwiseConv2D) -> list[str]:
    several = [f"{op.multiplier} filters a channel"] if op.multiplier > 1 else []
    return [_pair(op.kernel), *several, *_window(op.kernel, op.stride, op.padding, op.dilation)]


def _pool(op: AveragePool2D | MaxPool2D) -> list[str]:
    return [_pair(op.pool), *_window(op.pool, op.stride, op.padding)]


def _mean(op: Mean) -> list[str]:
    axes = " and ".join(AXES[axis] if axis < len(AXES) else f"axis {axis}" for axis in op.axes)
    return [f"over {axes}", *(["kept"] if op.keep_dims else [])]


def _pad(op: Pad) -> list[str]:
    margins = zip(AXES, (op.rows, op.columns, op.channels), strict=True)
    shown = [f"{name} {before}+{after}" for name, (before, after) in margins if before or after]
    return shown or ["by nothing"]


def _strided_slice(op: StridedSlice) -> list[str]:
    bounds = zip(op.begin, op.end, op.strides, strict=True)
    return [f"{begin}:{end}" + (f":{step}" if step != 1 else "") for begin, end, step in bounds]


def _softmax(op: Softmax) -> list[str]:
    return [] if op.beta == 1 else [f"β {op.beta:g}"]


def _no_words(op: Operator) -> list[str]:
    return []


_WORDS: Mapping[type[Operator], Callable[[Any], list[str]]] = MappingProxyType(  # Any: each its own class
    {
        Conv2D: _conv2d,
        DepthwiseConv2D: _depthwise,
        Dense: lambda op: [f"{op.units} units"],
        BatchNorm: _no_words,
        Activation: lambda op: [op.kind],
        Concat: lambda op: [f"along {AXES[op.axis] if op.axis < len(AXES) else op.axis}"],
        AveragePool2D: _pool,
        MaxPool2D: _pool,
        Mean: _mean,
        Pad: _pad,
        Transpose: lambda op: ["axes " + " ".join(map(str, op.order))],
        StridedSlice: _strided_slice,
        Softmax: _softmax,
        Quantize: lambda op: [f"to {op.to}"],
    }
)
"""What sets an operator apart; operators that need no words are missing."""
