"""The torch layer of every primitive operator, in one table keyed by the operator's class.

Images are batch, channels, height, width in real units (see `nets.axes`). Padding is TFLite's:
SAME pads more at the bottom and right, pooling ignores the positions in the padding. Parameters
start at zero; `weights.initialize` or `weights.load_weights` fills them, so building draws no
random numbers.
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
from wakeling.nets.activations import ACTIVATIONS, Pointwise
from wakeling.nets.axes import torch_axis
from wakeling.nets.elementwise import Elementwise
from wakeling.nets.moves import AxesMean, Join, Permute, Reorder, Slice, ZeroPad
from wakeling.ops import (
    Activation,
    Add,
    AveragePool2D,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dequantize,
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
    operator_name,
    same_padding,
    window_extent,
)

BATCH_NORM_MOMENTUM = 0.1
"""Weight of the newest batch in the running statistics (torch's convention)."""

Margins = tuple[int, int, int, int]
"""Left, right, top and bottom, in `torch.nn.functional.pad`'s order."""


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
        self._dilation = op.dilation
        extent = (window_extent(op.kernel[0], op.dilation[0]), window_extent(op.kernel[1], op.dilation[1]))
        left, right, top, bottom = window_margins(shape, extent, op.stride, op.padding)
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
        x = F.conv2d(x, weight, bias, self._stride, self._padding, self._dilation, self._groups)
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


class Probabilities(nn.Module):
    """Softmax of β times the values over the last axis."""

    def __init__(self, op: Softmax, shape: Shape) -> None:
        super().__init__()
        self._beta, self._axis = op.beta, torch_axis(len(shape) - 1, shape)

    def forward(self, x: Tensor) -> Tensor:
        """The layer on a batch."""
        return F.softmax(x if self._beta == 1 else self._beta * x, dim=self._axis)


def _conv2d(op: Conv2D, shape: Shape) -> nn.Module:
    return Convolution(op, shape, filters=op.filters, groups=op.groups)


def _depthwise(op: DepthwiseConv2D, shape: Shape) -> nn.Module:
    return Convolution(op, shape, filters=shape[-1] * op.multiplier, groups=shape[-1])


def _same_reals(op: Quantize | Dequantize, shape: Shape) -> nn.Module:
    return nn.Identity()


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
        Add: Elementwise,
        Sub: Elementwise,
        Mul: Elementwise,
        Concat: Join,
        AveragePool2D: AveragePool,
        MaxPool2D: MaxPool,
        Mean: AxesMean,
        Pad: ZeroPad,
        Reshape: Reorder,
        Transpose: Permute,
        StridedSlice: Slice,
        Softmax: Probabilities,
        Quantize: _same_reals,
        Dequantize: _same_reals,
    }
)
"""The layer of every operator (numbers are real ones here, so Quantize and Dequantize change
nothing); a maker takes the operator and the shape of its first input."""


def layer_for(op: Operator, shape: Shape) -> nn.Module:
    """The layer that computes `op` on an input of `shape`; raises UnsupportedOpError without one."""
    make = LAYERS.get(type(op))
    if make is None:
        raise UnsupportedOpError(operator_name(op), "torch layer")
    return make(op, shape)
