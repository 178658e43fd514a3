"""The range of every tensor of a fused network on calibration photos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wakeling.errors import DataError
from wakeling.graph import Graph, Node
from wakeling.nets import apply_layer, build, load_weights
from wakeling.train.augment import to_real

BATCH_SIZE = 64


def observe(
    fused: Graph,
    weights: Mapping[str, NDArray[np.float32]],
    images: Any,  # Any: an array, a memory map or a view that NumPy indices select from
    *,
    outlier_share: float = 0.0,
) -> dict[str, tuple[float, float]]:
    """The least and greatest value of every tensor on uint8 images (count, height, width, channels).

    With `outlier_share`, that share of the values on each side of every batch is left out, and the
    batches' ends are averaged; clipping a few rare values makes the steps for all others finer.
    Raises DataError for no images.
    """
    if len(images) == 0:
        raise DataError("calibration needs at least one photo; given none")
    module = build(fused).eval()
    load_weights(module, weights)
    seen: dict[str, list[tuple[float, float]]] = {}

    def note(node: Node, layer: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
        made = apply_layer(node, layer, inputs)
        seen.setdefault(node.name, []).append(extent(made, outlier_share))
        return made

    with torch.inference_mode():
        for start in range(0, len(images), BATCH_SIZE):
            rows = np.arange(start, min(start + BATCH_SIZE, len(images)))
            module(to_real(images[rows], torch.device("cpu")), note)
    if outlier_share == 0:
        return {name: (min(p[0] for p in pairs), max(p[1] for p in pairs)) for name, pairs in seen.items()}
    return {
        name: (float(np.mean([p[0] for p in pairs])), float(np.mean([p[1] for p in pairs])))
        for name, pairs in seen.items()
    }


def extent(tensor: Tensor, outlier_share: float = 0.0) -> tuple[float, float]:
    """The ends of a tensor's values without `outlier_share` of them on each side."""
    if outlier_share == 0:
        low, high = torch.aminmax(tensor.detach())
        return float(low), float(high)
    flat = np.sort(tensor.detach().cpu().numpy().ravel())
    skip = int(len(flat) * outlier_share)
    return float(flat[skip]), float(flat[len(flat) - 1 - skip])
