"""A graph's tensors on whole arrays, with NumPy: what a run in an arena must come out equal to.

The arithmetic is modulo 256 with made-up weights, the same as that of `arena_machine`.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.cost.memory.windows import extent_of
from wakeling.graph import INPUT, Graph, Node
from wakeling.ops import (
    Activation,
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
    Reshape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
)


def weights(node: Node, *shape: int) -> npt.NDArray[np.int64]:
    """Made-up weights of a node; the same every time."""
    rng = np.random.default_rng(zlib.crc32(node.name.encode()))
    return rng.integers(0, 256, shape)


def expected(graph: Graph, image: bytes) -> dict[str, npt.NDArray[np.int64]]:
    """Every tensor, on whole arrays."""
    tensors = {INPUT: np.frombuffer(image, np.uint8).astype(np.int64).reshape(graph.input_shape)}
    for node in graph.nodes:
        tensors[node.name] = _whole(node, [tensors[name] for name in node.inputs]) % 256
    return tensors


def _whole(node: Node, sources: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    op: Any = node.op
    x = sources[0]
    match op:
        case Conv2D():
            kernels = np.split(weights(node, op.filters, *op.kernel, x.shape[2] // op.groups), op.groups)
            windows = np.split(_slide(op, x, 0), op.groups, axis=-1)
            pairs = zip(windows, kernels, strict=True)
            return np.concatenate([np.einsum("hwijc,fijc->hwf", *pair) for pair in pairs], axis=-1)
        case DepthwiseConv2D():
            kernel = weights(node, *op.kernel, node.shape[2])
            windows = np.repeat(_slide(op, x, 0), op.multiplier, axis=-1)
            return np.einsum("hwijc,ijc->hwc", windows, kernel)
        case AveragePool2D():
            sums = _slide(op, x, 0).sum((2, 3))
            return sums // _slide(op, np.ones_like(x), 0).sum((2, 3))
        case MaxPool2D():
            return _slide(op, x, -1).max((2, 3))
        case Pad():
            return np.pad(x, (op.rows, op.columns, op.channels))
        case Activation():
            return x * 3 + 1
        case Sub():
            return x - weights(node, x.shape[-1])
        case Add():
            return x + sources[1]
        case Mul():
            return x * sources[1]
        case Concat():
            return np.concatenate(sources, axis=2)
        case Softmax():
            return x * 5 + x.sum(-1, keepdims=True)
        case Mean():
            return x.sum((0, 1), keepdims=op.keep_dims)
        case Dense():
            return weights(node, op.units, x.shape[0]) @ x
        case Transpose():
            return x.transpose(op.order)
        case StridedSlice():
            return x[tuple(slice(*bounds) for bounds in zip(op.begin, op.end, op.strides, strict=True))]
        case _:
            assert isinstance(op, Reshape)
            return x.reshape(op.shape)


def _slide(op: Any, x: npt.NDArray[np.int64], fill: int) -> npt.NDArray[np.int64]:
    """Windows (height, width, kernel rows, kernel columns, channels)."""
    extent = extent_of(op)
    if op.padding == "same":
        totals = [
            max((-(-size // step) - 1) * step + window - size, 0)
            for size, step, window in zip(x.shape, op.stride, extent, strict=False)
        ]
        x = np.pad(x, (*((total // 2, total - total // 2) for total in totals), (0, 0)), constant_values=fill)
    windows = np.lib.stride_tricks.sliding_window_view(x, extent, axis=(0, 1))
    down, right = getattr(op, "dilation", (1, 1))
    return windows[:: op.stride[0], :: op.stride[1], :, ::down, ::right].transpose(0, 1, 3, 4, 2)
