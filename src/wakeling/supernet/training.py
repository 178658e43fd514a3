"""Trains all networks of a space at once: a few of them each step, on the same photos.

The order of things is that of `train.engine`, whose pieces are used; what is particular to shared
tensors is in `_step`. It prints nothing; callbacks tell the caller.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wakeling.errors import DivergedError
from wakeling.search import space as spaces
from wakeling.search.domain import Domain
from wakeling.search.space import Point, StagedSpace
from wakeling.supernet import recipe as supernet_recipes
from wakeling.supernet.model import TrainedSupernet
from wakeling.supernet.network import Supernet, export_shared
from wakeling.supernet.photos import PhotosAt, PhotoSets
from wakeling.supernet.recipe import SupernetRecipe
from wakeling.supernet.sandwich import step_points
from wakeling.supernet.scoring import mean_scores
from wakeling.train import EpochRecord
from wakeling.train.augment import augment, to_real
from wakeling.train.averaging import Average
from wakeling.train.checkpoint import Checkpoint, save_checkpoint
from wakeling.train.engine import make_optimizer, silent, soft_cross_entropy, steps_per_epoch
from wakeling.train.epoch import Pace, diverged, run_steps
from wakeling.train.history import OnEpoch, OnStep
from wakeling.train.recipe import learning_rate_at
from wakeling.train.setup import choose_device, starting_point
from wakeling.train.state import restore, snapshot
from wakeling.train.targets import Targets, epoch_order, targets_of
from wakeling.train.threads import torch_threads

_ORDER, _CHANGES, _POINTS, _WATCHED = 2, 3, 4, 5
"""Streams of random numbers: the photos' order, their changes, the networks, the watched networks."""


_TITLE = "the supernet"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Task:
    """What is trained, on what, and whom it tells."""

    space: StagedSpace
    domain: Domain | None
    recipe: SupernetRecipe
    photos: PhotoSets
    targets: Targets
    watched: tuple[Point, ...]
    device: torch.device
    on_step: OnStep

    def networks(self, stream: int, *counters: int) -> tuple[Point, ...]:
        """The networks of a step."""
        random = np.random.default_rng((self.recipe.training.seed, stream, *counters))
        return step_points(self.space, self.domain, self.recipe.random_networks, random)


def fit_supernet(
    space: StagedSpace,
    photos: PhotosAt,
    recipe: SupernetRecipe,
    *,
    domain: Domain | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    on_epoch: OnEpoch | None = None,
    on_step: OnStep | None = None,
    device: str | None = "cpu",
) -> TrainedSupernet:
    """Train the shared tensors of `space` and return their moving averages.

    `photos(resolution, channels)` gives the train and val photos at a network's input: the same
    photos in the same order for each. With `domain`, only its networks are trained. Each epoch's
    `val` figures are means over a few fixed networks, recalibrated; its loss is the mean over all
    that were trained, its accuracy the large networks'.

    With `checkpoint`, the state is written there after each epoch; with `resume` too, training goes
    on from it and ends with the same tensors, bit for bit (on the CPU). The networks are small, so
    one thread is used unless the recipe says otherwise.

    Raises DataError for unusable photos, RunError for a checkpoint that cannot be resumed,
    DivergedError for a loss or weight that is not finite.
    """
    training = dataclasses.replace(recipe.training, threads=recipe.training.threads or 1)
    recipe = dataclasses.replace(recipe, training=training)
    supernet = Supernet(space, training.seed)
    sets = PhotoSets(photos)
    train_set, val_set = sets.at(space.resolutions[0], space.channels[0])
    task = _Task(
        space=space,
        domain=domain,
        recipe=recipe,
        photos=sets,
        targets=targets_of(train_set, training),
        watched=step_points(
            space, domain, recipe.random_networks, np.random.default_rng((training.seed, _WATCHED))
        ),
        device=choose_device(device),
        on_step=on_step or silent,
    )
    name = _run_name(task, (train_set.key, val_set.key))
    found = starting_point(checkpoint, name, resume)
    with torch_threads(training.threads):
        supernet.to(task.device)
        optimizer = make_optimizer(supernet, training)
        average = Average(supernet, training.weight_averaging)
        history: list[EpochRecord] = []
        if found is not None:
            restore(found.arrays, supernet, average.module, optimizer)
            history = list(found.history)
        batch_size = min(training.batch_size, len(task.targets.rows))
        steps = steps_per_epoch(task.targets, training)
        pace = Pace(batch_size, (training.epochs - len(history)) * steps)
        for epoch in range(len(history), training.epochs):
            history.append(_epoch(task, supernet, optimizer, average, epoch, pace))
            if checkpoint is not None:
                newest = Checkpoint(
                    run=name,
                    epoch=epoch + 1,
                    threads=training.threads or 1,
                    history=tuple(history),
                    arrays=snapshot(supernet, average.module, optimizer),
                )
                save_checkpoint(checkpoint, newest)
            if on_epoch is not None:
                on_epoch(history[-1])
    averaged = average.module
    assert isinstance(averaged, Supernet)
    return TrainedSupernet(
        space=space,
        tensors=export_shared(averaged),
        labels=tuple(train_set.labels),
        recipe=recipe,
        history=tuple(history),
    )


