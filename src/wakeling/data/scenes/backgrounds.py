"""What lies behind everything: street, park, room, beach, forest, field, gradient, bare texture.

Each painter fills the whole picture. Textures are small random grids blown up, so they cost little.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from wakeling.data.scenes.dice import Dice
from wakeling.data.scenes.palette import LEAF, SKIN, STONE, WOOD, Color, jitter, mix, paint, pick, shade

SKY: tuple[Color, ...] = (
    (150, 190, 230),
    (196, 212, 226),
    (110, 150, 206),
    (230, 206, 186),
    (170, 174, 182),
    (70, 84, 120),
)
GROUND: tuple[Color, ...] = ((96, 96, 98), (140, 136, 130), (168, 148, 122), (116, 100, 84), (180, 178, 174))
SAND: tuple[Color, ...] = ((222, 196, 156), (206, 174, 130), (190, 158, 120), (232, 212, 180))


@dataclass(frozen=True, slots=True, kw_only=True)
class Backdrop:
    """A painted background and two of its colors, which clothes may blend into."""

    image: Image.Image
    colors: tuple[Color, Color]


def grain(dice: Dice, width: int, height: int, color: Color, contrast: float, cells: int) -> Image.Image:
    """A patch of `color` with blurry spots, about `cells` of them across, and finer ones among them."""
    # A square grid whatever the pixels: so the stream of numbers, and the scene, do not depend on the size.
    spots = dice.generator.integers(-64, 65, (cells, cells, 4), dtype=np.int16)
    values = np.asarray(color, np.float32) + spots[:, :, 3:] * np.float32(contrast / 64)
    values = values + spots[:, :, :3] * np.float32(0.25 * contrast / 64)
    small = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8), "RGB")
    longest = max(width, height)
    part = (0.0, 0.0, cells * width / longest, cells * height / longest)
    return small.resize((width, height), Image.Resampling.BILINEAR, box=part)


def _vertical(top: Color, bottom: Color, width: int, height: int) -> Image.Image:
    ramp = Image.new("RGB", (1, 2))
    ramp.putpixel((0, 0), top)
    ramp.putpixel((0, 1), bottom)
    return ramp.resize((width, height), Image.Resampling.BILINEAR)


def _sky(dice: Dice, image: Image.Image, horizon: int) -> Color:
    side = image.width
    color = pick(dice, SKY, 14)
    image.paste(
        _vertical(shade(color, 0.85), mix(color, (255, 255, 255), 0.35), side, max(1, horizon)), (0, 0)
    )
    if dice.chance(0.5):
        draw = ImageDraw.Draw(image, "RGBA")
        for _ in range(dice.integer(1, 4)):
            x, y = dice.uniform(0, side), dice.uniform(0, max(1, horizon))
            for _ in range(4):
                a, b = dice.uniform(0.05, 0.12) * side, dice.uniform(0.02, 0.04) * side
                dx = dice.uniform(-0.1, 0.1) * side
                draw.ellipse((x + dx - a, y - b, x + dx + a, y + b), fill=(245, 245, 248, 110))
    return color


def _ground(dice: Dice, image: Image.Image, horizon: int, color: Color, contrast: float) -> None:
    side = image.width
    height = max(1, side - horizon)
    patch = grain(dice, side, height, color, contrast, dice.choice((6, 14, 40)))
    image.paste(patch, (0, horizon))
    if dice.chance(0.4):
        fine = grain(dice, side, height, color, contrast, 64)
        image.paste(Image.blend(patch, fine, 0.5), (0, horizon))


def _treeline(dice: Dice, image: Image.Image, horizon: int) -> None:
    side = image.width
    draw = ImageDraw.Draw(image)
    leaf = pick(dice, LEAF)
    x = 0.0
    while x < side:
        r = dice.uniform(0.03, 0.12) * side
        draw.ellipse(
            (x - r, horizon - r, x + r, horizon + r * 0.3), fill=shade(leaf, dice.uniform(0.65, 1.1))
        )
        x += r * 0.9


def _windows(
    dice: Dice, draw: ImageDraw.ImageDraw, side: int, box: tuple[float, float, float, float], wall: Color
) -> None:
    left, top, right, bottom = box
    lit = mix(pick(dice, ((70, 84, 100), (40, 46, 54), (220, 200, 140))), wall, 0.2)
    columns, step = dice.integer(2, 5), dice.uniform(0.09, 0.16)
    width = (right - left) / columns
    height = step * (bottom - top + 0.3 * side)
    y = top + height * 0.4
    while y + height * 0.5 < bottom:
        for k in range(columns):
            x = left + k * width + 0.25 * width
            draw.rectangle((x, y, x + 0.5 * width, y + 0.55 * height), fill=lit)
        y += height


def _street(dice: Dice, image: Image.Image, horizon: int) -> tuple[Color, Color]:
    side = image.width
    sky = _sky(dice, image, horizon)
    draw = ImageDraw.Draw(image)
    x, wall = -0.05 * side, sky
    while x < side:
        width, tall = dice.uniform(0.15, 0.5) * side, dice.uniform(0.3, 1.1) * horizon
        wall = mix(pick(dice, (*STONE, *WOOD, (180, 110, 90), (214, 200, 170))), paint(dice), 0.25)
        box = (x, horizon - tall, x + width, float(horizon))
        draw.rectangle(box, fill=wall)
        _windows(dice, draw, side, box, wall)
        x += width + (dice.uniform(0, 0.1) * side if dice.chance(0.3) else 0)
    road = pick(dice, GROUND)
    _ground(dice, image, horizon, road, dice.uniform(6, 24))
    curb = horizon + int(dice.uniform(0.1, 0.5) * (side - horizon))
    draw.rectangle((0, horizon, side, curb), fill=shade(road, 1.2))
    draw.line((0, curb, side, curb), fill=shade(road, 0.6), width=max(1, side // 90))
    if dice.chance(0.4):
        y, x = (curb + side) / 2, dice.uniform(-0.1, 0.1) * side
        while x < side:
            draw.polygon(
                [
                    (x, y),
                    (x + 0.12 * side, y),
                    (x + 0.1 * side, y + 0.025 * side),
                    (x - 0.02 * side, y + 0.025 * side),
                ],
                fill=(220, 218, 208),
            )
            x += 0.24 * side
    return wall, road


def _park(dice: Dice, image: Image.Image, horizon: int) -> tuple[Color, Color]:
    _sky(dice, image, horizon)
    _treeline(dice, image, horizon)
    grass = pick(dice, ((104, 140, 66), (80, 116, 60), (140, 150, 84), (160, 140, 90)))
    _ground(dice, image, horizon, grass, dice.uniform(12, 40))
    if dice.chance(0.5):
        side = image.width
        near, far = dice.uniform(0.0, 0.8) * side, dice.uniform(0.2, 0.8) * side
        path = [
            (far, horizon),
            (far + 0.04 * side, horizon),
            (near + 0.4 * side, side),
            (near - 0.1 * side, side),
        ]
        ImageDraw.Draw(image).polygon(path, fill=pick(dice, SAND))
    return grass, shade(grass, 0.7)


def _field(dice: Dice, image: Image.Image, horizon: int) -> tuple[Color, Color]:
    sky = _sky(dice, image, horizon)
    if dice.chance(0.6):
        side = image.width
        hill = mix(pick(dice, LEAF), sky, 0.5)
        draw = ImageDraw.Draw(image)
        for _ in range(dice.integer(1, 3)):
            x, w, h = dice.uniform(0, side), dice.uniform(0.3, 0.8) * side, dice.uniform(0.05, 0.25) * side
            draw.ellipse((x - w, horizon - h, x + w, horizon + h), fill=shade(hill, dice.uniform(0.8, 1.2)))
    ground = pick(dice, (*GROUND, *SAND, (110, 140, 70), (236, 238, 244)))
    _ground(dice, image, horizon, ground, dice.uniform(6, 36))
    return ground, sky


def _beach(dice: Dice, image: Image.Image, horizon: int) -> tuple[Color, Color]:
    _sky(dice, image, horizon)
    side = image.width
    shore = horizon + int(dice.uniform(0.1, 0.4) * (side - horizon)) + 1
    sea = pick(dice, ((60, 120, 150), (80, 140, 150), (70, 96, 120)))
    sand = pick(dice, SAND)
    _ground(dice, image, horizon, sand, dice.uniform(6, 26))
    image.paste(grain(dice, side, shore - horizon, sea, 24, 8), (0, horizon))
    ImageDraw.Draw(image).line(
        (0, shore, side, shore + dice.uniform(-0.02, 0.02) * side),
        fill=(236, 240, 240),
        width=max(1, side // 60),
    )
    return sand, sea


def _forest(dice: Dice, image: Image.Image, horizon: int) -> tuple[Color, Color]:
    side = image.width
    green = mix(pick(dice, LEAF), (30, 36, 30), dice.uniform(0.0, 0.5))
    image.paste(grain(dice, side, side, green, 32, dice.choice((10, 24))), (0, 0))
    _ground(
        dice, image, horizon, pick(dice, ((110, 90, 66), (90, 96, 60), (140, 110, 76))), dice.uniform(16, 40)
    )
    draw = ImageDraw.Draw(image)
    bark = pick(dice, WOOD)
    for _ in range(dice.integer(4, 12)):
        x, w = dice.uniform(0, side), dice.uniform(0.008, 0.04) * side
        foot = horizon + w * dice.uniform(0.5, 4)
        draw.rectangle((x - w, 0, x + w, foot), fill=mix(shade(bark, dice.uniform(0.5, 1.1)), green, 0.3))
    return green, bark


def _room(dice: Dice, image: Image.Image, horizon: int) -> tuple[Color, Color]:
    side = image.width
    edge = max(int(side * 0.4), min(horizon + int(0.25 * side), int(0.95 * side)))
    wall = pick(
        dice, (*STONE, *SAND, *SKIN[1:6], (226, 224, 218), (160, 180, 186), (196, 206, 180), (120, 130, 150))
    )
    image.paste(grain(dice, side, side, wall, dice.uniform(2, 12), 5), (0, 0))
    draw = ImageDraw.Draw(image)
    style = dice.unit()
    if style < 0.25:  # striped wallpaper
        step = dice.uniform(0.04, 0.14) * side
        for k in range(int(side / step) + 1):
            draw.rectangle((k * step, 0, (k + 0.5) * step, edge), fill=shade(wall, 0.88))
    elif style < 0.4:  # tiles
        step = dice.uniform(0.06, 0.14) * side
        for k in range(int(side / step) + 1):
            draw.line((k * step, 0, k * step, edge), fill=shade(wall, 0.75), width=1)
            draw.line((0, k * step, side, k * step), fill=shade(wall, 0.75), width=1)
    elif style < 0.52:  # bricks
        step = dice.uniform(0.04, 0.08) * side
        for row in range(int(edge / step) + 1):
            draw.line((0, row * step, side, row * step), fill=shade(wall, 0.7), width=1)
            for k in range(int(side / step / 2) + 2):
                x = (2 * k + row % 2) * step
                draw.line((x, row * step, x, (row + 1) * step), fill=shade(wall, 0.7), width=1)
    for _ in range(dice.integer(0, 3)):  # pictures and windows
        x, y = dice.uniform(0, 0.9) * side, dice.uniform(0.02, 0.4) * side
        w, h = dice.uniform(0.08, 0.35) * side, dice.uniform(0.08, 0.35) * side
        h = min(h, max(2.0, edge - y - 2))
        draw.rectangle((x, y, x + w, y + h), fill=shade(pick(dice, WOOD), 0.7))
        image.paste(
            grain(
                dice, max(1, int(w * 0.84)), max(1, int(h * 0.84)), pick(dice, (*SKY, *LEAF, *SAND)), 60, 5
            ),
            (int(x + 0.08 * w), int(y + 0.08 * h)),
        )
    floor = pick(dice, (*WOOD, *GROUND, *SAND))
    image.paste(grain(dice, side, side - edge, floor, dice.uniform(4, 20), 10), (0, edge))
    if dice.chance(0.4):
        for k in range(-6, 16):
            draw.line(
                (k * 0.1 * side, edge, (k - 5) * 0.2 * side + 0.5 * side, side),
                fill=shade(floor, 0.8),
                width=1,
            )
    draw.rectangle((0, edge - side // 50, side, edge), fill=shade(wall, dice.choice((0.7, 1.2))))
    return wall, floor


def _gradient(dice: Dice, image: Image.Image, horizon: int) -> tuple[Color, Color]:
    first, second = jitter(dice, paint(dice), 10), paint(dice)
    image.paste(_vertical(first, mix(first, second, dice.unit()), image.width, image.width), (0, 0))
    return first, second


def _texture(dice: Dice, image: Image.Image, horizon: int) -> tuple[Color, Color]:
    side = image.width
    color = pick(dice, (*LEAF, *GROUND, *SAND, *WOOD, *SKIN))
    coarse = grain(dice, side, side, color, dice.uniform(10, 45), dice.choice((4, 8, 16)))
    fine = grain(dice, side, side, color, dice.uniform(10, 45), dice.choice((32, 64)))
    image.paste(Image.blend(coarse, fine, dice.uniform(0.1, 0.7)), (0, 0))
    return color, shade(color, 0.7)


Painter = Callable[[Dice, Image.Image, int], tuple[Color, Color]]

BACKGROUNDS: dict[str, tuple[Painter, float]] = {
    "street": (_street, 3.0),
    "park": (_park, 2.0),
    "room": (_room, 4.0),
    "beach": (_beach, 1.2),
    "forest": (_forest, 1.3),
    "field": (_field, 1.5),
    "gradient": (_gradient, 0.8),
    "texture": (_texture, 0.6),
}


def paint_background(dice: Dice, kind: str, horizon: float, side: int) -> Backdrop:
    """The background called `kind`, `side` pixels square, its horizon `horizon` of the way down."""
    image = Image.new("RGB", (side, side))
    colors = BACKGROUNDS[kind][0](dice, image, int(horizon * side))
    return Backdrop(image=image, colors=colors)
