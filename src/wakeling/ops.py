"""The primitive operators: what each is called, its attributes and its shape rule.

Operators know nothing of weights, cost, torch or files; tables elsewhere (cost, nets, quantize,
export) map an operator class to what they need. Shapes are (height, width, channels) for images
and (features,) for vectors. Padding is TFLite's: `same` pads more at the bottom and right.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, cast

from wakeling.errors import GraphError, UnsupportedOpError

Shape = tuple[int, ...]
Pair = tuple[int, int]
Padding = Literal["same", "valid"]
ActivationKind = Literal["linear", "relu", "relu6"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv2D:
    """Standard convolution; `activation` and `use_bias` are set where it was fused."""

    filters: int
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Padding = "same"
    use_bias: bool = False
    activation: ActivationKind = "linear"


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthwiseConv2D:
    """One K×K filter per input channel."""

    kernel: Pair
    stride: Pair = (1, 1)
    padding: Padding = "same"
    use_bias: bool = False
    activation: ActivationKind = "linear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dense:
    """Fully connected layer on a vector."""

    units: int
    use_bias: bool = True
    activation: ActivationKind = "linear"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchNorm:
    """Batch normalization over the last axis; gone once folded."""

    epsilon: float = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """An element-wise non-linearity that is not fused (yet)."""

    kind: ActivationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """Element-wise sum of two tensors of the same shape."""

    activation: ActivationKind = "linear"


@dataclass(frozen=True, slots=True, kw_only=True)
class AveragePool2D:
    """Mean over each window; positions in the padding do not count."""

    pool: Pair
    stride: Pair = (1, 1)
    padding: Padding = "valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPool2D:
    """Largest value of each window."""

    pool: Pair
    stride: Pair = (1, 1)
    padding: Padding = "valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pad:
    """Zeros around an image: (top, bottom) rows and (left, right) columns."""

    rows: Pair
    columns: Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Reshape:
    """The same values in another shape."""

    shape: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Softmax:
    """exp(x) / Σ exp(x) over a vector."""


Operator = (
    Conv2D
    | DepthwiseConv2D
    | Dense
    | BatchNorm
    | Activation
    | Add
    | AveragePool2D
    | MaxPool2D
    | Pad
    | Reshape
    | Softmax
)

OPERATORS: Mapping[str, type[Operator]] = MappingProxyType(
    {
        "conv2d": Conv2D,
        "depthwise_conv2d": DepthwiseConv2D,
        "dense": Dense,
        "batch_norm": BatchNorm,
        "activation": Activation,
        "add": Add,
        "average_pool2d": AveragePool2D,
        "max_pool2d": MaxPool2D,
        "pad": Pad,
        "reshape": Reshape,
        "softmax": Softmax,
    }
)
"""Every primitive operator by its name in JSON; each table of operators must cover its part."""

_NAMES = {cls: name for name, cls in OPERATORS.items()}


def operator_name(op: Operator | type[Operator]) -> str:
    """The JSON name of an operator or of an operator class."""
    cls = op if isinstance(op, type) else type(op)
    return _NAMES.get(cls, cls.__name__)


def operator_to_json(op: Operator) -> dict[str, Any]:
    """Attributes of an operator as plain JSON values (pairs become lists)."""
    values = dataclasses.asdict(op)
    return {key: list(v) if isinstance(v, tuple) else v for key, v in values.items()}


def operator_from_json(name: str, attributes: Mapping[str, Any]) -> Operator:
    """The inverse of `operator_to_json`; raises UnsupportedOpError or GraphError."""
    cls = OPERATORS.get(name)
    if cls is None:
        raise UnsupportedOpError(name, "operator")
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in attributes.items()}
    make: Callable[..., Operator] = cls
    try:
        return make(**values)
    except TypeError as error:
        raise GraphError(f"operator {name!r} cannot be made from {dict(attributes)}: {error}") from None


def same_padding(size: int, kernel: int, stride: int) -> Pair:
    """Zeros (before, after) along one axis for TFLite's SAME: the odd one goes after."""
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def window_output(size: int, kernel: int, stride: int, padding: Padding) -> int:
    """Positions of a window of `kernel` moving by `stride` along an axis of `size`."""
    if padding == "same":
        return math.ceil(size / stride)
    return (size - kernel) // stride + 1


