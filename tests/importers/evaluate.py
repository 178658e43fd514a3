"""A graph computed in float64 from the operators' definitions, one image at a time, for comparison."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from wakeling.graph import INPUT, Graph, Node
from wakeling.ops import (
    Activation,
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
    Reshape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
    same_padding,
    window_extent,
)

POINTWISE = {
    "relu": F.relu,
    "relu6": F.relu6,
    "hard_swish": F.hardswish,
    "hard_sigmoid": F.hardsigmoid,
    "sigmoid": torch.sigmoid,
    "swish": F.silu,
    "tanh": torch.tanh,
}


def chw(x: Tensor) -> Tensor:
    return x.permute(2, 0, 1)[None]


def hwc(x: Tensor) -> Tensor:
    return x[0].permute(1, 2, 0)


def margins(shape, window, op) -> tuple[int, int, int, int]:
    """Left, right, top, bottom."""
    if op.padding == "valid":
        return 0, 0, 0, 0
    rows, columns = (same_padding(shape[i], window[i], op.stride[i]) for i in (0, 1))
    return (*columns, *rows)


def convolved(op, x: Tensor, weight: Tensor, bias: Tensor | None, groups: int) -> Tensor:
    window = [window_extent(k, d) for k, d in zip(op.kernel, op.dilation, strict=True)]
    image = F.pad(chw(x), margins(x.shape, window, op))
    return hwc(F.conv2d(image, weight, bias, op.stride, 0, op.dilation, groups))


def evaluate(graph: Graph, weights: Mapping[str, np.ndarray], image: np.ndarray) -> np.ndarray:
    """The output for one input of the graph's own shape (height, width, channels)."""
    values = {INPUT: torch.from_numpy(image).double()}
    for node in graph.nodes:
        parts = {
            part: torch.from_numpy(weights[f"{node.name}/{part}"]).double()
            for part in ("weight", "bias", "gamma", "beta", "mean", "variance", "constant")
            if f"{node.name}/{part}" in weights
        }
        values[node.name] = apply(node, [values[name] for name in node.inputs], parts)
        assert tuple(values[node.name].shape) == node.shape, node
    return values[graph.output].numpy()


def apply(node: Node, inputs: list[Tensor], parts: dict[str, Tensor]) -> Tensor:
    op, x = node.op, inputs[0]
    match op:
        case Conv2D():
            return convolved(op, x, parts["weight"].permute(0, 3, 1, 2), parts.get("bias"), op.groups)
        case DepthwiseConv2D():
            weight = parts["weight"].permute(3, 0, 1, 2)
            return convolved(op, x, weight, parts.get("bias"), x.shape[2])
        case Dense():
            return F.linear(x, parts["weight"], parts.get("bias"))
        case BatchNorm():
            scale = parts["gamma"] / torch.sqrt(parts["variance"] + op.epsilon)
            return (x - parts["mean"]) * scale + parts["beta"]
        case Activation():
            return POINTWISE[op.kind](x)
        case Add() | Sub() | Mul():
            other = parts["constant"] if op.constant is not None else inputs[1]
            if isinstance(op, Sub):
                return other - x if op.constant_first else x - other
            return x + other if isinstance(op, Add) else x * other
        case Concat():
            return torch.cat(inputs, op.axis)
        case AveragePool2D():
            around = margins(x.shape, op.pool, op)
            sums = F.avg_pool2d(F.pad(chw(x), around), op.pool, op.stride, divisor_override=1)
            ones = F.pad(torch.ones(1, 1, *x.shape[:2]).double(), around)
            return hwc(sums / F.avg_pool2d(ones, op.pool, op.stride, divisor_override=1))
        case MaxPool2D():
            image = F.pad(chw(x), margins(x.shape, op.pool, op), value=-np.inf)
            return hwc(F.max_pool2d(image, op.pool, op.stride))
        case Mean():
            return x.mean(op.axes, keepdim=op.keep_dims)
        case Pad():
            return F.pad(x, (*op.channels, *op.columns, *op.rows))
        case Reshape():
            return x.reshape(op.shape)
        case Transpose():
            return x.permute(op.order)
        case StridedSlice():
            return x[tuple(map(slice, op.begin, op.end, op.strides))]
        case Softmax():
            return F.softmax(op.beta * x, -1)
    raise AssertionError(f"{op} is not computed here")
