"""Which version of an operator a file must name, and the release that brought it.

The rules of TensorFlow Lite's `op_version.cc` and `runtime_version.cc`, for the types that are
written here. How an operator's options look is in `export.options`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wakeling.graph import Graph, Node
from wakeling.ops import Conv2D, ElementType, Shape
from wakeling.quantize.rules import operand_names
from wakeling.quantize.tensors import TensorQuant


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """An operator with its graph and the scales around it (none in a float model)."""

    node: Node
    graph: Graph
    tensors: Mapping[str, TensorQuant]

    @property
    def source(self) -> Shape:
        """The shape of the first input, without the batch axis."""
        return self.graph.shapes[self.node.inputs[0]]

    @property
    def source_type(self) -> ElementType:
        """The element type of the first input."""
        return self.graph.types[self.node.inputs[0]]


VersionRule = Callable[[Situation], int]

SINCE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ADD": ("1.5.0", "1.14.0"),
        "AVERAGE_POOL_2D": ("1.5.0", "1.14.0"),
        "CONCATENATION": ("1.5.0", "1.14.0"),
        "CONV_2D": ("1.5.0", "1.14.0", "1.14.0", "2.3.0", "2.4.0", "2.9.0"),
        "DEPTHWISE_CONV_2D": ("1.5.0", "1.12.0", "1.14.0"),
        "DEQUANTIZE": ("1.13.1", "1.14.0"),
        "FULLY_CONNECTED": ("1.5.0", "1.10.0", "1.14.0", "1.14.0"),
        "HARD_SWISH": ("1.15.0",),
        "LOGISTIC": ("1.14.0", "1.14.0"),
        "MAX_POOL_2D": ("1.5.0", "1.14.0"),
        "MEAN": ("1.6.0", "1.14.0"),
        "MUL": ("1.5.0", "1.14.0", "1.15.0"),
        "PAD": ("1.5.0", "1.14.0", "2.4.0", "2.6.0"),
        "QUANTIZE": ("1.14.0",),
        "RELU": ("1.5.0", "2.1.0"),
        "RELU6": ("1.5.0", "1.14.0"),
        "RESHAPE": ("1.5.0",),
        "SOFTMAX": ("1.5.0", "1.14.0"),
        "STRIDED_SLICE": ("1.6.0", "1.14.0", "2.1.0", "2.2.0"),
        "SUB": ("1.6.0", "1.14.0", "2.3.0"),
        "TANH": ("1.14.0", "1.14.0"),
        "TRANSPOSE": ("1.6.0", "1.14.0", "1.15.0", "2.3.0", "2.4.0", "2.12.0"),
    }
)
"""The TensorFlow Lite release that brought each version of an operator, from version 1 on."""


def always(version: int) -> VersionRule:
    """The same version for every type."""
    return lambda situation: version


def by_type(*, int8: int, other: int = 1) -> VersionRule:
    """One version for int8, another for uint8 and float32."""
    return lambda situation: int8 if situation.source_type == "int8" else other


def conv2d(situation: Situation) -> int:
    """Groups came last; before that, int8."""
    op = situation.node.op
    assert isinstance(op, Conv2D)
    if op.groups > 1:
        return 6
    return 3 if situation.source_type == "int8" else 1


def depthwise_conv2d(situation: Situation) -> int:
    """int8, or float32 with dilation."""
    if situation.source_type == "int8":
        return 3
    return 1 if getattr(situation.node.op, "dilation", (1, 1)) == (1, 1) else 2


def mul(situation: Situation) -> int:
    """Version 3 multiplies by a factor of one or more."""
    if situation.source_type != "int8":
        return 1
    left, right = (situation.tensors[name].scale for name in operand_names(situation.node))
    return 3 if left * right / situation.tensors[situation.node.name].scale >= 1 else 2


def sub(situation: Situation) -> int:
    """Version 3 broadcasts more than four axes (the batch included)."""
    shapes = [situation.graph.shapes[name] for name in situation.node.inputs]
    if len(situation.node.shape) + 1 > 4 and (len(shapes) < 2 or shapes[0] != shapes[1]):
        return 3
    return 2 if situation.source_type == "int8" else 1


def transpose(situation: Situation) -> int:
    """More axes need a later version; the batch counts."""
    axes = len(situation.source) + 1
    if axes > 4:
        return 6 if axes > 5 else 4
    return 2 if situation.source_type == "int8" else 1


def strided_slice(situation: Situation) -> int:
    """More than four axes (the batch included) need version 4."""
    if len(situation.source) + 1 > 4:
        return 4
    return 2 if situation.source_type == "int8" else 1
