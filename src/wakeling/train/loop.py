"""Training a float network on photos by a recipe, from the beginning or from a checkpoint."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeling.graph import Graph
from wakeling.nets import GraphModule, build, export_weights, initialize, load_weights
from wakeling.train import recipe as recipes
from wakeling.train.engine import Course, run, silent
from wakeling.train.history import OnEpoch, OnStep
from wakeling.train.model import TrainedModel
from wakeling.train.recipe import Recipe
from wakeling.train.setup import choose_device, run_name, starting_point, thread_count
from wakeling.train.targets import Photos, check_photos, targets_of
from wakeling.train.threads import torch_threads

_STREAM = 0
"""Random numbers of float training; fake-quantized training has another stream."""


def fit(
    graph: Graph,
    train_set: Photos,
    val_set: Photos,
    recipe: Recipe,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
    on_epoch: OnEpoch | None = None,
    on_step: OnStep | None = None,
    device: str | None = None,
    initial_weights: Mapping[str, NDArray[np.float32]] | None = None,
) -> TrainedModel:
    """Train `graph` (with its batch norms) and return its averaged weights.

    With `checkpoint`, the state is written there after each epoch; with `resume` too, training
    goes on from it and ends with the same weights, bit for bit, as without the interruption (on
    the CPU). `device` None takes a GPU where there is one. The same recipe, data and thread count
    give the same weights on the CPU. The thread count that was used is in the result's recipe.

    Raises DataError for unusable photos, GraphError for weights of another graph, RunError for a
    checkpoint that cannot be resumed, DivergedError for a loss or weight that is not finite.
    """
    check_photos(train_set, graph, "train")
    check_photos(val_set, graph, "val")
    targets = targets_of(train_set, recipe)
    module = build(graph)
    if initial_weights is None:
        initialize(module, recipe.seed)
    else:
        load_weights(module, initial_weights)
    name = run_name("float", graph, recipe, train_set, val_set, export_weights(module))
    found = starting_point(checkpoint, name, resume)
    place = choose_device(device)
    threads = thread_count(graph, recipe, found, place)
    course = Course(
        module=module,
        train=train_set,
        targets=targets,
        validation=val_set,
        recipe=recipe,
        epochs=recipe.epochs,
        learning_rate=partial(recipes.learning_rate_at, recipe),
        stream=_STREAM,
        device=place,
        threads=threads,
        run=name,
        checkpoint=checkpoint,
        on_epoch=on_epoch or silent,
        on_step=on_step or silent,
    )
    with torch_threads(threads):
        averaged, history = run(course, found)
    assert isinstance(averaged, GraphModule)
    return TrainedModel(
        graph=graph,
        weights=export_weights(averaged),
        labels=tuple(train_set.labels),
        recipe=dataclasses.replace(recipe, threads=threads),
        history=history,
    )
