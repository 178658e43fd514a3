"""The vocabulary that the famous networks are written in: torch's layers on a `GraphBuilder`.

torch pads symmetrically. Where that is TFLite's SAME or VALID, it gets that name; elsewhere zeros are
padded first (`Pad`) and the window is VALID, which is what a converted model computes. No network
is described here.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from math import prod
from types import MappingProxyType
from typing import Literal, cast, get_args

from wakeling.graph import GraphBuilder
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
    MaxPool2D,
    Mean,
    Mul,
    Pad,
    Padding,
    Pair,
    PointwiseKind,
    Reshape,
    named_padding,
)

TORCH_EPSILON = 1e-5
"""Epsilon of torch's batch norm where a network does not choose its own."""

Margin = int | Pair | Literal["same"] | None
"""Zeros on each side (torch's `padding`), TFLite's SAME, or None: what keeps the size at stride 1."""

_NO_MARGIN = (0, 0)
_FUSED_KINDS = get_args(ActivationKind)
_ACTIVATIONS: Mapping[PointwiseKind, Activation] = MappingProxyType(
    {kind: Activation(kind=kind) for kind in get_args(PointwiseKind)}
)


@functools.lru_cache(maxsize=4096)
def _convolution(
    filters: int, kernel: Pair, stride: Pair, padding: Padding, use_bias: bool, activation: ActivationKind
) -> Conv2D:
    """Kept, because a network repeats its blocks."""
    return Conv2D(
        filters=filters,
        kernel=kernel,
        stride=stride,
        padding=padding,
        use_bias=use_bias,
        activation=activation,
    )


@functools.lru_cache(maxsize=64)
def _norm(epsilon: float) -> BatchNorm:
    return BatchNorm(epsilon=epsilon)


def _pair(value: int | Pair) -> Pair:
    return (value, value) if isinstance(value, int) else value


