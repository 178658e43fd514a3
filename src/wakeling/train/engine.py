"""The training loop itself, for float and for fake-quantized modules alike.

It owns the order of things: vary a batch, step, average, validate, checkpoint. What is trained,
on what and at which learning rate is passed in. It prints nothing; callbacks tell the caller.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wakeling.errors import DivergedError
from wakeling.train import metrics
from wakeling.train.augment import augment, to_real
from wakeling.train.averaging import Average
from wakeling.train.checkpoint import Checkpoint, save_checkpoint
from wakeling.train.epoch import Pace, diverged, run_steps
from wakeling.train.history import EpochRecord, OnEpoch, OnStep
from wakeling.train.prediction import probabilities
from wakeling.train.recipe import Recipe
from wakeling.train.state import restore, snapshot
from wakeling.train.targets import Photos, Targets, epoch_order

_TITLE = "training"


def silent(record: object) -> None:
    """The callback of a caller who does not listen."""


def _unprepared(module: nn.Module, epoch: int) -> None:
    """No preparation before an epoch."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """What `run` trains, on what, and whom it tells.

    `learning_rate` maps finished epochs (a fraction within one) to a rate; `stream` separates the
    random numbers of two courses with one seed; `prepare(module, epoch)` is called before each
    epoch, counted from 0, and must depend on nothing else; `run` names the course in checkpoints.
    """

    module: nn.Module
    train: Photos
    targets: Targets
    validation: Photos
    recipe: Recipe
    epochs: int
    learning_rate: Callable[[float], float]
    stream: int
    device: torch.device
    threads: int
    run: str
    checkpoint: Path | None = None
    prepare: Callable[[nn.Module, int], None] = _unprepared
    on_epoch: OnEpoch = silent
    on_step: OnStep = silent


def run(course: Course, found: Checkpoint | None) -> tuple[nn.Module, tuple[EpochRecord, ...]]:
    """Train from the beginning or from `found`; returns the averaged module and the history.

    Raises DivergedError where the loss or a weight is no longer finite.
    """
    module = course.module.to(course.device)
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    optimizer = make_optimizer(module, course.recipe)
    average = Average(module, course.recipe.weight_averaging)
    history: list[EpochRecord] = []
    if found is not None:
        restore(found.arrays, module, average.module, optimizer)
        history = list(found.history)
    steps = steps_per_epoch(course.targets, course.recipe)
    batch_size = min(course.recipe.batch_size, len(course.targets.rows))
    pace = Pace(batch_size, (course.epochs - len(history)) * steps)
    for epoch in range(len(history), course.epochs):
        course.prepare(module, epoch)
        started = time.perf_counter()
        loss, accuracy, rate = _epoch(course, module, optimizer, average, epoch, pace)
        balanced, auc = _validate(average.module, course)
        history.append(
            EpochRecord(
                epoch=epoch + 1,
                loss=loss,
                learning_rate=rate,
                train_accuracy=accuracy,
                val_balanced_accuracy=balanced,
                val_auc=auc,
                seconds=time.perf_counter() - started,
            )
        )
        if course.checkpoint is not None:
            arrays = snapshot(module, average.module, optimizer)
            newest = Checkpoint(
                run=course.run,
                epoch=epoch + 1,
                threads=course.threads,
                history=tuple(history),
                arrays=arrays,
            )
            save_checkpoint(course.checkpoint, newest)
        course.on_epoch(history[-1])
    return average.module, tuple(history)


def steps_per_epoch(targets: Targets, recipe: Recipe) -> int:
    """Whole batches in an epoch; a set smaller than a batch is one batch."""
    return max(1, len(targets.rows) // recipe.batch_size)


def make_optimizer(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimizer; only matrices and kernels decay, not biases and batch norms."""
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=0.1, momentum=recipe.momentum, nesterov=recipe.momentum > 0)
    return torch.optim.AdamW(groups, lr=0.1, betas=(recipe.momentum, 0.999))


def _epoch(
    course: Course,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: Average,
    epoch: int,
    pace: Pace,
) -> tuple[float, float, float]:
    """One epoch; returns the mean loss, the accuracy on varied photos and the last learning rate."""
    random = np.random.default_rng((course.recipe.seed, course.stream, epoch))
    order = epoch_order(course.targets, course.recipe, random)
    steps = steps_per_epoch(course.targets, course.recipe)
    module.train()
    loss, accuracy, rate = run_steps(
        lambda chosen, _: _step(course, module, optimizer, chosen, random),
        order,
        title=_TITLE,
        epoch=epoch,
        epochs=course.epochs,
        steps=steps,
        batch_size=course.recipe.batch_size,
        learning_rate=course.learning_rate,
        optimizer=optimizer,
        average=average,
        pace=pace,
        on_step=course.on_step,
    )
    _check_finite(module, average.module, epoch, steps, rate)
    return loss, accuracy, rate


def _step(
    course: Course,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    chosen: NDArray[np.int64],
    random: np.random.Generator,
) -> tuple[float, int]:
    """One optimizer step on the photos at `chosen` places; returns the loss and how many were right."""
    targets = course.targets
    x = to_real(course.train.images[targets.rows[chosen]], course.device)
    x = augment(x, course.recipe.augmentation, random)
    values = torch.from_numpy(targets.values[chosen]).to(course.device)
    weighted = course.recipe.balance == "loss"
    weights = torch.from_numpy(targets.weights[chosen]).to(course.device) if weighted else None
    optimizer.zero_grad(set_to_none=True)
    logits = module(x)
    loss = soft_cross_entropy(logits, values, weights)
    loss.backward()  # type: ignore[no-untyped-call]  # torch's backward has no annotation
    nn.utils.clip_grad_norm_(module.parameters(), course.recipe.gradient_norm_max)
    optimizer.step()
    right = int((logits.detach().argmax(1) == values.argmax(1)).sum())
    return float(loss.detach()), right


def soft_cross_entropy(logits: Tensor, values: Tensor, weights: Tensor | None) -> Tensor:
    """Mean of −Σ value·log softmax(logits) over a batch, each photo counted by its weight."""
    losses = -(values * torch.log_softmax(logits, dim=1)).sum(dim=1)
    return losses.mean() if weights is None else (losses * weights).mean()


def _validate(module: nn.Module, course: Course) -> tuple[float | None, float | None]:
    """Balanced accuracy and AUC on the labeled val photos; None where a class has none."""
    label = np.asarray(course.validation.label)
    rows = np.flatnonzero(label >= 0)
    answers = probabilities(module, _Rows(course.validation.images, rows), course.device)
    wake = label[rows] == 1
    if wake.all() or not wake.any():
        return None, None
    return (
        metrics.balanced_accuracy(wake.astype(np.int64), answers),
        metrics.auc(wake.astype(np.int64), answers),
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """Some rows of a set of images, read when they are asked for."""

    images: object
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, chosen: NDArray[np.int64]) -> NDArray[np.uint8]:
        taken: NDArray[np.uint8] = self.images[self.rows[chosen]]  # type: ignore[index]  # array-like
        return taken


def _check_finite(module: nn.Module, averaged: nn.Module, epoch: int, steps: int, rate: float) -> None:
    for part in (module, averaged):
        for name, tensor in part.state_dict().items():
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                raise DivergedError(diverged(_TITLE, f"{name} is not finite", epoch, steps - 1, rate))
