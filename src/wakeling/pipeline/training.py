"""The stages that train the winner: its float epochs and its quantized ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wakeling.errors import RunError
from wakeling.files import read_json, write_json
from wakeling.pipeline.brief_training import Splits, on_steps, splits_at
from wakeling.pipeline.folder import RunFolder
from wakeling.pipeline.listener import Listener
from wakeling.pipeline.plan import Plan, Winning
from wakeling.pipeline.setting import Setting
from wakeling.search import Candidate
from wakeling.spec import lower
from wakeling.train import EpochRecord, Recipe, TrainedModel
from wakeling.train.history import record_from_json, record_to_json

if TYPE_CHECKING:
    from wakeling.quantize.model import QuantizedModel


def splits_for(setting: Setting, candidate: Candidate, cache: Path, listener: Listener) -> Splits:
    """The candidate's photos by what they are used for."""
    return splits_at(setting.photos, candidate.resolution, candidate.channels, cache, listener)


def recipe_for(plan: Plan, seed: int, *, epochs: int, quantization_epochs: int = 0) -> Recipe:
    """The default recipe with this plan's threads and seed."""
    return dataclasses.replace(
        Recipe(), epochs=epochs, quantization_epochs=quantization_epochs, seed=seed, threads=plan.threads
    )


def train_winner(
    setting: Setting,
    plan: Plan,
    winning: Winning,
    folder: RunFolder,
    splits: Splits,
    listener: Listener,
    initial_weights: Mapping[str, NDArray[np.float32]] | None = None,
) -> TrainedModel:
    """The float model of the winner, trained fully; read from the folder where it is there."""
    if folder.trained.exists():
        return TrainedModel.load(folder.trained)
    from wakeling.train import fit

    listener.stage(f"Training {winning.network}, {winning.epochs} epochs")
    model = fit(
        lower(setting.space.network(winning.point)),
        splits.train,
        splits.val,
        recipe_for(
            plan,
            setting.request.seed,
            epochs=winning.epochs,
            quantization_epochs=winning.quantization_epochs,
        ),
        checkpoint=folder.checkpoint("float"),
        resume=True,
        initial_weights=initial_weights,
        on_step=on_steps(listener, "float"),
        on_epoch=lambda record: listener.note(
            f"epoch {record.epoch}/{winning.epochs}: loss {record.loss:.3f}, "
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
            on_step=on_steps(listener, "int8"),
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


def _forget(checkpoint: Path) -> None:
    """Remove the checkpoint of a training whose result is written."""
    from wakeling.train.checkpoint import remove_checkpoint

    remove_checkpoint(checkpoint)
