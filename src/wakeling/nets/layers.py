"""The torch layer of every primitive operator, in one table keyed by the operator's class.

Tensors are batch, channels, height, width in real units. Padding is TFLite's: SAME pads more at
the bottom and right, pooling ignores the positions in the padding. Parameters start at zero;
`weights.initialize` or `weights.load_weights` fills them, so building draws no random numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wakeling.errors import UnsupportedOpError
from wakeling.ops import (
    Activation,
    ActivationKind,
    Add,
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    MaxPool2D,
    Operator,
    Pad,
    Padding,
    Pair,
    Reshape,
    Shape,
    Softmax,
    operator_name,
    same_padding,
)

BATCH_NORM_MOMENTUM = 0.1
"""Weight of the newest batch in the running statistics (torch's convention)."""

Margins = tuple[int, int, int, int]
"""Left, right, top and bottom, in `torch.nn.functional.pad`'s order."""

ACTIVATIONS: Mapping[ActivationKind, Callable[[Tensor], Tensor]] = MappingProxyType(
    {"linear": lambda x: x, "relu": F.relu, "relu6": F.relu6}
)


def window_margins(shape: Shape, window: Pair, stride: Pair, padding: Padding) -> Margins:
    """How far TFLite's padding widens an image (height, width, channels) on each side."""
    if padding == "valid":
        return (0, 0, 0, 0)
    rows = same_padding(shape[0], window[0], stride[0])
    columns = same_padding(shape[1], window[1], stride[1])
    return (*columns, *rows)


class Convolution(nn.Module):
    """Standard and depthwise convolution; `weight` is (filters, in-channels / groups, height, width)."""

    def __init__(self, op: Conv2D | DepthwiseConv2D, shape: Shape, filters: int, groups: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(filters, shape[-1] // groups, *op.kernel))
        self.bias = nn.Parameter(torch.zeros(filters)) if op.use_bias else None
        self._stride = op.stride
        self._groups = groups
        self._activation = ACTIVATIONS[op.activation]
        left, right, top, bottom = window_margins(shape, op.kernel, op.stride, op.padding)
        symmetric = left == right and top == bottom
        self._padding = (top, left) if symmetric else (0, 0)
        self._margins: Margins | None = None if symmetric else (left, right, top, bottom)

    def forward(self, x: Tensor) -> Tensor:
        """The layer on a batch."""
        return self.compute(x, self.weight, self.bias)

    def compute(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The layer on a batch, with these weights in place of its own."""
        if self._margins is not None:
            x = F.pad(x, self._margins)
        x = F.conv2d(x, weight, bias, self._stride, self._padding, 1, self._groups)
        return self._activation(x)


class Linear(nn.Module):
    """Fully connected layer; `weight` is (units, features)."""

    def __init__(self, op: Dense, shape: Shape) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(op.units, shape[-1]))
        self.bias = nn.Parameter(torch.zeros(op.units)) if op.use_bias else None
        self._activation = ACTIVATIONS[op.activation]

    def forward(self, x: Tensor) -> Tensor:
        """The layer on a batch."""
        return self.compute(x, self.weight, self.bias)

    def compute(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The layer on a batch, with these weights in place of its own."""
        return self._activation(F.linear(x, weight, bias))


class Sum(nn.Module):
    """Element-wise sum of two tensors."""

    def __init__(self, op: Add, shape: Shape) -> None:
        super().__init__()
        self._activation = ACTIVATIONS[op.activation]

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        """The layer on a batch."""
        return self._activation(left + right)


class Pointwise(nn.Module):
    """An activation that was not fused."""

    def __init__(self, op: Activation, shape: Shape) -> None:
        super().__init__()
        self._activation = ACTIVATIONS[op.kind]

    def forward(self, x: Tensor) -> Tensor:
        """The layer on a batch."""
        return self._activation(x)


class AveragePool(nn.Module):
    """Mean over each window, counting only the positions inside the image."""

    counts: Tensor

    def __init__(self, op: AveragePool2D, shape: Shape) -> None:
        super().__init__()
        self._pool, self._stride = op.pool, op.stride
        self._margins = window_margins(shape, op.pool, op.stride, op.padding)
        self._whole = op.pool == tuple(shape[:2]) and not any(self._margins)
        inside = F.pad(torch.ones(1, 1, *shape[:2]), self._margins)
        counts = F.avg_pool2d(inside, op.pool, op.stride, divisor_override=1)
        self.register_buffer("counts", counts, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """The layer on a batch."""
        if self._whole:
            return x.mean(dim=(2, 3), keepdim=True)
        sums = F.avg_pool2d(F.pad(x, self._margins), self._pool, self._stride, divisor_override=1)
        return sums / self.counts


class MaxPool(nn.Module):
    """Largest value of each window; the padding never wins."""

    def __init__(self, op: MaxPool2D, shape: Shape) -> None:
        super().__init__()
        self._pool, self._stride = op.pool, op.stride
        self._margins = window_margins(shape, op.pool, op.stride, op.padding)

    def forward(self, x: Tensor) -> Tensor:
        """The layer on a batch."""
        return F.max_pool2d(F.pad(x, self._margins, value=-math.inf), self._pool, self._stride)


class ZeroPad(nn.Module):
    """Zeros (in real units) around an image."""

    def __init__(self, op: Pad, shape: Shape) -> None:
        super().__init__()
        self._margins: Margins = (*op.columns, *op.rows)

    def forward(self, x: Tensor) -> Tensor:
        """The layer on a batch."""
        return F.pad(x, self._margins)


class Reorder(nn.Module):
    """The same values in another shape, read in height, width, channels order."""

    def __init__(self, op: Reshape, shape: Shape) -> None:
        super().__init__()
        self._shape = op.shape

    def forward(self, x: Tensor) -> Tensor:
        """The layer on a batch."""
        rows = x.permute(0, 2, 3, 1) if x.dim() == 4 else x
        rows = rows.reshape(-1, *self._shape)
        return rows.permute(0, 3, 1, 2) if rows.dim() == 4 else rows


class Probabilities(nn.Module):
    """Softmax over a vector."""

    def __init__(self, op: Softmax, shape: Shape) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        """The layer on a batch."""
        return F.softmax(x, dim=-1)


def _conv2d(op: Conv2D, shape: Shape) -> nn.Module:
    return Convolution(op, shape, filters=op.filters, groups=1)


def _depthwise(op: DepthwiseConv2D, shape: Shape) -> nn.Module:
    return Convolution(op, shape, filters=shape[-1], groups=shape[-1])


def _batch_norm(op: BatchNorm, shape: Shape) -> nn.Module:
    norm = nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d
    return norm(shape[-1], eps=op.epsilon, momentum=BATCH_NORM_MOMENTUM)


_Maker = Callable[[Any, Shape], nn.Module]  # Any: each maker takes its own operator class

LAYERS: Mapping[type[Operator], _Maker] = MappingProxyType(
    {
        Conv2D: _conv2d,
        DepthwiseConv2D: _depthwise,
        Dense: Linear,
        BatchNorm: _batch_norm,
        Activation: Pointwise,
        Add: Sum,
        AveragePool2D: AveragePool,
        MaxPool2D: MaxPool,
        Pad: ZeroPad,
        Reshape: Reorder,
        Softmax: Probabilities,
    }
)
"""The layer of every operator; a maker takes the operator and the shape of its first input."""


def layer_for(op: Operator, shape: Shape) -> nn.Module:
    """The layer that computes `op` on an input of `shape`; raises UnsupportedOpError without one."""
    make = LAYERS.get(type(op))
    if make is None:
        raise UnsupportedOpError(operator_name(op), "torch layer")
    return make(op, shape)
