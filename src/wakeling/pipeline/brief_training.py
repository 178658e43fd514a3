"""The evaluator of a search that trains: a trial's network, from scratch, for its rung's epochs.

A plain value that can be sent to another process or machine, where the photos and the cache of
decoded photos must lie at the same paths.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeling.data import PackedSet, PhotoSet, pack
from wakeling.data.photos import TEST, TRAIN, UNLABELED, VAL
from wakeling.pipeline.listener import Listener, Silent
from wakeling.search import Rung
from wakeling.search.execution import report_step
from wakeling.search.space import Point, Space
from wakeling.search.trial import Outcome, Trial
from wakeling.spec import Network, lower
from wakeling.spec.network import MIN_RESOLUTION
from wakeling.train import Recipe, StepRecord


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """One packing of the photos; `train` holds the unlabeled ones too (their soft labels teach)."""

    whole: PackedSet
    train: PackedSet
    val: PackedSet
    test: PackedSet


def splits_at(photos: PhotoSet, resolution: int, channels: int, cache: Path, listener: Listener) -> Splits:
    """The photos at one size by what they are used for, from the cache where they are there."""
    packed = pack(
        photos,
        resolution=resolution,
        channels=channels,
        cache_dir=cache,
        progress=lambda done, total: listener.progress(f"photos at {resolution}", done, total),
    )
    teaching = (packed.split == TRAIN) | (packed.split == UNLABELED)
    return Splits(
        whole=packed,
        train=packed.pick(np.flatnonzero(teaching)),
        val=packed.subset(VAL),
        test=packed.subset(TEST),
    )


def at_share(network: Network, share: float) -> Network:
    """The network on a smaller image: `share` of its resolution, to the next multiple of 8 pixels."""
    if share == 1.0:
        return network
    resolution = max(MIN_RESOLUTION, round(network.resolution * share / 8) * 8)
    return dataclasses.replace(network, resolution=min(resolution, network.resolution), family=None, knobs={})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BriefTraining:
    """Trains a trial's network on the photos' train part and scores it on their val part.

    The score is the balanced accuracy at the best threshold: a short training has its threshold
    anywhere, and what it can separate is what promises more. Every rung of the same network starts
    from the same random weights, or from `initial_weights`. An unfinished training goes on from its
    checkpoint.
    """

    space: Space
    photos: PhotoSet
    cache: Path
    recipe: Recipe
    rungs: tuple[Rung, ...]
    checkpoints: Path | None = None
    initial_weights: Callable[[Point], Mapping[str, NDArray[np.float32]]] | None = None
    listener: Listener = dataclasses.field(default_factory=Silent)
    trials: int = 0

    def __call__(self, trial: Trial) -> Outcome:
        """Score, AUC and loss of the trial; raises DivergedError where the training diverged."""
        from wakeling.train import fit, metrics, predict

        rung = self.rungs[trial.rung]
        network = at_share(self.space.network(trial.point), rung.resolution_share)
        splits = splits_at(self.photos, network.resolution, network.channels, self.cache, self.listener)
        checkpoint = None if self.checkpoints is None else self.checkpoints / f"trial-{trial.number}.pt"
        model = fit(
            lower(network),
            splits.train,
            splits.val,
            dataclasses.replace(self.recipe, epochs=rung.epochs, quantization_epochs=0),
            checkpoint=checkpoint,
            resume=True,
            initial_weights=None if self.initial_weights is None else self.initial_weights(trial.point),
            on_step=on_steps(self.listener, self._title(trial)),
            on_epoch=lambda record: report_step(record.epoch, record.val_balanced_accuracy or 0.0),
        )
        judges = splits.val.labeled()
        answers = predict(model.graph, model.weights, judges.images, threads=self.recipe.threads)
        best = metrics.best_threshold(judges.label, answers)
        if checkpoint is not None:
            from wakeling.train.checkpoint import remove_checkpoint

            remove_checkpoint(checkpoint)
        return Outcome(
            score=metrics.balanced_accuracy(judges.label, answers, best),
            measures={
                "auc": metrics.auc(judges.label, answers),
                "loss": model.history[-1].loss,
            },
        )

    def _title(self, trial: Trial) -> str:
        total = f"/{self.trials}" if self.trials else ""
        return f"trial {trial.number + 1}{total} {self.space.network_name(trial.point)}"


def on_steps(listener: Listener, name: str) -> Callable[[StepRecord], None]:
    """Turns training steps into progress with loss and accuracy; the bar tells the time left."""

    def on_step(record: StepRecord) -> None:
        listener.progress(
            f"{name}  loss {record.loss:.3f}  accuracy {record.accuracy:.3f}",
            (record.epoch - 1) * record.steps + record.step,
            record.epochs * record.steps,
        )

    return on_step
