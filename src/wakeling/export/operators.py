"""How each operator of a fused graph is written in a .tflite file.

One entry an operator class: its builtin code, the version that takes int8, its options and its
constant inputs. Versions and the release that brought them are those of TensorFlow Lite's
`op_version.cc` and `runtime_version.cc`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.errors import UnsupportedOpError
from wakeling.graph import Node
from wakeling.ops import (
    Activation,
    ActivationKind,
    Add,
    AveragePool2D,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    MaxPool2D,
    Operator,
    Pad,
    Padding,
    Reshape,
    Softmax,
    operator_name,
)

# Any: the schema's generated classes have no types
Options = Callable[[Any, Node], tuple[str, Any]]
Constants = Callable[[Node], dict[str, npt.NDArray[np.int32]]]

_PADDING: Mapping[Padding, str] = {"same": "SAME", "valid": "VALID"}
_ACTIVATION: Mapping[ActivationKind, str] = {"linear": "NONE", "relu": "RELU", "relu6": "RELU6"}


def _no_constants(node: Node) -> dict[str, npt.NDArray[np.int32]]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorEntry:
    """One operator in the file.

    `options` gives the name in BuiltinOptions and the table (None: there is none); `constants`
    the inputs behind the node's own, by tensor name; `since` is the TensorFlow Lite release that
    brought the version.
    """

    builtin: str
    version: int
    options: Options | None
    constants: Constants = _no_constants
    since: str = "1.14.0"


def _conv2d(tflite: Any, node: Node) -> tuple[str, Any]:
    op = node.op
    assert isinstance(op, Conv2D)
    options = tflite.Conv2DOptionsT()
    _set_window(tflite, options, op)
    return "Conv2DOptions", options


def _depthwise_conv2d(tflite: Any, node: Node) -> tuple[str, Any]:
    op = node.op
    assert isinstance(op, DepthwiseConv2D)
    options = tflite.DepthwiseConv2DOptionsT()
    _set_window(tflite, options, op)
    options.depthMultiplier = 1
    return "DepthwiseConv2DOptions", options


def _set_window(tflite: Any, options: Any, op: Conv2D | DepthwiseConv2D) -> None:
    options.padding = getattr(tflite.Padding, _PADDING[op.padding])
    options.strideH, options.strideW = op.stride
    options.fusedActivationFunction = _activation_code(tflite, op.activation)


def _activation_code(tflite: Any, kind: ActivationKind) -> int:
    code: int = getattr(tflite.ActivationFunctionType, _ACTIVATION[kind])
    return code


def _dense(tflite: Any, node: Node) -> tuple[str, Any]:
    op = node.op
    assert isinstance(op, Dense)
    options = tflite.FullyConnectedOptionsT()
    options.fusedActivationFunction = _activation_code(tflite, op.activation)
    return "FullyConnectedOptions", options


def _add(tflite: Any, node: Node) -> tuple[str, Any]:
    op = node.op
    assert isinstance(op, Add)
    options = tflite.AddOptionsT()
    options.fusedActivationFunction = _activation_code(tflite, op.activation)
    return "AddOptions", options


def _pool2d(tflite: Any, node: Node) -> tuple[str, Any]:
    op = node.op
    assert isinstance(op, AveragePool2D | MaxPool2D)
    options = tflite.Pool2DOptionsT()
    options.padding = getattr(tflite.Padding, _PADDING[op.padding])
    options.strideH, options.strideW = op.stride
    options.filterHeight, options.filterWidth = op.pool
    return "Pool2DOptions", options


def _pad(tflite: Any, node: Node) -> tuple[str, Any]:
    return "PadOptions", tflite.PadOptionsT()


def _pad_constants(node: Node) -> dict[str, npt.NDArray[np.int32]]:
    op = node.op
    assert isinstance(op, Pad)
    return {f"{node.name}/paddings": np.array([(0, 0), op.rows, op.columns, (0, 0)], np.int32)}


def _reshape(tflite: Any, node: Node) -> tuple[str, Any]:
    options = tflite.ReshapeOptionsT()
    options.newShape = np.array([1, *node.shape], np.int32)
    return "ReshapeOptions", options


def _softmax(tflite: Any, node: Node) -> tuple[str, Any]:
    options = tflite.SoftmaxOptionsT()
    options.beta = 1.0
    return "SoftmaxOptions", options


OPERATOR_ENTRIES: Mapping[type[Operator], OperatorEntry] = MappingProxyType(
    {
        Conv2D: OperatorEntry(builtin="CONV_2D", version=3, options=_conv2d),
        DepthwiseConv2D: OperatorEntry(builtin="DEPTHWISE_CONV_2D", version=3, options=_depthwise_conv2d),
        Dense: OperatorEntry(builtin="FULLY_CONNECTED", version=4, options=_dense),
        Add: OperatorEntry(builtin="ADD", version=2, options=_add),
        AveragePool2D: OperatorEntry(builtin="AVERAGE_POOL_2D", version=2, options=_pool2d),
        MaxPool2D: OperatorEntry(builtin="MAX_POOL_2D", version=2, options=_pool2d),
        Pad: OperatorEntry(builtin="PAD", version=2, options=_pad, constants=_pad_constants),
        Reshape: OperatorEntry(builtin="RESHAPE", version=1, options=_reshape, since="1.5.0"),
        Softmax: OperatorEntry(builtin="SOFTMAX", version=2, options=_softmax),
    }
)
"""Every operator of a fused graph but the activation that stands alone, by its class."""

ACTIVATION_ENTRIES: Mapping[ActivationKind, OperatorEntry] = MappingProxyType(
    {
        "linear": OPERATOR_ENTRIES[Reshape],  # TFLite has no identity; this copies
        "relu": OperatorEntry(builtin="RELU", version=2, options=None, since="2.1.0"),
        "relu6": OperatorEntry(builtin="RELU6", version=2, options=None),
    }
)
"""An activation that could not be fused is an operator of its own, one for each kind."""


def operator_entry(op: Operator) -> OperatorEntry:
    """How an operator is written; raises UnsupportedOpError where no table has it."""
    if isinstance(op, Activation):
        return ACTIVATION_ENTRIES[op.kind]
    entry = OPERATOR_ENTRIES.get(type(op))
    if entry is None:
        raise UnsupportedOpError(operator_name(op), "tflite export")
    return entry
