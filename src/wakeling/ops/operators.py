"""The primitive operators: what each is called and its attributes.

Operators know nothing of weights, cost, torch or files; tables elsewhere (`ops.shapes`, cost, nets,
quantize, export) map an operator class to what they need. Shapes are (height, width, channels) for
images and (features,) for vectors; there is never a batch axis. Axes count from 0 and never from the
end. Padding is TFLite's: `same` pads more at the bottom and right.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, cast

from wakeling.errors import GraphError, UnsupportedOpError

Shape = tuple[int, ...]
Pair = tuple[int, int]
Padding = Literal["same", "valid"]
ActivationKind = Literal["linear", "relu", "relu6"]
"""Activations that runtimes fuse into the operator before them."""
PointwiseKind = Literal["linear", "relu", "relu6", "hard_swish", "hard_sigmoid", "sigmoid", "swish", "tanh"]
"""Every element-wise non-linearity; those beyond `ActivationKind` always stand alone."""
ElementType = Literal["int8", "uint8", "int16", "int32", "float32"]

ELEMENT_BYTES: Mapping[ElementType, int] = MappingProxyType(
    {"int8": 1, "uint8": 1, "int16": 2, "int32": 4, "float32": 4}
)
"""Bytes of one element of a tensor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv2D:
    """Standard convolution; `activation` and `use_bias` are set where it was fused.

    With `groups` above one, the input's channels and the filters are split into that many groups that
    do not see each other. `dilation` spreads the kernel's taps.
    """

    filters: int
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Padding = "same"
    use_bias: bool = False
    activation: ActivationKind = "linear"
    dilation: Pair = (1, 1)
    groups: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthwiseConv2D:
    """`multiplier` K×K filters for each input channel (Keras calls that number `depth_multiplier`)."""

    kernel: Pair
    stride: Pair = (1, 1)
    padding: Padding = "same"
    use_bias: bool = False
    activation: ActivationKind = "linear"
    dilation: Pair = (1, 1)
    multiplier: int = 1


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

    kind: PointwiseKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """Element-wise sum of two tensors, axes of size 1 broadcast (shapes are aligned at the end).

    With `constant`, the second operand is a weight of that shape (part `constant`) instead of a tensor.
    """

    activation: ActivationKind = "linear"
    constant: Shape | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sub:
    """Element-wise difference, broadcast as in `Add`; with `constant_first`, constant − tensor."""

    activation: ActivationKind = "linear"
    constant: Shape | None = None
    constant_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mul:
    """Element-wise product, broadcast and with a constant operand as in `Add`."""

    activation: ActivationKind = "linear"
    constant: Shape | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Concat:
    """Tensors one behind the other along `axis` (2: channels of images); the other axes agree."""

    axis: int = 2


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
class Mean:
    """Mean over whole axes; (0, 1) is global average pooling. Kept axes have size 1."""

    axes: tuple[int, ...] = (0, 1)
    keep_dims: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pad:
    """Zeros around an image: (top, bottom) rows, (left, right) columns, (first, last) channels."""

    rows: Pair
    columns: Pair
    channels: Pair = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reshape:
    """The same values in another shape."""

    shape: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Transpose:
    """The axes in another order: axis i of the output is axis `order[i]` of the input."""

    order: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StridedSlice:
    """Every `strides[i]`-th value from `begin[i]` up to, but without, `end[i]` along each axis."""

    begin: tuple[int, ...]
    end: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Softmax:
    """exp(βx) / Σ exp(βx) over the last axis."""

    beta: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantize:
    """The same real values as integers of another type, scale or zero point (also: requantize)."""

    to: ElementType = "int8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dequantize:
    """The real values of integers, as float32."""


Operator = (
    Conv2D
    | DepthwiseConv2D
    | Dense
    | BatchNorm
    | Activation
    | Add
    | Sub
    | Mul
    | Concat
    | AveragePool2D
    | MaxPool2D
    | Mean
    | Pad
    | Reshape
    | Transpose
    | StridedSlice
    | Softmax
    | Quantize
    | Dequantize
)

OPERATORS: Mapping[str, type[Operator]] = MappingProxyType(
    {
        "conv2d": Conv2D,
        "depthwise_conv2d": DepthwiseConv2D,
        "dense": Dense,
        "batch_norm": BatchNorm,
        "activation": Activation,
        "add": Add,
        "sub": Sub,
        "mul": Mul,
        "concat": Concat,
        "average_pool2d": AveragePool2D,
        "max_pool2d": MaxPool2D,
        "mean": Mean,
        "pad": Pad,
        "reshape": Reshape,
        "transpose": Transpose,
        "strided_slice": StridedSlice,
        "softmax": Softmax,
        "quantize": Quantize,
        "dequantize": Dequantize,
    }
)
"""Every primitive operator by its name in JSON; each table of operators must cover its part."""

_NAMES = {cls: name for name, cls in OPERATORS.items()}


def operator_name(op: Operator | type[Operator]) -> str:
    """The JSON name of an operator or of an operator class."""
    cls = op if isinstance(op, type) else type(op)
    return _NAMES.get(cls, cls.__name__)


def operator_to_json(op: Operator) -> dict[str, Any]:
    """Attributes of an operator as plain JSON values (tuples become lists)."""
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


def activation_of(op: Operator) -> ActivationKind:
    """The fused activation of an operator (`linear` where it has none)."""
    return cast(ActivationKind, getattr(op, "activation", "linear"))


def constant_of(op: Operator) -> Shape | None:
    """The shape of an element-wise operator's constant operand; None where it has none."""
    return cast("Shape | None", getattr(op, "constant", None))
