"""Batch-norm statistics of one network of a supernet, from some photos in a single pass.

A network never had statistics of its own while its weights were shared; without them its answers
are worthless (Yu and Huang 2019, section 3.2; Yu et al. 2020, section 3.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from wakeling.graph import Graph
from wakeling.nets import build, export_weights, load_weights
from wakeling.train.augment import to_real
from wakeling.train.threads import torch_threads


def recalibrate(
    graph: Graph,
    weights: Mapping[str, NDArray[np.float32]],
    images: Any,  # Any: an array, a memory map or a view that NumPy indices select from
    *,
    threads: int | None = None,
) -> dict[str, NDArray[np.float32]]:
    """The weights with each batch norm's mean and variance over uint8 `images` (count, height, …).

    All images go through as one batch, so the statistics are exact and their order is no matter; a
    few hundred training photos are enough. `threads` None is one thread.
    """
    module = build(graph)
    load_weights(module, weights)
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    with torch_threads(threads or 1):
        recalibrate_module(module, images, torch.device("cpu"))
    return export_weights(module)


def recalibrate_module(module: nn.Module, images: Any, device: torch.device) -> None:
    """As `recalibrate`, for a module that is on `device`; leaves it in evaluation mode."""
    norms = [part for part in module.modules() if isinstance(part, _BatchNorm)]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0  # the running statistics become this batch's
    module.train()
    with torch.inference_mode():
        module(to_real(np.asarray(images[np.arange(len(images))]), device))
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum
    module.eval()
