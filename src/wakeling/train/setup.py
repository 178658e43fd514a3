"""What a training run settles before its first step: its name, device, threads and checkpoint."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from wakeling.errors import WakelingError
from wakeling.graph import Graph, content_hash
from wakeling.train import recipe as recipes
from wakeling.train.checkpoint import Checkpoint, load_checkpoint, remove_checkpoint
from wakeling.train.recipe import Recipe
from wakeling.train.targets import Photos
from wakeling.train.threads import choose_threads


def run_name(
    kind: str,
    graph: Graph,
    recipe: Recipe,
    train_set: Photos,
    val_set: Photos,
    first_weights: Mapping[str, NDArray[np.float32]],
) -> str:
    """Thirty-two hex digits that name a run by all that decides its outcome, threads aside."""
    digest = hashlib.sha256()
    parts = (kind, content_hash(graph), recipes.fingerprint(recipe), train_set.key, val_set.key)
    for part in (*parts, *train_set.labels):
        digest.update(part.encode() + b"\0")
    for key in sorted(first_weights):
        digest.update(key.encode() + b"\0" + np.ascontiguousarray(first_weights[key]).tobytes())
    return digest.hexdigest()[:32]


def starting_point(checkpoint: Path | None, name: str, resume: bool) -> Checkpoint | None:
    """The checkpoint to go on from, or None for the beginning (what is left of old ones is removed).

    Raises RunError for a checkpoint of another run, or where all are damaged.
    """
    if checkpoint is None:
        return None
    if resume:
        return load_checkpoint(checkpoint, name)
    remove_checkpoint(checkpoint)
    return None


def choose_device(device: str | None) -> torch.device:
    """The named device, or the GPU where there is one and the CPU otherwise; raises WakelingError."""
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        place = torch.device(device)
        torch.zeros(1, device=place)
    except (RuntimeError, AssertionError) as problem:
        reason = str(problem).splitlines()[0]
        raise WakelingError(
            f"device {device!r} cannot be used ({reason}); use cpu, or cuda with a GPU"
        ) from None
    return place


def thread_count(graph: Graph, recipe: Recipe, found: Checkpoint | None, device: torch.device) -> int:
    """The recipe's thread count, else that of the run to go on with, else the fastest in a trial."""
    if recipe.threads is not None:
        return recipe.threads
    if found is not None:
        return found.threads
    if device.type != "cpu":
        return 1
    return choose_threads(graph, batch_size=min(recipe.batch_size, 64)).threads