def window(
    builder: GraphBuilder, tensor: str, kernel: Pair, stride: Pair, margin: Margin, name: str
) -> tuple[str, Padding]:
    """The tensor that a window of VALID or SAME padding reads to have this margin, and which it is."""
    if margin == "same":
        return tensor, "same"
    margins = ((kernel[0] - 1) // 2, (kernel[1] - 1) // 2) if margin is None else _pair(margin)
    if margins == _NO_MARGIN:
        return tensor, "valid"
    height, width, _ = builder.shape(tensor)
    rows, columns = (margins[0], margins[0]), (margins[1], margins[1])
    padding = named_padding((height, width), kernel, stride, rows, columns)
    if padding is not None:
        return tensor, padding
    return builder.append(Pad(rows=rows, columns=columns), tensor, name=f"{name}_pad"), "valid"


def activate(builder: GraphBuilder, tensor: str, kind: PointwiseKind, name: str) -> str:
    """An element-wise non-linearity; `linear` is nothing."""
    if kind == "linear":
        return tensor
    return builder.append(_ACTIVATIONS[kind], tensor, name=f"{name}_{kind}")


def batch_norm(builder: GraphBuilder, tensor: str, *, epsilon: float = TORCH_EPSILON, name: str) -> str:
    """Batch norm that stands alone."""
    return builder.append(_norm(epsilon), tensor, name=name)


def conv(
    builder: GraphBuilder,
    tensor: str,
    filters: int,
    kernel: int | Pair,
    *,
    stride: int = 1,
    margin: Margin = None,
    activation: PointwiseKind = "linear",
    norm: float | None = None,
    bias: bool | None = None,
    name: str,
) -> str:
    """Convolution, batch norm where `norm` gives its epsilon, activation.

    There is a bias where there is no batch norm, unless `bias` says otherwise.
    """
    shape, strides = _pair(kernel), (stride, stride)
    tensor, padding = window(builder, tensor, shape, strides, margin, name)
    use_bias = norm is None if bias is None else bias
    folded = builder.deployed and norm is not None
    fused = _fused(builder, activation)
    op = _convolution(filters, shape, strides, padding, use_bias or folded, fused)
    return _finish(builder, builder.append(op, tensor, name=name), activation, norm, name)


def depthwise(
    builder: GraphBuilder,
    tensor: str,
    kernel: int,
    *,
    stride: int = 1,
    margin: Margin = None,
    activation: PointwiseKind = "linear",
    norm: float = TORCH_EPSILON,
    bias: bool = False,
    name: str,
) -> str:
    """Depthwise convolution, batch norm, activation."""
    shape, strides = (kernel, kernel), (stride, stride)
    tensor, padding = window(builder, tensor, shape, strides, margin, name)
    op = DepthwiseConv2D(
        kernel=shape,
        stride=strides,
        padding=padding,
        use_bias=bias or builder.deployed,
        activation=_fused(builder, activation),
    )
    return _finish(builder, builder.append(op, tensor, name=name), activation, norm, name)


def _fused(builder: GraphBuilder, activation: PointwiseKind) -> ActivationKind:
    """The activation that a deployed operator takes over."""
    return cast(ActivationKind, activation) if builder.deployed and activation in _FUSED_KINDS else "linear"


def _finish(
    builder: GraphBuilder, tensor: str, activation: PointwiseKind, norm: float | None, name: str
) -> str:
    if builder.deployed:
        return tensor if activation in _FUSED_KINDS else activate(builder, tensor, activation, name)
    if norm is not None:
        tensor = batch_norm(builder, tensor, epsilon=norm, name=f"{name}_bn")
    return activate(builder, tensor, activation, name)


def dense(
    builder: GraphBuilder, tensor: str, units: int, *, activation: PointwiseKind = "linear", name: str
) -> str:
    """Fully connected layer with bias, activation; an image is flattened first."""
    if len(builder.shape(tensor)) > 1:
        tensor = flatten(builder, tensor, name=f"{name}_flatten")
    op = Dense(units=units, activation=_fused(builder, activation))
    return _finish(builder, builder.append(op, tensor, name=name), activation, None, name)


def flatten(builder: GraphBuilder, tensor: str, *, name: str) -> str:
    """An image's values as a vector."""
    return builder.append(Reshape(shape=(prod(builder.shape(tensor)),)), tensor, name=name)


def max_pool(
    builder: GraphBuilder, tensor: str, pool: int, *, stride: int, margin: int = 0, name: str
) -> str:
    """Max pooling; zeros in the margin are exact behind a rectifier, which is where it stands."""
    size, strides = (pool, pool), (stride, stride)
    tensor, padding = window(builder, tensor, size, strides, (margin, margin), name)
    return builder.append(MaxPool2D(pool=size, stride=strides, padding=padding), tensor, name=name)


def max_pool_ceil(builder: GraphBuilder, tensor: str, pool: int, *, stride: int, name: str) -> str:
    """Max pooling in torch's ceil mode: one more window where the last one sticks out at the end."""
    height, width, _ = builder.shape(tensor)
    rows, columns = ((0, -(size - pool) % stride) for size in (height, width))
    padding = named_padding((height, width), (pool, pool), (stride, stride), rows, columns)
    if padding is None:
        tensor, padding = builder.append(Pad(rows=rows, columns=columns), tensor, name=f"{name}_pad"), "valid"
    op = MaxPool2D(pool=(pool, pool), stride=(stride, stride), padding=padding)
    return builder.append(op, tensor, name=name)


def average_pool(
    builder: GraphBuilder, tensor: str, pool: int, *, stride: int, margin: int = 0, name: str
) -> str:
    """Average pooling that counts its margin, as torch does: zeros first, then VALID."""
    if margin:
        edges = (margin, margin)
        tensor = builder.append(Pad(rows=edges, columns=edges), tensor, name=f"{name}_pad")
    return builder.append(AveragePool2D(pool=(pool, pool), stride=(stride, stride)), tensor, name=name)


def global_pool(builder: GraphBuilder, tensor: str, *, name: str) -> str:
    """The mean of each channel, as an image of one pixel."""
    height, width, _ = builder.shape(tensor)
    return builder.append(AveragePool2D(pool=(height, width)), tensor, name=name)


def mean(builder: GraphBuilder, tensor: str, *, name: str) -> str:
    """The mean of each channel, as a vector."""
    return builder.append(Mean(axes=(0, 1)), tensor, name=name)


def add(
    builder: GraphBuilder, left: str, right: str, *, activation: PointwiseKind = "linear", name: str
) -> str:
    """Element-wise sum, activation."""
    op = Add(activation=_fused(builder, activation))
    return _finish(builder, builder.append(op, left, right, name=name), activation, None, name)


def concat(builder: GraphBuilder, *tensors: str, name: str) -> str:
    """Channels one behind the other."""
    return builder.append(Concat(axis=2), *tensors, name=name)


def squeeze_excite(
    builder: GraphBuilder,
    tensor: str,
    squeezed: int,
    *,
    activation: PointwiseKind,
    gate: PointwiseKind,
    name: str,
) -> str:
    """Each channel times a factor from the means of all (Hu et al. 2018, arXiv:1709.01507)."""
    channels = builder.shape(tensor)[2]
    factors = global_pool(builder, tensor, name=f"{name}_squeeze")
    factors = conv(builder, factors, squeezed, 1, activation=activation, name=f"{name}_reduce")
    factors = conv(builder, factors, channels, 1, activation=gate, name=f"{name}_excite")
    return builder.append(Mul(), tensor, factors, name=f"{name}_scale")
