from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from wakeling.train.augment import _places, augment, to_real
from wakeling.train.recipe import NO_AUGMENTATION, Augmentation

CPU = torch.device("cpu")


def batch(count: int = 8, size: int = 12, channels: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, channels), np.uint8)


def varied(images: np.ndarray, seed: int = 1, **strength) -> np.ndarray:
    plan = dataclasses.replace(NO_AUGMENTATION, **strength)
    return augment(to_real(images, CPU), plan, np.random.default_rng(seed)).numpy()


def test_pixels_become_reals_around_zero():
    x = to_real(np.array([[[[0], [128], [255]]]], np.uint8), CPU)
    assert x.shape == (1, 1, 1, 3)
    assert x.flatten().tolist() == [-1, 0, 127 / 128]


def test_without_strength_nothing_changes():
    images = batch()
    assert np.array_equal(varied(images), to_real(images, CPU).numpy())


@pytest.mark.parametrize("channels", [1, 3])
def test_the_same_seed_gives_the_same_batch(channels):
    images = batch(channels=channels)
    plan = Augmentation(noise=0.1, rotation_degrees=5)
    made = [augment(to_real(images, CPU), plan, np.random.default_rng(seed)).numpy() for seed in (1, 1, 2)]
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])
    assert made[0].shape == (8, channels, 12, 12)
    assert made[0].min() >= -1
    assert made[0].max() <= 127 / 128


def test_flips_mirror_about_half_of_the_photos():
    images = batch(count=200)
    x = to_real(images, CPU).numpy()
    made = varied(images, flip=True)
    pairs = list(zip(made, x, strict=True))
    mirrored = [np.allclose(after, before[:, :, ::-1], atol=1e-5) for after, before in pairs]
    kept = [np.allclose(after, before, atol=1e-5) for after, before in pairs]
    assert all(a != b for a, b in zip(mirrored, kept, strict=True))
    assert 70 < sum(mirrored) < 130


def test_crops_keep_the_asked_share_of_the_area_and_lie_inside():
    size = 64
    ramp = np.linspace(0, 255, size)
    images = np.zeros((300, size, size, 2), np.uint8)
    images[..., 0] = ramp[None, None, :]
    images[..., 1] = ramp[None, :, None]
    made = varied(images, crop_area_min=0.4, aspect_max=1.5)
    width = (made[:, 0, 0, -1] - made[:, 0, 0, 0]) / (2 * (size - 1) / size) * (size / (size - 1))
    height = (made[:, 1, -1, 0] - made[:, 1, 0, 0]) / (2 * (size - 1) / size) * (size / (size - 1))
    area = width * height
    assert area.min() > 0.32
    assert area.max() <= 1.05
    assert 0.6 < area.mean() < 0.75
    assert (width / height).max() < 1.6
    assert (width / height).min() > 0.6


def test_places_are_those_of_torchs_affine_grid():
    maps = torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(0))
    expected = torch.nn.functional.affine_grid(maps, [5, 1, 7, 9], align_corners=False)
    assert torch.allclose(_places(maps, 7, 9), expected, atol=1e-6)


def test_colors_move_within_their_strength():
    images = np.full((400, 4, 4, 3), 128 + 32, np.uint8)
    bright = varied(images, brightness=0.1)[:, 0, 0, 0]
    assert bright.min() == pytest.approx(0.25 - 0.2, abs=0.01)
    assert bright.max() == pytest.approx(0.25 + 0.2, abs=0.01)
    contrast = varied(images, contrast=0.5)[:, 0, 0, 0]
    assert contrast.min() == pytest.approx(0.25 * 0.5, abs=0.01)
    assert contrast.max() == pytest.approx(0.25 * 1.5, abs=0.01)
    gray = varied(images, saturation=1.0)
    assert np.allclose(gray, 0.25, atol=1e-5)
    tinted = varied(images, tint=0.2)[:, :, 0, 0]
    assert tinted.std(axis=0).min() > 0.02
    assert tinted.std(axis=1).mean() > 0.02


def test_saturation_keeps_the_gray_of_a_photo():
    images = batch(count=50)
    made = varied(images, saturation=0.3)
    luma = np.array([0.299, 0.587, 0.114])[None, :, None, None]
    x = to_real(images, CPU).numpy()
    inside = np.abs(made).max(axis=1) < 0.99
    difference = np.abs((made * luma).sum(axis=1) - (x * luma).sum(axis=1))
    assert difference[inside].max() < 1e-4


def test_noise_has_at_most_the_asked_spread():
    images = np.full((200, 16, 16, 1), 128, np.uint8)
    spread = varied(images, noise=0.2).std(axis=(1, 2, 3))
    assert spread.max() < 0.24
    assert 0.07 < spread.mean() < 0.13
