"""Drawing photos to score on: balanced, repeatable, the same at every resolution."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wakeling.data import PhotoSet, open_photos
from wakeling.errors import DataError
from wakeling.training_free import draw_batch
from wakeling.training_free.batch import real_values


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(0)
    for label, count in (("person", 30), ("not_person", 60)):
        (root / label).mkdir()
        for number in range(count):
            # positives are bright, so that a label can be read off a picture
            # and no two alike, so that a photo can be told by its mean
            picture = random.integers(0, 9, (24, 24, 3)) + number + (150 if label == "person" else 0)
            Image.fromarray(picture.astype(np.uint8)).save(root / label / f"{number}.png")
    return root


@pytest.fixture(scope="module")
def photos(folder: Path) -> PhotoSet:
    return open_photos(folder)


def test_half_of_each_class_with_the_right_labels(photos: PhotoSet, tmp_path: Path) -> None:
    batch = draw_batch(photos, resolution=16, channels=3, cache_dir=tmp_path, count=12)
    assert batch.images.shape == (12, 16, 16, 3)
    assert sorted(batch.labels.tolist()) == [0] * 6 + [1] * 6
    assert ((batch.images.mean(axis=(1, 2, 3)) > 100) == (batch.labels == 1)).all()


def test_the_choice_is_the_seeds_and_not_the_resolutions(photos: PhotoSet, tmp_path: Path) -> None:
    def means(resolution: int, seed: int) -> list[float]:
        batch = draw_batch(photos, resolution=resolution, channels=3, cache_dir=tmp_path, count=8, seed=seed)
        return [round(float(value)) for value in batch.images.mean(axis=(1, 2, 3))]

    assert means(24, 0) == pytest.approx(means(12, 0), abs=1)
    assert means(24, 0) != pytest.approx(means(24, 1), abs=1)


def test_scenes_are_drawn(tmp_path: Path) -> None:
    scenes = open_photos("scenes:60:1")
    batch = draw_batch(scenes, resolution=32, channels=1, cache_dir=tmp_path, count=10)
    assert batch.images.shape == (10, 32, 32, 1)
    assert set(batch.labels.tolist()) <= {0, 1}


def test_too_few_photos_are_said(photos: PhotoSet, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="labeled 0 in its train split to score on, and 100 are wanted"):
        draw_batch(photos, resolution=16, channels=3, cache_dir=tmp_path, count=200)


def test_pixels_become_real_values_as_in_training(photos: PhotoSet, tmp_path: Path) -> None:
    batch = draw_batch(photos, resolution=16, channels=3, cache_dir=tmp_path, count=4)
    import torch

    from wakeling.train.augment import to_real

    assert torch.equal(real_values(batch), to_real(batch.images, torch.device("cpu")))
