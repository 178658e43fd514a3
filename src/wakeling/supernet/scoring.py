"""How good a network of a supernet is, without training it: recalibrated, then asked on val."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from wakeling.errors import DataError
from wakeling.nets import GraphModule, export_weights
from wakeling.search.space import Point
from wakeling.search.trial import Outcome
from wakeling.supernet.network import Supernet, module_of
from wakeling.supernet.photos import PhotoSets
from wakeling.supernet.recalibration import recalibrate_module
from wakeling.train import metrics
from wakeling.train.prediction import probabilities
from wakeling.train.targets import Photos


def score(
    supernet: Supernet,
    point: Point,
    photos: PhotoSets,
    *,
    calibration_images: int = 512,
    val_images: int | None = None,
) -> Outcome:
    """Balanced accuracy on val at the best threshold; measures `auc` and `seconds` (wall time).

    The batch norms get their statistics from the first `calibration_images` train photos;
    `val_images` takes only the first of the labeled val photos (None: all). Raises DataError where
    they lack one of two classes.
    """
    started = time.perf_counter()
    answers, labels = val_answers(
        supernet, point, photos, calibration_images=calibration_images, val_images=val_images
    )
    if labels.max() > 1:
        raise DataError(f"a supernet's score is for two classes; the val photos have class {labels.max()}")
    threshold = metrics.best_threshold(labels, answers)
    return Outcome(
        score=metrics.balanced_accuracy(labels, answers, threshold),
        measures={"auc": metrics.auc(labels, answers), "seconds": time.perf_counter() - started},
    )


def val_answers(
    supernet: Supernet,
    point: Point,
    photos: PhotoSets,
    *,
    calibration_images: int,
    val_images: int | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The wake word's probability of the labeled val photos, and their labels."""
    device = next(supernet.parameters()).device
    module = calibrated_module(supernet, point, photos, calibration_images)
    _, val = _photos_of(module, photos)
    rows = np.flatnonzero(np.asarray(val.label) >= 0)[:val_images]
    return probabilities(module, val.images[rows], device), np.asarray(val.label)[rows]


def calibrated_weights(
    supernet: Supernet, point: Point, photos: PhotoSets, *, calibration_images: int = 512
) -> dict[str, NDArray[np.float32]]:
    """The weights of the point's network with batch-norm statistics: to answer with, or to train on.

    `train.fit(…, initial_weights=…)` fine-tunes them.
    """
    return export_weights(calibrated_module(supernet, point, photos, calibration_images))


def calibrated_module(
    supernet: Supernet, point: Point, photos: PhotoSets, calibration_images: int
) -> GraphModule:
    """The point's network on the supernet's device, in evaluation mode."""
    device = next(supernet.parameters()).device
    module = module_of(supernet, point).to(device)
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    train, _ = _photos_of(module, photos)
    recalibrate_module(module, train.images[np.arange(min(calibration_images, len(train.label)))], device)
    return module


def _photos_of(module: GraphModule, photos: PhotoSets) -> tuple[Photos, Photos]:
    resolution, _, channels = module.graph.input_shape
    return photos.at(resolution, channels)


def mean_scores(
    supernet: Supernet, points: Sequence[Point], photos: PhotoSets, *, calibration_images: int
) -> tuple[float | None, float | None]:
    """Mean balanced accuracy (at ½) and AUC of some networks; None where val lacks a class."""
    balanced, areas = [], []
    for point in points:
        answers, labels = val_answers(supernet, point, photos, calibration_images=calibration_images)
        if set(np.unique(labels)) != {0, 1}:
            return None, None
        balanced.append(metrics.balanced_accuracy(labels, answers))
        areas.append(metrics.auc(labels, answers))
    return float(np.mean(balanced)), float(np.mean(areas))
