"""Quantization-aware training: the last epochs, with the rounding that the integers will do."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path

from torch import nn

from wakeling.nets import export_weights
from wakeling.quantize.calibration import calibration_images
from wakeling.quantize.convert import convert
from wakeling.quantize.fake import FakeQuantized
from wakeling.quantize.fold import fold
from wakeling.quantize.model import QuantizedModel
from wakeling.quantize.observe import observe
from wakeling.train.engine import Course, run, silent
from wakeling.train.history import EpochRecord, OnEpoch, OnStep
from wakeling.train.model import TrainedModel
from wakeling.train.recipe import Recipe, learning_rate_at
from wakeling.train.setup import choose_device, run_name, starting_point, thread_count
from wakeling.train.targets import Photos, check_photos, targets_of
from wakeling.train.threads import torch_threads

_STREAM = 1
"""Random numbers of fake-quantized training; float training has stream 0."""


def aware(
    trained: TrainedModel,
    train_set: Photos,
    val_set: Photos,
    *,
    recipe: Recipe | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    on_epoch: OnEpoch | None = None,
    on_step: OnStep | None = None,
    device: str | None = None,
) -> tuple[QuantizedModel, tuple[EpochRecord, ...]]:
    """Train on with fake quantization and convert; the last epoch's averaged weights are taken.

    Runs `recipe.quantization_epochs` (None: the trained model's recipe) at a low learning rate;
    ranges follow the batches in the first epoch and stay fixed after it. Checkpoints, repeating
    and errors are as in `train.fit`. The history's `val` figures are of the fake-quantized
    network; the golden interpreter has the last word.
    """
    plan = recipe or trained.recipe
    check_photos(train_set, trained.graph, "train")
    check_photos(val_set, trained.graph, "val")
    targets = targets_of(train_set, plan)
    name = run_name("quantized", trained.graph, plan, train_set, val_set, trained.weights)
    found = starting_point(checkpoint, name, resume)
    place = choose_device(device)
    threads = thread_count(trained.graph, plan, found, place)
    with torch_threads(threads):
        fused, weights = fold(trained.graph, trained.weights)
        ranges = observe(fused, weights, calibration_images(train_set, plan))
        course = Course(
            module=FakeQuantized(fused, weights, ranges),
            train=train_set,
            targets=targets,
            validation=val_set,
            recipe=plan,
            epochs=plan.quantization_epochs,
            learning_rate=partial(learning_rate_at, _schedule(plan)),
            stream=_STREAM,
            device=place,
            threads=threads,
            run=name,
            checkpoint=checkpoint,
            prepare=_prepare,
            on_epoch=on_epoch or silent,
            on_step=on_step or silent,
        )
        averaged, history = run(course, found)
    assert isinstance(averaged, FakeQuantized)
    model = convert(
        fused,
        export_weights(averaged.network),
        averaged.ranges(),
        labels=trained.labels,
        name=trained.graph.name,
    )
    return model, history


def _schedule(recipe: Recipe) -> Recipe:
    """The recipe with the schedule of its quantized epochs: a short rise, then a cosine."""
    return dataclasses.replace(
        recipe,
        epochs=recipe.quantization_epochs,
        learning_rate=recipe.quantization_learning_rate,
        warmup_epochs=0.2,
    )


def _prepare(module: nn.Module, epoch: int) -> None:
    """Ranges follow the batches in the first epoch only."""
    assert isinstance(module, FakeQuantized)
    module.observing = epoch == 0
