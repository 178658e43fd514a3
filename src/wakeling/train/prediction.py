"""A float network's answers on photos, in batches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from wakeling.graph import Graph
from wakeling.nets import build, load_weights
from wakeling.train.augment import to_real
from wakeling.train.targets import WAKE_WORD
from wakeling.train.threads import torch_threads

BATCH_SIZE = 256


def predict(
    graph: Graph,
    weights: Mapping[str, NDArray[np.float32]],
    images: Any,  # Any: an array, a memory map or a view that NumPy indices select from
    *,
    threads: int | None = None,
) -> NDArray[np.float32]:
    """The wake word's probability (softmax, index 1) of uint8 images (count, height, width, channels).

    `threads` None is one thread, which other work cannot slow down. Raises GraphError where the
    weights do not belong to the graph.
    """
    module = build(graph)
    load_weights(module, weights)
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    with torch_threads(threads or 1):
        return probabilities(module.eval(), images, torch.device("cpu"))


def probabilities(module: nn.Module, images: Any, device: torch.device) -> NDArray[np.float32]:
    """As `predict`, for a module that is on `device` and in evaluation mode."""
    answers = [np.zeros(0, np.float32)]
    with torch.inference_mode():
        for start in range(0, len(images), BATCH_SIZE):
            rows = np.arange(start, min(start + BATCH_SIZE, len(images)))
            logits = module(to_real(images[rows], device))
            answers.append(torch.softmax(logits, dim=1)[:, WAKE_WORD].cpu().numpy())
    return np.concatenate(answers)
