"""Weights in and out of a module, in the keys and shapes of `graph.weight_key`, and their start.

Torch keeps filters first and channels before height and width; the arrays keep TFLite's order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wakeling.errors import GraphError
from wakeling.graph import Node, weight_key, weight_shapes
from wakeling.nets.elementwise import Elementwise
from wakeling.nets.module import GraphModule
from wakeling.ops import BatchNorm, Conv2D, Dense, DepthwiseConv2D, Mul

Weights = dict[str, NDArray[np.float32]]

_TO_ARRAY = {Conv2D: (0, 2, 3, 1), DepthwiseConv2D: (1, 2, 3, 0), Dense: (0, 1)}
_TO_TORCH = {Conv2D: (0, 3, 1, 2), DepthwiseConv2D: (3, 0, 1, 2), Dense: (0, 1)}
_NORM_PARTS = {"gamma": "weight", "beta": "bias", "mean": "running_mean", "variance": "running_var"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """One weight array: its key, torch's tensor, and the axis orders between the two."""

    key: str
    tensor: Tensor
    to_array: tuple[int, ...]
    to_torch: tuple[int, ...]


def _slots(module: GraphModule) -> Iterator[_Slot]:
    for node, layer in zip(module.nodes, module.layers, strict=True):
        if isinstance(node.op, BatchNorm):
            for part, attribute in _NORM_PARTS.items():
                tensor = cast(Tensor, getattr(layer, attribute))
                yield _Slot(key=weight_key(node, part), tensor=tensor, to_array=(0,), to_torch=(0,))
        elif isinstance(layer, Elementwise) and layer.constant is not None:
            axes = tuple(range(layer.constant.dim()))
            yield _Slot(key=weight_key(node, "constant"), tensor=layer.constant, to_array=axes, to_torch=axes)
        elif type(node.op) in _TO_ARRAY:
            kind = type(node.op)
            weight = cast(Tensor, layer.weight)
            yield _Slot(
                key=weight_key(node, "weight"),
                tensor=weight,
                to_array=_TO_ARRAY[kind],
                to_torch=_TO_TORCH[kind],
            )
            if layer.bias is not None:
                bias = cast(Tensor, layer.bias)
                yield _Slot(key=weight_key(node, "bias"), tensor=bias, to_array=(0,), to_torch=(0,))


def export_weights(module: GraphModule) -> Weights:
    """Copies of all weights as float32 arrays, by `weight_key`."""
    return {
        slot.key: np.array(slot.tensor.detach().cpu().permute(slot.to_array).numpy(), np.float32, order="C")
        for slot in _slots(module)
    }


def load_weights(module: GraphModule, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Copy `weights` into the module; raises GraphError where keys or shapes differ from the graph's."""
    check_weights(module.graph.name, weight_shapes(module.graph), weights)
    with torch.no_grad():
        for slot in _slots(module):
            array = np.array(weights[slot.key], np.float32)
            slot.tensor.copy_(torch.from_numpy(array).permute(slot.to_torch))


def check_weights(
    name: str, shapes: Mapping[str, tuple[int, ...]], weights: Mapping[str, NDArray[np.float32]]
) -> None:
    """Raise GraphError unless `weights` has exactly these keys and shapes, and finite values."""
    missing = [key for key in shapes if key not in weights]
    extra = [key for key in weights if key not in shapes]
    if missing or extra:
        raise GraphError(
            f"weights do not belong to graph {name!r}: {len(missing)} missing {missing[:3]}, "
            f"{len(extra)} unknown {extra[:3]}"
        )
    for key, shape in shapes.items():
        if weights[key].shape != shape:
            raise GraphError(f"weight {key!r} of graph {name!r} is {weights[key].shape}; it must be {shape}")
        if not np.isfinite(weights[key]).all():
            raise GraphError(f"weight {key!r} of graph {name!r} holds a NaN or an infinity")


def _spread(node: Node, tensor: Tensor) -> float:
    """Standard deviation of the first weights.

    He et al. 2015, equation 10 (fan-in) for layers before a rectifier: √(2 / fan-in). A depthwise
    filter sees one channel, so its fan-in is its window. A dense layer starts at √(1 / fan-in),
    as it makes logits.
    """
    fan_in = math.prod(tensor.shape[1:])
    return math.sqrt((1.0 if isinstance(node.op, Dense) else 2.0) / fan_in)


def initialize(module: GraphModule, seed: int) -> None:
    """Give every parameter its first value: normal weights, zero biases, neutral batch norms.

    A constant operand starts neutral, too: ones in a product, zeros in a sum or a difference.

    The same graph and seed give the same weights; no global random state is read or changed.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for node, layer in zip(module.nodes, module.layers, strict=True):
            if isinstance(layer, torch.nn.modules.batchnorm._BatchNorm):
                layer.reset_parameters()
            elif isinstance(layer, Elementwise) and layer.constant is not None:
                layer.constant.fill_(1.0 if isinstance(node.op, Mul) else 0.0)
            elif type(node.op) in _TO_ARRAY:
                weight = cast(Tensor, layer.weight)
                draws = torch.randn(weight.shape, generator=generator)
                weight.copy_(draws * _spread(node, weight))
                if layer.bias is not None:
                    cast(Tensor, layer.bias).zero_()
