"""The stages that train: the search's trials, the winner, and its quantized epochs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wakeling.data import PackedSet, pack
from wakeling.data.photos import TEST, TRAIN, UNLABELED, VAL
from wakeling.errors import RunError
from wakeling.files import read_json, write_json
from wakeling.pipeline.folder import RunFolder
from wakeling.pipeline.listener import Listener
from wakeling.pipeline.plan import Plan
from wakeling.pipeline.setting import Setting
from wakeling.search import STRATEGIES, Candidate, SearchHistory, Trial, run_search
from wakeling.search import history as histories
from wakeling.spec import lower
from wakeling.train import EpochRecord, Recipe, StepRecord, TrainedModel
from wakeling.train.history import record_from_json, record_to_json

if TYPE_CHECKING:
    from wakeling.quantize.model import QuantizedModel


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """One packing of the photos; `train` holds the unlabeled ones too (their soft labels teach)."""

    whole: PackedSet
    train: PackedSet
    val: PackedSet
    test: PackedSet


def pack_for(setting: Setting, candidate: Candidate, cache: Path, listener: Listener) -> PackedSet:
    """All photos at the candidate's resolution and channels, from the cache where they are there."""
    return pack(
        setting.photos,
        resolution=candidate.resolution,
        channels=candidate.channels,
        cache_dir=cache,
        progress=lambda done, total: listener.progress(f"photos at {candidate.resolution}", done, total),
    )


def splits_for(setting: Setting, candidate: Candidate, cache: Path, listener: Listener) -> Splits:
    """The candidate's photos by what they are used for."""
    packed = pack_for(setting, candidate, cache, listener)
    teaching = (packed.split == TRAIN) | (packed.split == UNLABELED)
    return Splits(
        whole=packed,
        train=packed.pick(np.flatnonzero(teaching)),
        val=packed.subset(VAL),
        test=packed.subset(TEST),
    )


def recipe_for(plan: Plan, seed: int, *, epochs: int, quantization_epochs: int = 0) -> Recipe:
    """The default recipe with this plan's threads and seed."""
    return dataclasses.replace(
        Recipe(), epochs=epochs, quantization_epochs=quantization_epochs, seed=seed, threads=plan.threads
    )


def search(setting: Setting, plan: Plan, folder: RunFolder, cache: Path, listener: Listener) -> Candidate:
    """Train the finalists briefly, promote the better ones, and return the winner.

    Finished trials are in the folder's history and an unfinished one in its checkpoint, so an
    interrupted search goes on where it was. A single finalist wins without training.
    """
    request = setting.request
    names = tuple(finalist.candidate for finalist in plan.finalists)
    if len(names) == 1:
        return setting.candidate(names[0]).candidate
    strategy = STRATEGIES[request.strategy](names, plan.rung_epochs, request.seed)
    history = SearchHistory(strategy=request.strategy, seed=request.seed)
    if folder.history.exists():
        history = histories.load(folder.history)
    listener.stage(f"Search: {len(names)} finalists, {strategy.total} short trainings")

    def evaluate(trial: Trial) -> float:
        return _train_briefly(setting, plan, trial, strategy.total, folder, cache, listener)

    def save(done: SearchHistory) -> None:
        histories.save(done, folder.history)
        _forget(folder.checkpoint(f"trial-{done.trials[-1].number}"))

    run_search(strategy, evaluate, history, save=save)
    winner = strategy.best()
    listener.note(f"the search chose {winner}")
    return setting.candidate(winner).candidate