def _check(condition: bool, op: Operator, shape: Shape, need: str) -> None:
    if not condition:
        raise GraphError(f"{operator_name(op)} takes {need}; given {shape}")


def _windowed(op: Operator, shape: Shape, window: Pair, stride: Pair, padding: Padding) -> Pair:
    _check(len(shape) == 3, op, shape, "an image (height, width, channels)")
    _check(min(*window, *stride) >= 1, op, (*window, *stride), "a window and a stride of at least 1")
    height = window_output(shape[0], window[0], stride[0], padding)
    width = window_output(shape[1], window[1], stride[1], padding)
    _check(min(height, width) >= 1, op, shape, f"an image of at least {window} with valid padding")
    return height, width


def _conv2d(op: Conv2D, shapes: tuple[Shape, ...]) -> Shape:
    _check(op.filters >= 1, op, (op.filters,), "at least one filter")
    return (*_windowed(op, shapes[0], op.kernel, op.stride, op.padding), op.filters)


def _depthwise(op: DepthwiseConv2D, shapes: tuple[Shape, ...]) -> Shape:
    return (*_windowed(op, shapes[0], op.kernel, op.stride, op.padding), shapes[0][2])


def _dense(op: Dense, shapes: tuple[Shape, ...]) -> Shape:
    _check(len(shapes[0]) == 1, op, shapes[0], "a vector (features,)")
    _check(op.units >= 1, op, (op.units,), "at least one unit")
    return (op.units,)


def _pooled(op: AveragePool2D | MaxPool2D, shapes: tuple[Shape, ...]) -> Shape:
    return (*_windowed(op, shapes[0], op.pool, op.stride, op.padding), shapes[0][2])


def _add(op: Add, shapes: tuple[Shape, ...]) -> Shape:
    if shapes[0] != shapes[1]:
        raise GraphError(f"add takes two tensors of one shape; given {shapes[0]} and {shapes[1]}")
    return shapes[0]


def _pad(op: Pad, shapes: tuple[Shape, ...]) -> Shape:
    _check(len(shapes[0]) == 3, op, shapes[0], "an image (height, width, channels)")
    height, width, channels = shapes[0]
    return height + sum(op.rows), width + sum(op.columns), channels


def _reshape(op: Reshape, shapes: tuple[Shape, ...]) -> Shape:
    _check(math.prod(op.shape) == math.prod(shapes[0]), op, shapes[0], f"as many values as {op.shape}")
    return op.shape


def _softmax(op: Softmax, shapes: tuple[Shape, ...]) -> Shape:
    _check(len(shapes[0]) == 1, op, shapes[0], "a vector (features,)")
    return shapes[0]


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
        Add: _add,
        AveragePool2D: _pooled,
        MaxPool2D: _pooled,
        Pad: _pad,
        Reshape: _reshape,
        Softmax: _softmax,
    }
)


def input_count(op: Operator) -> int:
    """How many tensors an operator takes."""
    return 2 if isinstance(op, Add) else 1


def output_shape(op: Operator, shapes: tuple[Shape, ...]) -> Shape:
    """Shape of an operator's output.

    Raises UnsupportedOpError for an unknown operator and GraphError where the shapes do not fit.
    """
    rule = SHAPE_RULES.get(type(op))
    if rule is None:
        raise UnsupportedOpError(type(op).__name__, "shape")
    if len(shapes) != input_count(op):
        raise GraphError(f"{operator_name(op)} takes {input_count(op)} inputs; given {len(shapes)}")
    return rule(op, shapes)


def activation_of(op: Operator) -> ActivationKind:
    """The fused activation of an operator (`linear` where it has none)."""
    return cast(ActivationKind, getattr(op, "activation", "linear"))
