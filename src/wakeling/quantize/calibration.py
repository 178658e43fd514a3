"""Post-training quantization: fold, observe calibration photos, convert. Takes seconds."""

from __future__ import annotations

from typing import Any

import numpy as np

from wakeling.quantize.convert import convert
from wakeling.quantize.fold import fold
from wakeling.quantize.model import QuantizedModel
from wakeling.quantize.observe import observe
from wakeling.train.model import TrainedModel
from wakeling.train.recipe import Recipe
from wakeling.train.targets import Photos
from wakeling.train.threads import torch_threads


def post_training(
    trained: TrainedModel,
    calibration_images: Any,  # Any: an array, a memory map or a view that NumPy indices select from
    *,
    outlier_share: float = 0.0,
) -> QuantizedModel:
    """The int8 model of a trained one; `calibration_images` are uint8, some hundred typical photos.

    Raises DataError for no images and GraphError for weights that do not belong to the graph.
    """
    fused, weights = fold(trained.graph, trained.weights)
    with torch_threads(trained.recipe.threads or 1):
        ranges = observe(fused, weights, calibration_images, outlier_share=outlier_share)
    return convert(fused, weights, ranges, labels=trained.labels, name=trained.graph.name)


def calibration_images(photos: Photos, recipe: Recipe) -> Any:  # Any: as `post_training` takes them
    """The recipe's number of photos, drawn by its seed, unlabeled ones included."""
    random = np.random.default_rng((recipe.seed, 2))
    count = min(recipe.calibration_images, len(photos.label))
    return photos.images[np.sort(random.choice(len(photos.label), size=count, replace=False))]
