"""Torch's order of a tensor's axes and the graph's.

An image (rank 3) is batch, channels, height, width in torch; every other tensor keeps the graph's
order behind the batch. Nothing else in `nets` permutes axes of activations.
"""

from __future__ import annotations

from torch import Tensor

from wakeling.ops import Shape

_IMAGE_AXES = {0: 2, 1: 3, 2: 1}


def to_graph_order(x: Tensor) -> Tensor:
    """(batch, height, width, channels) of an image; anything else as it is."""
    return x.permute(0, 2, 3, 1) if x.dim() == 4 else x


def to_torch_order(x: Tensor) -> Tensor:
    """The inverse of `to_graph_order`."""
    return x.permute(0, 3, 1, 2) if x.dim() == 4 else x


def torch_axis(axis: int, shape: Shape) -> int:
    """Where axis number `axis` of a graph's tensor of `shape` is in torch."""
    return _IMAGE_AXES[axis] if len(shape) == 3 else axis + 1