def _epoch(
    task: _Task,
    supernet: Supernet,
    optimizer: torch.optim.Optimizer,
    average: Average,
    epoch: int,
    pace: Pace,
) -> EpochRecord:
    training = task.recipe.training
    started = time.perf_counter()
    order = epoch_order(task.targets, training, np.random.default_rng((training.seed, _ORDER, epoch)))
    steps = steps_per_epoch(task.targets, training)
    loss, accuracy, rate = run_steps(
        lambda chosen, step: _step(task, supernet, optimizer, chosen, (epoch, step)),
        order,
        title=_TITLE,
        epoch=epoch,
        epochs=training.epochs,
        steps=steps,
        batch_size=training.batch_size,
        learning_rate=partial(learning_rate_at, training),
        optimizer=optimizer,
        average=average,
        pace=pace,
        on_step=task.on_step,
    )
    for name, tensor in supernet.shared.items():
        if not bool(torch.isfinite(tensor).all()):
            raise DivergedError(diverged(_TITLE, f"{name} is not finite", epoch, steps - 1, rate))
    averaged = average.module
    assert isinstance(averaged, Supernet)
    balanced, auc = mean_scores(
        averaged, task.watched, task.photos, calibration_images=task.recipe.calibration_images
    )
    return EpochRecord(
        epoch=epoch + 1,
        loss=loss,
        learning_rate=rate,
        train_accuracy=accuracy,
        val_balanced_accuracy=balanced,
        val_auc=auc,
        seconds=time.perf_counter() - started,
    )


def _step(
    task: _Task,
    supernet: Supernet,
    optimizer: torch.optim.Optimizer,
    chosen: NDArray[np.int64],
    counters: tuple[int, int],
) -> tuple[float, int]:
    """One optimizer step; returns the mean loss, and how many photos the large network got right.

    Every network sees the same photos changed in the same way, each at its own input: the changes
    are drawn from one seed again. The large network's answer, without a gradient, is a part of the
    others' target (Yu and Huang 2019, section 3.3: in-place distillation).
    """
    training = task.recipe.training
    values = torch.from_numpy(task.targets.values[chosen]).to(task.device)
    weighted = training.balance == "loss"
    weights = torch.from_numpy(task.targets.weights[chosen]).to(task.device) if weighted else None
    points = task.networks(_POINTS, *counters)
    optimizer.zero_grad(set_to_none=True)
    target, total, right = values, 0.0, 0
    for number, point in enumerate(points):
        logits = supernet(_photos(task, point, chosen, counters), point)
        loss = soft_cross_entropy(logits, target, weights) / len(points)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's backward has no annotation
        total += float(loss.detach())
        if number == 0:
            answer = logits.detach()
            right = int((answer.argmax(1) == values.argmax(1)).sum())
            target = torch.lerp(values, torch.softmax(answer, dim=1), task.recipe.teacher_share)
    nn.utils.clip_grad_norm_(supernet.parameters(), training.gradient_norm_max)
    optimizer.step()
    return total, right


def _photos(task: _Task, point: Point, chosen: NDArray[np.int64], counters: tuple[int, int]) -> Tensor:
    """The changed photos of a batch at the point's input."""
    training = task.recipe.training
    train, _ = task.photos.at(task.space.resolutions[point[0]], task.space.channels[point[1]])
    x = to_real(train.images[task.targets.rows[chosen]], task.device)
    return augment(x, training.augmentation, np.random.default_rng((training.seed, _CHANGES, *counters)))


def _run_name(task: _Task, keys: tuple[str, ...]) -> str:
    """Thirty-two hex digits that name a run by all that decides its outcome, threads aside.

    A domain is named by the networks that it gives for the first steps.
    """
    facts = {
        "space": spaces.to_json(task.space),
        "recipe": supernet_recipes.fingerprint(task.recipe),
        "networks": [task.networks(_POINTS, 0, step) for step in range(4)],
        "photos": keys,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
