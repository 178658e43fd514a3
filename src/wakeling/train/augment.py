"""Varied batches: crops, flips, color and light, computed for a whole batch at once.

The random numbers come from a NumPy generator that the caller passes, a few a photo, so a batch
depends on the seed only and not on the device. Pixels are (value − 128) / 128 throughout.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from wakeling.train.recipe import Augmentation

_LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in gray: ITU-R BT.601, as Pillow's `L`."""


def to_real(images: NDArray[np.uint8], device: torch.device) -> Tensor:
    """uint8 images (batch, height, width, channels) as float (batch, channels, height, width).

    The real value of a pixel is (value − 128) / 128. The memory order is channels last.
    """
    batch = torch.from_numpy(np.ascontiguousarray(images)).to(device)
    return batch.permute(0, 3, 1, 2).to(torch.float32).sub_(128.0).mul_(1 / 128)


def augment(x: Tensor, strength: Augmentation, random: np.random.Generator) -> Tensor:
    """A varied copy of a batch of real-valued images, in channels-last memory order.

    The draws from `random` depend on the batch's size and on nothing else, so a recipe with other
    strengths sees the photos in the same order.
    """
    count, channels = x.shape[0], x.shape[1]
    draws = random.uniform(-1.0, 1.0, size=(count, 13)).astype(np.float32)
    if _moves(strength):
        x = _place(x, _placements(strength, draws[:, :6]))
    if _colors(strength):
        x = _recolor(x, *_color_maps(strength, draws[:, 6:12], channels))
    if strength.tone:
        bend = torch.from_numpy(draws[:, 12:13] * strength.tone * 0.5).to(x.device).view(-1, 1, 1, 1)
        x = x + bend * (1.0 - x * x)
    if strength.noise:
        x = x + _noise(x, strength.noise, random)
    return x.clamp_(-1.0, 127 / 128).contiguous(memory_format=torch.channels_last)


def _moves(strength: Augmentation) -> bool:
    return (
        strength.crop_area_min < 1
        or strength.aspect_max > 1
        or strength.rotation_degrees > 0
        or strength.flip
    )


def _colors(strength: Augmentation) -> bool:
    return max(strength.brightness, strength.contrast, strength.saturation, strength.tint) > 0


def _placements(strength: Augmentation, draws: NDArray[np.float32]) -> NDArray[np.float32]:
    """Affine maps (batch, 2, 3) from the crop's coordinates to the photo's, both −1 to 1.

    A crop keeps a uniformly drawn share of the area and lies uniformly inside the photo.
    """
    area = 1.0 - (1.0 - strength.crop_area_min) * (draws[:, 0] + 1) / 2
    aspect = np.exp(draws[:, 1] * math.log(strength.aspect_max) / 2)
    width = np.minimum(np.sqrt(area) * aspect, 1.0)
    height = np.minimum(np.sqrt(area) / aspect, 1.0)
    mirror = np.where(strength.flip & (draws[:, 2] < 0), -1.0, 1.0)
    angle = np.deg2rad(strength.rotation_degrees) * draws[:, 3]
    maps = np.zeros((len(draws), 2, 3), np.float32)
    maps[:, 0, 0], maps[:, 0, 1] = mirror * width * np.cos(angle), -height * np.sin(angle)
    maps[:, 1, 0], maps[:, 1, 1] = mirror * width * np.sin(angle), height * np.cos(angle)
    maps[:, 0, 2], maps[:, 1, 2] = (1 - width) * draws[:, 4], (1 - height) * draws[:, 5]
    return maps


def _place(x: Tensor, maps: NDArray[np.float32]) -> Tensor:
    """Bilinear samples of each photo at the places that its map names; outside mirrors inside."""
    places = _places(torch.from_numpy(maps).to(x.device), x.shape[2], x.shape[3])
    return F.grid_sample(
        x.contiguous(), places, mode="bilinear", padding_mode="reflection", align_corners=False
    )


def _places(maps: Tensor, height: int, width: int) -> Tensor:
    """The places (batch, height, width, 2) in the photo of every pixel of the crop.

    As `torch.nn.functional.affine_grid` without aligned corners, but without its slow products.
    """
    down = ((torch.arange(height, device=maps.device) + 0.5) * (2 / height) - 1).view(1, -1, 1)
    across = ((torch.arange(width, device=maps.device) + 0.5) * (2 / width) - 1).view(1, 1, -1)
    places = maps.new_empty(len(maps), height, width, 2)
    for axis in (0, 1):
        by_x, by_y, shift = (maps[:, axis, part].view(-1, 1, 1) for part in range(3))
        torch.add(by_x * across, by_y * down + shift, out=places[..., axis])
    return places


def _color_maps(
    strength: Augmentation, draws: NDArray[np.float32], channels: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A matrix (batch, channels, channels) and an offset (batch, channels, 1) for each photo's colors.

    Saturation mixes a pixel with its gray, tint scales channels, contrast scales around mid-gray,
    brightness shifts.
    """
    contrast = 1 + strength.contrast * draws[:, 0]
    offset = 2 * strength.brightness * draws[:, 1]
    matrix = np.tile(np.eye(channels, dtype=np.float32), (len(draws), 1, 1))
    if channels == 3:
        keep = (1 + strength.saturation * draws[:, 2])[:, None, None]
        matrix = keep * matrix + (1 - keep) * np.array(_LUMA, np.float32)[None, None, :]
        matrix = (1 + strength.tint * draws[:, 3:6])[:, :, None] * matrix
    offsets = np.repeat(offset[:, None, None], channels, axis=1)
    return (contrast[:, None, None] * matrix).astype(np.float32), offsets.astype(np.float32)


def _recolor(x: Tensor, matrix: NDArray[np.float32], offset: NDArray[np.float32]) -> Tensor:
    flat = x.reshape(x.shape[0], x.shape[1], -1)
    mixed = torch.baddbmm(torch.from_numpy(offset).to(x.device), torch.from_numpy(matrix).to(x.device), flat)
    return mixed.view(x.shape)


def _noise(x: Tensor, strength: float, random: np.random.Generator) -> Tensor:
    """Normal noise whose standard deviation is drawn for each photo, from zero to `strength`."""
    spread = random.uniform(0.0, strength, size=(len(x), 1, 1, 1)).astype(np.float32)
    grain = random.standard_normal(size=tuple(x.shape), dtype=np.float32)
    return torch.from_numpy(grain * spread).to(x.device)