def _train_briefly(
    setting: Setting,
    plan: Plan,
    trial: Trial,
    trials: int,
    folder: RunFolder,
    cache: Path,
    listener: Listener,
) -> float:
    """The trial's balanced accuracy on val at its best threshold.

    A short training has its threshold anywhere; what it can separate is what promises more.
    """
    from wakeling.train import fit, metrics, predict

    candidate = setting.candidate(trial.candidate).candidate
    splits = splits_for(setting, candidate, cache, listener)
    model = fit(
        lower(candidate.network()),
        splits.train,
        splits.val,
        recipe_for(plan, setting.request.seed, epochs=trial.epochs),
        checkpoint=folder.checkpoint(f"trial-{trial.number}"),
        resume=True,
        on_step=_steps(listener, f"trial {trial.number + 1}/{trials} {candidate.name}"),
    )
    judges = splits.val.labeled()
    answers = predict(model.graph, model.weights, judges.images, threads=plan.threads)
    best = metrics.best_threshold(judges.label, answers)
    score = metrics.balanced_accuracy(judges.label, answers, best)
    listener.note(
        f"trial {trial.number + 1}/{trials}: {candidate.name}, {trial.epochs} epochs, "
        f"val balanced accuracy {score:.3f}"
    )
    return score


def train_winner(
    setting: Setting, plan: Plan, winner: Candidate, folder: RunFolder, splits: Splits, listener: Listener
) -> TrainedModel:
    """The float model of the winner, trained fully; read from the folder where it is there."""
    if folder.trained.exists():
        return TrainedModel.load(folder.trained)
    from wakeling.train import fit

    planned = plan.finalist(winner.name)
    listener.stage(f"Training {winner.name}, {planned.epochs} epochs")
    model = fit(
        lower(winner.network()),
        splits.train,
        splits.val,
        recipe_for(
            plan,
            setting.request.seed,
            epochs=planned.epochs,
            quantization_epochs=planned.quantization_epochs,
        ),
        checkpoint=folder.checkpoint("float"),
        resume=True,
        on_step=_steps(listener, "float"),
        on_epoch=lambda record: listener.note(
            f"epoch {record.epoch}/{planned.epochs}: loss {record.loss:.3f}, "
            f"val balanced accuracy {record.val_balanced_accuracy or 0:.3f}"
        ),
    )
    model.save(folder.trained)
    _forget(folder.checkpoint("float"))
    return model


def quantize_winner(
    trained: TrainedModel, folder: RunFolder, splits: Splits, listener: Listener
) -> tuple[QuantizedModel, tuple[EpochRecord, ...]]:
    """The int8 model and its epochs with fake quantization; calibration alone where none are planned."""
    from wakeling.quantize.model import QuantizedModel

    if folder.quantized.exists():
        return QuantizedModel.load(folder.quantized), _epochs_in(folder.quantization_history)
    from wakeling.quantize import aware, post_training
    from wakeling.quantize.calibration import calibration_images

    planned = trained.recipe.quantization_epochs
    listener.stage(f"Quantizing, {planned} epochs with fake quantization")
    epochs: tuple[EpochRecord, ...] = ()
    if planned == 0:
        model = post_training(trained, calibration_images(splits.train, trained.recipe))
    else:
        model, epochs = aware(
            trained,
            splits.train,
            splits.val,
            recipe=trained.recipe,
            checkpoint=folder.checkpoint("int8"),
            resume=True,
            on_step=_steps(listener, "int8"),
        )
    write_json(folder.quantization_history, [record_to_json(record) for record in epochs])
    model.save(folder.quantized)
    _forget(folder.checkpoint("int8"))
    return model, epochs


def _epochs_in(path: Path) -> tuple[EpochRecord, ...]:
    value = read_json(path, RunError)
    try:
        return tuple(record_from_json(record) for record in value)
    except TypeError as error:
        raise RunError(
            f"{path} is damaged: {error}; delete {path.parent / 'quantized.npz'} and resume"
        ) from None


def _steps(listener: Listener, name: str) -> Callable[[StepRecord], None]:
    """Turns training steps into progress with loss and accuracy; the bar tells the time left."""

    def on_step(record: StepRecord) -> None:
        listener.progress(
            f"{name}  loss {record.loss:.3f}  accuracy {record.accuracy:.3f}",
            (record.epoch - 1) * record.steps + record.step,
            record.epochs * record.steps,
        )

    return on_step


def _forget(checkpoint: Path) -> None:
    """Remove the checkpoint of a training whose result is written."""
    from wakeling.train.checkpoint import remove_checkpoint

    remove_checkpoint(checkpoint)
