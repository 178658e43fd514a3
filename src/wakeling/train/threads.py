"""How many CPU threads to train with: found by a short trial, set at the edge, put back afterwards.

More threads help on an idle machine and hurt badly on a busy one, so only a measurement tells.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F

from wakeling.graph import Graph
from wakeling.nets import build, initialize
from wakeling.train.augment import augment, to_real
from wakeling.train.recipe import Augmentation

Measure = Callable[[int, float], float]
"""Images per second with a thread count, measured for about some seconds."""

_WORTHWHILE = 1.15
"""A larger thread count must be this much faster than a smaller one to be chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadChoice:
    """The chosen thread count, and the images per second that every tried count reached.

    The figures are those of whole training steps (varying the photos, forward, backward, update)
    without reading photos and without validation.
    """

    threads: int
    images_per_second: float
    tried: tuple[tuple[int, float], ...]


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


@contextlib.contextmanager
def torch_threads(count: int | None) -> Iterator[None]:
    """Run a block with `count` torch threads (None: as they are) and denormal numbers as zero.

    Denormals (below 1.2e-38) appear in decaying averages and slow a CPU down a hundredfold.
    """
    before = torch.get_num_threads()
    if count is not None:
        torch.set_num_threads(count)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(before)


def busy_cores() -> float:
    """Cores that other work kept busy in the last minute, by the system's load average."""
    return max(0.0, os.getloadavg()[0] - 1.0) if hasattr(os, "getloadavg") else 0.0


def choose_threads(
    graph: Graph,
    *,
    batch_size: int = 64,
    most: int | None = None,
    seconds: float = 3.0,
    busy: Callable[[], float] = busy_cores,
    measure: Measure | None = None,
) -> ThreadChoice:
    """Train on noise with 1, 2, 4, … threads for about `seconds` in all and choose the fastest.

    `most` limits the count (None: the cores that this process may use). Counts that other work
    leaves no room for are not tried: threads that wait for each other on a busy machine are up to
    a hundred times slower than one. `measure` None times real steps.
    """
    images_per_second = measure or partial(_speed, _stepper(graph, batch_size), batch_size)
    limit = max(1, most or available_cores())
    room = limit - busy() + 0.5
    counts = sorted({min(2**power, limit) for power in range(limit.bit_length() + 1)})
    counts = [count for count in counts if count == 1 or count <= room]
    tried = [(count, images_per_second(count, seconds / len(counts))) for count in counts]
    best = tried[0]
    for candidate in tried[1:]:
        if candidate[1] > best[1] * _WORTHWHILE:
            best = candidate
    return ThreadChoice(threads=best[0], images_per_second=best[1], tried=tuple(tried))


def training_speed(
    graph: Graph,
    threads: int,
    batch_size: int,
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Images per second of whole training steps with `threads`, measured for about `seconds`."""
    return _speed(_stepper(graph, batch_size), batch_size, threads, seconds, clock)


def _speed(
    step: Callable[[], None],
    batch_size: int,
    threads: int,
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Images per second of `step`; the first warms up and counts only where it took too long."""
    with torch_threads(threads):
        warm = clock()
        step()
        start = clock()
        if threads > 1 and start - warm > seconds:
            return batch_size / (start - warm)
        steps = 0
        while steps == 0 or (clock() - warm) + (clock() - start) / steps <= seconds:
            step()
            steps += 1
        return steps * batch_size / (clock() - start)


def _stepper(graph: Graph, batch_size: int) -> Callable[[], None]:
    """A training step on noise, as the loop does it."""
    module = build(graph)
    initialize(module, 0)
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    module.train()
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-4)
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (batch_size, *graph.input_shape), np.uint8)
    y = torch.arange(batch_size) % graph.shapes[graph.output][-1]

    def step() -> None:
        x = augment(to_real(images, torch.device("cpu")), Augmentation(), random)
        optimizer.zero_grad()
        F.cross_entropy(module(x), y).backward()  # type: ignore[no-untyped-call]  # torch's backward
        optimizer.step()

    return step
