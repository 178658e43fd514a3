"""A small space, and pictures at every input of it that small networks can learn."""

from __future__ import annotations

from functools import cache

import numpy as np

from tests.train.pictures import Pictures
from wakeling.search.space import Head, Stage, StagedSpace, Stem
from wakeling.supernet import SupernetRecipe
from wakeling.train import Augmentation, Recipe

SPACE = StagedSpace(
    name="day",
    resolutions=(16, 24),
    channels=(1, 3),
    widths=(0.5, 1.0),
    stem=Stem(filters=(8,)),
    stages=(
        Stage(
            filters=(8, 12),
            block=("depthwise_separable", "inverted_residual"),
            depth=(1, 2),
            kernel=(3, 5),
            expansion=(2, 3),
            stride=(1, 2),
        ),
        Stage(filters=(16,), block=("depthwise_separable",), depth=(0, 1), stride=(2,)),
    ),
    head=Head(filters=(0, 16)),
)

QUICK = SupernetRecipe(
    training=Recipe(
        epochs=3,
        batch_size=16,
        learning_rate=0.08,
        weight_averaging=0.9,
        warmup_epochs=0.5,
        augmentation=Augmentation(crop_area_min=0.9),
        quantization_epochs=0,
    ),
    random_networks=1,
    calibration_images=64,
)


def _pictures(count: int, seed: int, resolution: int, channels: int) -> Pictures:
    """Noise over a dark or a bright ground: the same pictures at every size, but for the noise."""
    random = np.random.default_rng(seed)
    label = np.arange(count) % 2
    light = random.integers(60, 100, count) + 60 * label
    noise = random.integers(0, 80, (count, resolution, resolution, channels))
    return Pictures(
        images=(light[:, None, None, None] + noise).astype(np.uint8),
        label=label.astype(np.int64),
        probability=np.full(count, np.nan, np.float32),
        key=f"day-{count}-{seed}-{resolution}-{channels}",
        labels=("night", "day"),
    )


@cache
def day_and_night(resolution: int, channels: int) -> tuple[Pictures, Pictures]:
    """Train and val pictures at an input."""
    return _pictures(128, 0, resolution, channels), _pictures(64, 1, resolution, channels)
