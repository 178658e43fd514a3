"""The steps of one epoch, for any kind of training: rates, averages, pace, and what is told of each.

What a step does is passed in; what surrounds an epoch (validation, checkpoints) is the caller's.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from wakeling.errors import DivergedError
from wakeling.train.averaging import Average
from wakeling.train.history import OnStep, StepRecord

Step = Callable[[NDArray[np.int64], int], tuple[float, int]]
"""(places of a batch's photos, number of the step) -> the loss, and how many photos were right."""


class Pace:
    """Counts steps since this process began, to say how fast it goes and how long it takes."""

    def __init__(self, batch_size: int, steps: int) -> None:
        self._batch = batch_size
        self._left = steps
        self._done = 0
        self._started = time.perf_counter()

    def step(self) -> tuple[float, float]:
        """Images per second so far, and the seconds that the remaining steps take at that speed."""
        self._done += 1
        per_step = max(time.perf_counter() - self._started, 1e-9) / self._done
        return self._batch / per_step, per_step * (self._left - self._done)


def run_steps(
    step: Step,
    order: NDArray[np.int64],
    *,
    title: str,
    epoch: int,
    epochs: int,
    steps: int,
    batch_size: int,
    learning_rate: Callable[[float], float],
    optimizer: torch.optim.Optimizer,
    average: Average,
    pace: Pace,
    on_step: OnStep,
) -> tuple[float, float, float]:
    """Step through the photos in `order`; the mean loss, the accuracy and the last learning rate.

    `epoch` counts from 0. Raises DivergedError, which begins with `title`, where the loss is no
    longer finite.
    """
    batch_size = min(batch_size, len(order))
    losses, correct, rate = 0.0, 0, 0.0
    for number in range(steps):
        rate = learning_rate(epoch + number / steps)
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss, right = step(order[number * batch_size : (number + 1) * batch_size], number)
        if not math.isfinite(loss):
            raise DivergedError(diverged(title, f"the loss is {loss}", epoch, number, rate))
        average.update(epoch * steps + number)
        losses, correct = losses + loss, correct + right
        speed, left = pace.step()
        on_step(
            StepRecord(
                epoch=epoch + 1,
                epochs=epochs,
                step=number + 1,
                steps=steps,
                loss=losses / (number + 1),
                accuracy=correct / ((number + 1) * batch_size),
                learning_rate=rate,
                images_per_second=speed,
                seconds_left=left,
            )
        )
    return losses / steps, correct / (steps * batch_size), rate


def diverged(title: str, what: str, epoch: int, step: int, rate: float) -> str:
    """The message of a training that met a number that is not finite; epoch and step count from 0."""
    return (
        f"{title} diverged: {what} in epoch {epoch + 1}, step {step + 1}, at learning rate {rate:.3g}; "
        "try a third of the learning rate or a longer warm-up"
    )
