"""The shape and the element type that each operator makes of its inputs', by operator class."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from wakeling.errors import GraphError, UnsupportedOpError
from wakeling.ops.operators import (
    Activation,
    Add,
    AveragePool2D,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dequantize,
    ElementType,
    MaxPool2D,
    Mean,
    Mul,
    Operator,
    Pad,
    Padding,
    Pair,
    Quantize,
    Reshape,
    Shape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
    constant_of,
    operator_name,
)
from wakeling.ops.windows import window_extent, window_output

_ELEMENTWISE = frozenset((Add, Sub, Mul))
_NO_DILATION = (1, 1)


def _check(condition: bool, op: Operator, shape: Shape, need: str) -> None:
    if not condition:
        raise GraphError(f"{operator_name(op)} takes {need}; given {shape}")


def _windowed(
    op: Operator, shape: Shape, window: Pair, stride: Pair, padding: Padding, dilation: Pair = _NO_DILATION
) -> Pair:
    if len(shape) != 3:
        _check(False, op, shape, "an image (height, width, channels)")
    if window[0] < 1 or window[1] < 1 or stride[0] < 1 or stride[1] < 1:
        _check(False, op, (*window, *stride), "a window and a stride of at least 1")
    if dilation != _NO_DILATION:
        _check(min(dilation) >= 1, op, dilation, "a dilation of at least 1")
        window = (window_extent(window[0], dilation[0]), window_extent(window[1], dilation[1]))
    if padding == "same":
        return -(-shape[0] // stride[0]), -(-shape[1] // stride[1])
    height = window_output(shape[0], window[0], stride[0], padding)
    width = window_output(shape[1], window[1], stride[1], padding)
    if height < 1 or width < 1:
        _check(False, op, shape, f"an image of at least {window} with valid padding")
    return height, width


def _conv2d(op: Conv2D, shapes: tuple[Shape, ...]) -> Shape:
    shape = shapes[0]
    if op.filters < 1:
        _check(False, op, (op.filters,), "at least one filter")
    height, width = _windowed(op, shape, op.kernel, op.stride, op.padding, op.dilation)
    if op.groups != 1:
        whole = op.groups >= 1 and shape[2] % op.groups == 0 and op.filters % op.groups == 0
        _check(whole, op, (shape[2], op.filters, op.groups), "channels and filters that its groups divide")
    return height, width, op.filters


def _depthwise(op: DepthwiseConv2D, shapes: tuple[Shape, ...]) -> Shape:
    if op.multiplier < 1:
        _check(False, op, (op.multiplier,), "a multiplier of at least 1")
    height, width = _windowed(op, shapes[0], op.kernel, op.stride, op.padding, op.dilation)
    return height, width, shapes[0][2] * op.multiplier


def _dense(op: Dense, shapes: tuple[Shape, ...]) -> Shape:
    _check(len(shapes[0]) == 1, op, shapes[0], "a vector (features,)")
    _check(op.units >= 1, op, (op.units,), "at least one unit")
    return (op.units,)


def _pooled(op: AveragePool2D | MaxPool2D, shapes: tuple[Shape, ...]) -> Shape:
    return (*_windowed(op, shapes[0], op.pool, op.stride, op.padding), shapes[0][2])


def broadcast(left: Shape, right: Shape) -> Shape | None:
    """The shape that two shapes broadcast to (aligned at the end); None where they do not."""
    if len(left) < len(right):
        left, right = right, left
    padded = (1,) * (len(left) - len(right)) + right
    if any(a != b and 1 not in (a, b) for a, b in zip(left, padded, strict=True)):
        return None
    return tuple(max(a, b) for a, b in zip(left, padded, strict=True))


def _elementwise(op: Add | Sub | Mul, shapes: tuple[Shape, ...]) -> Shape:
    if op.constant is None and len(shapes) == 2 and shapes[0] == shapes[1]:
        return shapes[0]
    right = shapes[1] if op.constant is None else op.constant
    shape = broadcast(shapes[0], right)
    if shape is None:
        raise GraphError(
            f"{operator_name(op)} takes two tensors of one shape, or of shapes that broadcast; "
            f"given {shapes[0]} and {right}"
        )
    return shape


def _concat(op: Concat, shapes: tuple[Shape, ...]) -> Shape:
    first = shapes[0]
    _check(0 <= op.axis < len(first), op, (op.axis,), f"an axis from 0 to {len(first) - 1}")
    for shape in shapes[1:]:
        if len(shape) != len(first) or any(
            a != b for axis, (a, b) in enumerate(zip(first, shape, strict=True)) if axis != op.axis
        ):
            raise GraphError(
                f"concat takes shapes that agree in every axis but {op.axis}; given {first} and {shape}"
            )
    joined = sum(shape[op.axis] for shape in shapes)
    return (*first[: op.axis], joined, *first[op.axis + 1 :])


def _mean(op: Mean, shapes: tuple[Shape, ...]) -> Shape:
    shape = shapes[0]
    known = len(set(op.axes)) == len(op.axes) >= 1 and all(0 <= axis < len(shape) for axis in op.axes)
    _check(known, op, op.axes, f"different axes from 0 to {len(shape) - 1}")
    if op.keep_dims:
        return tuple(1 if axis in op.axes else size for axis, size in enumerate(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in op.axes) or (1,)


def _pad(op: Pad, shapes: tuple[Shape, ...]) -> Shape:
    _check(len(shapes[0]) == 3, op, shapes[0], "an image (height, width, channels)")
    _check(min(*op.rows, *op.columns, *op.channels) >= 0, op, op.rows, "margins of at least 0")
    height, width, channels = shapes[0]
    return height + sum(op.rows), width + sum(op.columns), channels + sum(op.channels)


def _reshape(op: Reshape, shapes: tuple[Shape, ...]) -> Shape:
    _check(min(op.shape, default=1) >= 1, op, op.shape, "axes of at least 1")
    _check(math.prod(op.shape) == math.prod(shapes[0]), op, shapes[0], f"as many values as {op.shape}")
    return op.shape


def _transpose(op: Transpose, shapes: tuple[Shape, ...]) -> Shape:
    shape = shapes[0]
    _check(sorted(op.order) == list(range(len(shape))), op, op.order, f"each axis of {shape} once")
    return tuple(shape[axis] for axis in op.order)


def _strided_slice(op: StridedSlice, shapes: tuple[Shape, ...]) -> Shape:
    shape = shapes[0]
    same_rank = len(op.begin) == len(op.end) == len(op.strides) == len(shape)
    _check(same_rank, op, shape, "a begin, an end and a stride for each axis")
    bounds = zip(op.begin, op.end, op.strides, shape, strict=True)
    inside = all(0 <= begin < end <= size and step >= 1 for begin, end, step, size in bounds)
    _check(inside, op, shape, f"bounds inside the tensor, not {op.begin} to {op.end} by {op.strides}")
    return tuple(
        -(-(end - begin) // step) for begin, end, step in zip(op.begin, op.end, op.strides, strict=True)
    )


def _unchanged(op: Operator, shapes: tuple[Shape, ...]) -> Shape:
    return shapes[0]


_ShapeRule = Callable[[Any, tuple[Shape, ...]], Shape]  # Any: each rule takes its own operator class

SHAPE_RULES: Mapping[type[Operator], _ShapeRule] = MappingProxyType(
    {
        Conv2D: _conv2d,
        DepthwiseConv2D: _depthwise,
        Dense: _dense,
        BatchNorm: _unchanged,
        Activation: _unchanged,
        Add: _elementwise,
        Sub: _elementwise,
        Mul: _elementwise,
        Concat: _concat,
        AveragePool2D: _pooled,
        MaxPool2D: _pooled,
        Mean: _mean,
        Pad: _pad,
        Reshape: _reshape,
        Transpose: _transpose,
        StridedSlice: _strided_slice,
        Softmax: _unchanged,
        Quantize: _unchanged,
        Dequantize: _unchanged,
    }
)


def input_count(op: Operator) -> int | None:
    """How many tensors an operator takes; None: one or more."""
    cls = type(op)
    if cls in _ELEMENTWISE:
        return 2 if constant_of(op) is None else 1
    return None if cls is Concat else 1


def output_shape(op: Operator, shapes: tuple[Shape, ...]) -> Shape:
    """Shape of an operator's output.

    Raises UnsupportedOpError for an unknown operator and GraphError where the shapes do not fit.
    """
    rule = SHAPE_RULES.get(type(op))
    if rule is None:
        raise UnsupportedOpError(type(op).__name__, "shape")
    if len(shapes) != 1 or type(op) in _ELEMENTWISE:
        expected = input_count(op)
        if len(shapes) != (expected or max(len(shapes), 1)):
            raise GraphError(f"{operator_name(op)} takes {expected or 'some'} inputs; given {len(shapes)}")
    return rule(op, shapes)


TYPE_CHANGING: frozenset[type[Operator]] = frozenset((Quantize, Dequantize))
"""Operators whose output has another element type than their input."""


def output_type(op: Operator, source: ElementType) -> ElementType:
    """Element type of an operator's output where its first input has the type `source`."""
    if isinstance(op, Quantize):
        return op.to
    return "float32" if isinstance(op, Dequantize) else source
