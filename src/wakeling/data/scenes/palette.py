"""Colors of scenes: skin, hair, cloth, fur, wood, stone, leaves, paint, and how light changes them.

A color is (red, green, blue), each 0 to 255. Who wears which color is decided elsewhere.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

from wakeling.data.scenes.dice import Dice

Color = tuple[int, int, int]

SKIN: tuple[Color, ...] = (
    (244, 214, 192),
    (240, 204, 176),
    (224, 178, 142),
    (198, 146, 106),
    (164, 112, 76),
    (122, 80, 54),
    (84, 54, 38),
    (54, 36, 28),
)
HAIR: tuple[Color, ...] = (
    (24, 20, 18),
    (46, 32, 24),
    (84, 56, 36),
    (128, 86, 48),
    (206, 168, 104),
    (150, 70, 36),
    (150, 148, 146),
    (222, 220, 216),
)
FUR: tuple[Color, ...] = (
    (40, 34, 30),
    (92, 62, 40),
    (150, 104, 64),
    (198, 150, 98),
    (226, 194, 150),
    (236, 228, 216),
    (120, 118, 116),
    (176, 92, 44),
)
WOOD: tuple[Color, ...] = ((86, 56, 36), (128, 86, 54), (166, 116, 76), (200, 154, 108), (222, 186, 146))
STONE: tuple[Color, ...] = (
    (176, 174, 168),
    (148, 148, 146),
    (120, 122, 124),
    (198, 194, 184),
    (96, 100, 100),
)
LEAF: tuple[Color, ...] = (
    (48, 92, 42),
    (76, 122, 54),
    (110, 142, 66),
    (40, 74, 50),
    (150, 140, 60),
    (170, 110, 50),
)


def clamp(value: float) -> int:
    """The nearest integer from 0 to 255."""
    return 0 if value <= 0 else 255 if value >= 255 else int(value + 0.5)


def shade(color: Color, factor: float) -> Color:
    """`color` with its brightness multiplied by `factor`."""
    return clamp(color[0] * factor), clamp(color[1] * factor), clamp(color[2] * factor)


def mix(first: Color, second: Color, share: float) -> Color:
    """The color that is `share` of the way from `first` to `second`."""
    keep = 1 - share
    return (
        clamp(first[0] * keep + second[0] * share),
        clamp(first[1] * keep + second[1] * share),
        clamp(first[2] * keep + second[2] * share),
    )


def jitter(dice: Dice, color: Color, amount: float) -> Color:
    """`color` with brightness and each channel moved by up to `amount`."""
    common = dice.uniform(-amount, amount)
    red, green, blue = (clamp(c + common + dice.uniform(-amount, amount) * 0.4) for c in color)
    return red, green, blue


def pick(dice: Dice, colors: Sequence[Color], amount: float = 12.0) -> Color:
    """One of `colors`, moved a little."""
    return jitter(dice, dice.choice(colors), amount)


def skin(dice: Dice) -> Color:
    """A skin color: uniform along the range from very light to very dark."""
    position = dice.unit() * (len(SKIN) - 1)
    lower = int(position)
    return jitter(dice, mix(SKIN[lower], SKIN[lower + 1], position - lower), 6.0)


def paint(dice: Dice) -> Color:
    """A color of cloth, cars and other made things: often dull, sometimes strong, sometimes gray."""
    kind = dice.unit()
    if kind < 0.3:
        level = clamp(dice.uniform(20, 240))
        return jitter(dice, (level, level, level), 8.0)
    saturation = dice.uniform(0.1, 0.45) if kind < 0.65 else dice.uniform(0.45, 0.95)
    red, green, blue = colorsys.hsv_to_rgb(dice.unit(), saturation, dice.uniform(0.2, 0.95))
    return clamp(red * 255), clamp(green * 255), clamp(blue * 255)
