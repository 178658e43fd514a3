"""From the drawn picture to what a cheap camera would deliver: light, color, shadow, blur, noise.

The picture comes in at twice the size, is shrunk, and then goes through lens, exposure and sensor.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from wakeling.data.scenes.dice import Dice


def cast_shadow(dice: Dice, image: Image.Image) -> None:
    """Sometimes lays the shadow of something outside the picture across it."""
    if not dice.chance(0.12):
        return
    side = image.width
    draw = ImageDraw.Draw(image, "RGBA")
    dark = (10, 10, 26, int(dice.uniform(40, 110)))
    for _ in range(dice.integer(1, 4)):
        x, slant, width = dice.uniform(-0.4, 1.2), dice.uniform(-0.5, 0.5), dice.uniform(0.05, 0.4)
        band = [(x, 0.0), (x + width, 0.0), (x + width + slant, 1.0), (x + slant, 1.0)]
        draw.polygon([(u * side, v * side) for u, v in band], fill=dark)


def photograph(dice: Dice, drawn: Image.Image, size: int) -> NDArray[np.uint8]:
    """The picture as the sensor delivers it: uint8 of shape (size, size, 3)."""
    image = drawn.reduce(2)
    image = _lens(dice, image)
    image = _vignette(dice, image)
    image = image.point(_tone_curve(dice))
    return _sensor(dice, np.asarray(image), size)


def _lens(dice: Dice, image: Image.Image) -> Image.Image:
    """A third of the pictures are out of focus or shaken; blur is measured in 1/96 of the picture."""
    kind = dice.unit()
    strength = dice.unit() * image.width / 96
    if kind < 0.12:
        return image.filter(ImageFilter.BoxBlur(0.35 + 0.85 * strength))
    if kind < 0.18:
        return image.filter(ImageFilter.Kernel((5, 5), _MOTION[dice.integer(0, 3)], scale=5))
    return image


# 5 x 5 kernels of a shake along each of four directions
_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))
_MOTION: tuple[tuple[int, ...], ...] = tuple(
    tuple(
        int((row - 2, column - 2) in {(k * down, k * right) for k in range(-2, 3)})
        for row in range(5)
        for column in range(5)
    )
    for down, right in _STEPS
)


@lru_cache(maxsize=4)
def _corner_darkness(size: int) -> Image.Image:
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size - 0.5
    squared = axis[:, None] ** 2 + axis[None, :] ** 2
    return Image.fromarray((squared * 2 * 255).astype(np.uint8), "L")


def _vignette(dice: Dice, image: Image.Image) -> Image.Image:
    if not dice.chance(0.4):
        return image
    depth = dice.uniform(0.15, 0.6)
    light = _corner_darkness(image.width).point([int(255 - depth * value) for value in range(256)])
    return ImageChops.multiply(image, Image.merge("RGB", (light, light, light)))


def _tone_curve(dice: Dice) -> list[int]:
    """Exposure, contrast, gamma and color temperature as one table for each channel."""
    exposure = dice.middling(0.8, 1.25)
    contrast = dice.middling(0.8, 1.25)
    gamma = dice.middling(0.8, 1.25)
    warmth, tint = dice.middling(-0.12, 0.12), dice.middling(-0.05, 0.05)
    haze = dice.uniform(0, 50) if dice.chance(0.2) else 0.0
    table: list[int] = []
    for gain in (1 + warmth, 1 + tint, 1 - warmth):
        for value in range(256):
            light = math.pow(value / 255, gamma) * 255 * exposure * gain
            level = (light - 110) * contrast + 110 + haze
            table.append(0 if level <= 0 else 255 if level >= 255 else int(level + 0.5))
    return table


def _sensor(dice: Dice, image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Adds noise to each pixel: most of it in brightness, some of it in color."""
    strength = dice.uniform(0.5, 2.5) if dice.chance(0.88) else dice.uniform(2.5, 7.0)
    generator = dice.generator
    gray = generator.standard_normal((size, size, 1), dtype=np.float32)
    noisy = image + gray * np.float32(strength)
    if dice.chance(0.5):
        noisy += generator.standard_normal((size, size, 3), dtype=np.float32) * np.float32(0.6 * strength)
    return np.clip(noisy + np.float32(0.5), 0, 255).astype(np.uint8)
