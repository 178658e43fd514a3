"""How long varying a batch takes beside the forward and backward pass, on one thread.

    python bench/augment_share.py

Prints milliseconds of CPU time for a batch of 128 and the share; the least of several runs counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from wakeling.nets import build, initialize
from wakeling.spec import FAMILIES, lower
from wakeling.train import Augmentation
from wakeling.train.augment import augment, to_real
from wakeling.train.threads import torch_threads

BATCH = 128


def main() -> None:
    graph = lower(FAMILIES["mobilenet_v1"](alpha=0.25, resolution=96))
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (BATCH, *graph.input_shape), np.uint8)
    module = build(graph)
    initialize(module, 0)
    module.to(memory_format=torch.channels_last).train()
    device = torch.device("cpu")
    x = to_real(images, device)
    y = torch.arange(BATCH) % 2

    def step() -> None:
        module.zero_grad()
        F.cross_entropy(module(x), y).backward()

    with torch_threads(1):
        varying = least_ms(lambda: augment(to_real(images, device), Augmentation(), random))
        learning = least_ms(step)
    print(
        f"{graph.name}, batch {BATCH}: varying {varying:.0f} ms, forward and backward {learning:.0f} ms, "
        f"share {varying / learning:.0%}"
    )


def least_ms(work: Callable[[], object], runs: int = 8) -> float:
    """Least CPU milliseconds of several runs."""
    work()
    found = []
    for _ in range(runs):
        started = time.process_time()
        work()
        found.append((time.process_time() - started) * 1000)
    return min(found)


if __name__ == "__main__":
    main()
