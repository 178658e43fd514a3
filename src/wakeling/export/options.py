"""The options and the constant inputs of each operator, as TFLite's schema holds them.

TFLite's tensors have a batch axis in front, so axes count one higher in a file than in a graph.
Which builtin and version an operator is written as is in `export.operators`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.graph import Node
from wakeling.ops import (
    ActivationKind,
    Add,
    AveragePool2D,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    MaxPool2D,
    Mean,
    Mul,
    Pad,
    Padding,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
)

# Any: the schema's generated classes have no types
Options = Callable[[Any, Node], tuple[str, Any]]
Constants = Callable[[Node], dict[str, npt.NDArray[np.int32]]]

_PADDING: Mapping[Padding, str] = {"same": "SAME", "valid": "VALID"}
_ACTIVATION: Mapping[ActivationKind, str] = {"linear": "NONE", "relu": "RELU", "relu6": "RELU6"}


def plain(name: str) -> Options:
    """Options without a choice in them."""
    return lambda tflite, node: (name, getattr(tflite, f"{name}T")())


def conv2d(tflite: Any, node: Node) -> tuple[str, Any]:
    """Window, stride, padding, dilation; groups follow from the weights' shape."""
    op = node.op
    assert isinstance(op, Conv2D)
    options = tflite.Conv2DOptionsT()
    _set_window(tflite, options, op)
    return "Conv2DOptions", options


def depthwise_conv2d(tflite: Any, node: Node) -> tuple[str, Any]:
    """As `conv2d`, and the filters for each channel."""
    op = node.op
    assert isinstance(op, DepthwiseConv2D)
    options = tflite.DepthwiseConv2DOptionsT()
    _set_window(tflite, options, op)
    options.depthMultiplier = op.multiplier
    return "DepthwiseConv2DOptions", options


def _set_window(tflite: Any, options: Any, op: Conv2D | DepthwiseConv2D) -> None:
    options.padding = getattr(tflite.Padding, _PADDING[op.padding])
    options.strideH, options.strideW = op.stride
    options.dilationHFactor, options.dilationWFactor = op.dilation
    options.fusedActivationFunction = _activation_code(tflite, op.activation)


def _activation_code(tflite: Any, kind: ActivationKind) -> int:
    code: int = getattr(tflite.ActivationFunctionType, _ACTIVATION[kind])
    return code


def activated(name: str) -> Options:
    """Options whose only choice is the fused activation (dense, add, sub, mul)."""

    def make(tflite: Any, node: Node) -> tuple[str, Any]:
        op = node.op
        assert isinstance(op, Dense | Add | Sub | Mul)
        options = getattr(tflite, f"{name}T")()
        options.fusedActivationFunction = _activation_code(tflite, op.activation)
        return name, options

    return make


def pool2d(tflite: Any, node: Node) -> tuple[str, Any]:
    """Window, stride and padding."""
    op = node.op
    assert isinstance(op, AveragePool2D | MaxPool2D)
    options = tflite.Pool2DOptionsT()
    options.padding = getattr(tflite.Padding, _PADDING[op.padding])
    options.strideH, options.strideW = op.stride
    options.filterHeight, options.filterWidth = op.pool
    return "Pool2DOptions", options


def concat(tflite: Any, node: Node) -> tuple[str, Any]:
    """The axis."""
    op = node.op
    assert isinstance(op, Concat)
    options = tflite.ConcatenationOptionsT()
    options.axis = op.axis + 1
    return "ConcatenationOptions", options


def mean(tflite: Any, node: Node) -> tuple[str, Any]:
    """Whether reduced axes stay; which they are is a constant input."""
    op = node.op
    assert isinstance(op, Mean)
    options = tflite.ReducerOptionsT()
    options.keepDims = op.keep_dims
    return "ReducerOptions", options


def reshape(tflite: Any, node: Node) -> tuple[str, Any]:
    """The new shape."""
    options = tflite.ReshapeOptionsT()
    options.newShape = np.array([1, *node.shape], np.int32)
    return "ReshapeOptions", options


def softmax(tflite: Any, node: Node) -> tuple[str, Any]:
    """Beta."""
    op = node.op
    assert isinstance(op, Softmax)
    options = tflite.SoftmaxOptionsT()
    options.beta = op.beta
    return "SoftmaxOptions", options


def no_constants(node: Node) -> dict[str, npt.NDArray[np.int32]]:
    """Nothing behind the node's own inputs."""
    return {}


def mean_axes(node: Node) -> dict[str, npt.NDArray[np.int32]]:
    """The axes that are averaged."""
    op = node.op
    assert isinstance(op, Mean)
    return {f"{node.name}/axes": np.array([axis + 1 for axis in op.axes], np.int32)}


def paddings(node: Node) -> dict[str, npt.NDArray[np.int32]]:
    """Zeros before and after each axis."""
    op = node.op
    assert isinstance(op, Pad)
    return {f"{node.name}/paddings": np.array([(0, 0), op.rows, op.columns, op.channels], np.int32)}


def order(node: Node) -> dict[str, npt.NDArray[np.int32]]:
    """The new order of the axes."""
    op = node.op
    assert isinstance(op, Transpose)
    return {f"{node.name}/order": np.array([0, *(axis + 1 for axis in op.order)], np.int32)}


def bounds(node: Node) -> dict[str, npt.NDArray[np.int32]]:
    """Begin, end and stride along each axis."""
    op = node.op
    assert isinstance(op, StridedSlice)
    return {
        f"{node.name}/begin": np.array([0, *op.begin], np.int32),
        f"{node.name}/end": np.array([1, *op.end], np.int32),
        f"{node.name}/strides": np.array([1, *op.strides], np.int32),
    }
