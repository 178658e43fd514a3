"""Random graphs of every operator that int8 models may hold: growers that each add a few nodes.

Shapes are odd on purpose, and what TensorFlow Lite Micro refuses (`quantize.runtime_limits`) is left
out. The integers and scales are drawn in `testing.random_models`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.ops import (
    Activation,
    ActivationKind,
    Add,
    AveragePool2D,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dequantize,
    ElementType,
    MaxPool2D,
    Mean,
    Mul,
    Pad,
    Padding,
    Pair,
    PointwiseKind,
    Quantize,
    Reshape,
    Shape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
    window_extent,
)
from wakeling.quantize.deployable import requantize_for_concatenation

Grower = Callable[[GraphBuilder, str, np.random.Generator], str]
"""Adds nodes behind an image and returns the image that they make."""

_ACTIVATIONS: tuple[ActivationKind, ...] = ("linear", "relu", "relu6")
_POINTWISE: tuple[PointwiseKind, ...] = ("linear", "relu", "relu6", "hard_swish", "sigmoid", "tanh")
_PADDINGS: tuple[Padding, ...] = ("same", "valid")
_MOST_CHANNELS = 40
_MOST_ROWS = 24


def random_graph(seed: int) -> Graph:
    """A small fused graph with odd shapes; the same seed gives the same graph."""
    rng = np.random.default_rng(seed)
    resolution, channels = int(rng.integers(5, 18)), int(rng.choice([1, 3]))
    input_types: tuple[ElementType, ...] = ("int8", "uint8", "float32")
    input_type = input_types[int(rng.choice(3, p=[0.7, 0.15, 0.15]))]
    builder = GraphBuilder(f"random_{seed}", (resolution, resolution, channels), input_type)
    tensor = INPUT if input_type == "int8" else builder.append(Quantize(), INPUT)
    for _ in range(int(rng.integers(2, 7))):
        tensor = _grow_any(builder, tensor, rng)
    tensor = _grow_head(builder, tensor, rng)
    if rng.random() < 0.2:
        tensor = builder.append(Quantize(to="uint8") if rng.random() < 0.5 else Dequantize(), tensor)
    return requantize_for_concatenation(builder.build(tensor))


def _grow_any(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    height, width, channels = builder.shape(tensor)
    if channels > _MOST_CHANNELS:
        return _grow_pointwise(builder, tensor, rng)
    if max(height, width) > _MOST_ROWS:
        return _grow_slice(builder, tensor, rng)
    return GROWERS[str(rng.choice(list(GROWERS)))](builder, tensor, rng)


def _grow_head(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    height, width = builder.shape(tensor)[:2]
    choice = rng.random()
    if choice < 0.4:
        tensor = builder.append(AveragePool2D(pool=(height, width)), tensor)
    elif choice < 0.6:
        tensor = builder.append(Mean(axes=(0, 1)), tensor)
    shape = builder.shape(tensor)
    if len(shape) > 1:
        tensor = builder.append(Reshape(shape=(math.prod(shape),)), tensor)
    if rng.random() < 0.3:
        tensor = builder.append(Dense(units=int(rng.integers(1, 9)), activation=_activation(rng)), tensor)
    tensor = builder.append(Dense(units=int(rng.integers(2, 5)), use_bias=bool(rng.random() < 0.8)), tensor)
    if rng.random() < 0.8:
        tensor = builder.append(Softmax(beta=_beta(rng)), tensor)
    return tensor


def _activation(rng: np.random.Generator) -> ActivationKind:
    return _ACTIVATIONS[int(rng.integers(3))]


def _beta(rng: np.random.Generator) -> float:
    return 1.0 if rng.random() < 0.7 else float(np.float32(rng.uniform(0.1, 3)))


def _coin(rng: np.random.Generator, share: float = 0.5) -> bool:
    return bool(rng.random() < share)


def _window(
    rng: np.random.Generator, shape: Shape, largest: int = 5, *, dilated: bool = False
) -> tuple[Pair, Pair, Padding, Pair]:
    """A kernel that fits, a stride, a padding and a dilation."""
    rows, columns = (int(rng.integers(1, min(largest, size) + 1)) for size in shape[:2])
    stride = int(rng.integers(1, 4))
    strides = (stride, stride) if _coin(rng, 0.7) else (stride, int(rng.integers(1, 4)))
    padding = _PADDINGS[int(rng.integers(2))]
    dilation = (1, 1)
    if dilated and _coin(rng, 0.3):
        dilation = (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
        if window_extent(rows, dilation[0]) > shape[0] or window_extent(columns, dilation[1]) > shape[1]:
            padding = "same"
    return (rows, columns), strides, padding, dilation


def _grow_conv(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    shape = builder.shape(tensor)
    kernel, stride, padding, dilation = _window(rng, shape, dilated=True)
    groups = 1
    if _coin(rng, 0.3):
        groups = int(rng.choice([count for count in range(1, shape[2] + 1) if shape[2] % count == 0]))
    op = Conv2D(
        filters=groups * int(rng.integers(1, max(20 // groups, 2))),
        kernel=kernel,
        stride=stride,
        padding=padding,
        use_bias=_coin(rng, 0.8),
        activation=_activation(rng),
        dilation=dilation,
        groups=groups,
    )
    return builder.append(op, tensor)


def _grow_pointwise(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    return _pointwise(builder, tensor, rng, int(rng.integers(1, 33)))


def _pointwise(builder: GraphBuilder, tensor: str, rng: np.random.Generator, filters: int) -> str:
    op = Conv2D(filters=filters, kernel=(1, 1), use_bias=True, activation=_activation(rng))
    return builder.append(op, tensor)


def _grow_depthwise(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    shape = builder.shape(tensor)
    kernel, stride, padding, dilation = _window(rng, shape, dilated=True)
    op = DepthwiseConv2D(
        kernel=kernel,
        stride=stride,
        padding=padding,
        use_bias=_coin(rng, 0.8),
        activation=_activation(rng),
        dilation=dilation,
        multiplier=int(rng.integers(2, 5)) if shape[2] < 10 and _coin(rng, 0.3) else 1,
    )
    return builder.append(op, tensor)


def _grow_pair(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    """A sum, difference or product of the image and something made from it, sometimes broadcast."""
    channels = builder.shape(tensor)[2]
    other = tensor if _coin(rng, 0.1) else _pointwise(builder, tensor, rng, channels)
    if _coin(rng, 0.2):
        other = builder.append(Mean(axes=(int(rng.integers(3)),), keep_dims=True), other)
    elif _coin(rng, 0.1):
        other = builder.append(Mean(axes=(0, 1)), other)
    operands = (tensor, other) if _coin(rng) else (other, tensor)
    kind = (Add, Add, Sub, Mul)[int(rng.integers(4))]
    return builder.append(kind(activation=_activation(rng)), *operands)


def _grow_constant(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    """A sum, difference or product with a constant of a shape that broadcasts."""
    height, width, channels = builder.shape(tensor)
    shapes: tuple[Shape, ...] = ((channels,), (1, 1, channels), (height, 1, 1), (height, width, channels), ())
    shape = shapes[int(rng.integers(len(shapes)))]
    activation, choice = _activation(rng), int(rng.integers(4))
    if choice == 0:
        return builder.append(Add(activation=activation, constant=shape), tensor)
    if choice == 1:
        return builder.append(Mul(activation=activation, constant=shape), tensor)
    return builder.append(Sub(activation=activation, constant=shape, constant_first=choice == 3), tensor)


def _grow_squeeze_excite(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    """Global means, two pointwise convolutions and a gate for each channel."""
    channels = builder.shape(tensor)[2]
    gate = builder.append(Mean(axes=(0, 1), keep_dims=True), tensor)
    gate = _pointwise(builder, gate, rng, max(channels // 2, 1))
    gate = _pointwise(builder, gate, rng, channels)
    gate = builder.append(Activation(kind="sigmoid" if _coin(rng, 0.7) else "tanh"), gate)
    return builder.append(Mul(activation=_activation(rng)), tensor, gate)


def _grow_concat(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    """Branches one behind the other along any axis."""
    shape = builder.shape(tensor)
    parts = [tensor] if _coin(rng, 0.7) else []
    for _ in range(int(rng.integers(1, 4))):
        part = _pointwise(builder, tensor, rng, shape[2])
        if _coin(rng, 0.2):
            kind: PointwiseKind = _POINTWISE[int(rng.integers(len(_POINTWISE)))]
            part = builder.append(Activation(kind=kind), part)
        parts.append(part)
    return builder.append(Concat(axis=2 if _coin(rng, 0.7) else int(rng.integers(2))), *parts)


def _grow_pool(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    pool, stride, padding, _ = _window(rng, builder.shape(tensor), largest=4)
    kind = AveragePool2D if _coin(rng) else MaxPool2D
    return builder.append(kind(pool=pool, stride=stride, padding=padding), tensor)


def _grow_pad(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    top, bottom, left, right, first, last = (int(amount) for amount in rng.integers(0, 3, 6))
    channels = (first, last) if _coin(rng, 0.3) else (0, 0)
    return builder.append(Pad(rows=(top, bottom), columns=(left, right), channels=channels), tensor)


def _grow_activation(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    return builder.append(Activation(kind=_POINTWISE[int(rng.integers(len(_POINTWISE)))]), tensor)


def _grow_shuffle(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    """ShuffleNet's channel shuffle: groups of channels transposed."""
    height, width, channels = builder.shape(tensor)
    groups = int(rng.choice([count for count in range(1, channels + 1) if channels % count == 0]))
    tensor = builder.append(Reshape(shape=(height, width, groups, channels // groups)), tensor)
    tensor = builder.append(Transpose(order=(0, 1, 3, 2)), tensor)
    return builder.append(Reshape(shape=(height, width, channels)), tensor)


def _grow_transpose(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    order = tuple(int(axis) for axis in rng.permutation(3))
    return builder.append(Transpose(order=order), tensor)


def _grow_slice(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    shape = builder.shape(tensor)
    begin = tuple(int(rng.integers(0, max(size // 2, 1))) for size in shape)
    end = tuple(int(rng.integers(first + 1, size + 1)) for first, size in zip(begin, shape, strict=True))
    strides = tuple(int(rng.integers(1, 3)) for _ in shape)
    return builder.append(StridedSlice(begin=begin, end=end, strides=strides), tensor)


def _grow_requantize(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    return builder.append(Quantize(), tensor)


def _grow_softmax(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    return builder.append(Softmax(beta=_beta(rng)), tensor)


GROWERS: Mapping[str, Grower] = MappingProxyType(
    {
        "conv": _grow_conv,
        "pointwise": _grow_pointwise,
        "depthwise": _grow_depthwise,
        "pair": _grow_pair,
        "constant": _grow_constant,
        "squeeze_excite": _grow_squeeze_excite,
        "concat": _grow_concat,
        "pool": _grow_pool,
        "pad": _grow_pad,
        "activation": _grow_activation,
        "shuffle": _grow_shuffle,
        "transpose": _grow_transpose,
        "slice": _grow_slice,
        "requantize": _grow_requantize,
        "softmax": _grow_softmax,
    }
)
"""What may be added to a random graph, by name."""
