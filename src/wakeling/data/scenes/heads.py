"""Heads of people: face, hair, hats. Small heads get fewer details, as a distant camera sees them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from wakeling.data.scenes.brush import Brush, Point
from wakeling.data.scenes.palette import Color, mix, shade

HAIRSTYLES = (("short", 5.0), ("long", 3.0), ("bald", 0.8), ("bun", 1.0), ("curly", 1.4), ("ponytail", 1.0))
HATS = (("none", 10.0), ("cap", 1.0), ("beanie", 0.7), ("brim", 0.7), ("helmet", 0.5), ("scarf", 0.6))


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How a head looks; `view` is front, turned, side or back."""

    skin: Color
    hair: Color
    hairstyle: str
    hat: str
    hat_color: Color
    view: str
    beard: bool
    glasses: bool
    mouth: str
    width: float
    stone: bool = False


def draw_head(
    brush: Brush, head: Head, x: float, y: float, radius: float, tilt: float, *, behind: bool
) -> None:
    """Draws a head around (x, y), `radius` being half its height; `behind`: only the hair at the back."""
    half_width = 0.77 * radius * head.width
    turn = math.radians(tilt)
    c, s = math.cos(turn), math.sin(turn)

    def at(across: float, up: float) -> Point:
        u, v = across * half_width, up * radius
        return x + u * c + v * s, y - u * s + v * c

    if behind:
        if head.hat != "scarf":
            _hair_behind(brush, head, at, radius, half_width)
        return
    if head.view == "side":
        half_width *= 1.1
    if head.view == "back":
        cover = head.skin if head.hairstyle == "bald" else head.hair
        brush.ball(x, y, half_width * 1.04, radius, cover)
        if head.hairstyle in ("long", "ponytail"):
            _hair_behind(brush, head, at, radius, half_width)
    else:
        _face(brush, head, at, x, y, radius, half_width)
        if head.hat != "scarf":
            _HAIR[head.hairstyle](brush, head, at, radius, half_width)
    _HATS[head.hat](brush, head, at, radius, half_width)


Place = Callable[[float, float], Point]


def _dot(
    brush: Brush, at: Place, across: float, up: float, width: float, height: float, color: Color
) -> None:
    x, y = at(across, up)
    brush.ellipse(x, y, width, height, color)


def _face(brush: Brush, head: Head, at: Place, x: float, y: float, radius: float, half_width: float) -> None:
    color = head.skin
    pixels = radius * brush.pixels
    if head.view == "side" and pixels > 4:
        brush.polygon([at(0.8, 0.15), at(1.2, -0.18), at(0.8, -0.3)], color)  # the nose
    if head.view != "side" and pixels > 6:
        for side in (-1, 1):
            _dot(brush, at, side * 1.0, -0.02, 0.14 * half_width, 0.17 * radius, shade(color, 0.85))
    brush.ball(x, y, half_width, radius, color)
    jaw = at(0.1 if head.view == "side" else 0.0, -0.45)
    brush.ellipse(jaw[0], jaw[1], 0.72 * half_width, 0.5 * radius, color)
    if head.beard and not head.stone:
        chin = at(0.25 if head.view == "side" else 0.0, -0.68)
        brush.ellipse(chin[0], chin[1], 0.66 * half_width, 0.34 * radius, head.hair)
    if pixels < 5:
        return
    shift = {"front": 0.0, "turned": 0.28, "side": 0.55}[head.view]
    eyes = (shift,) if head.view == "side" else (shift - 0.4, shift + 0.4)
    dark = shade(color, 0.45) if head.stone else (30, 24, 22)
    for eye in eyes:
        if pixels > 13 and not head.stone:
            _dot(brush, at, eye, 0.1, 0.2 * half_width, 0.1 * radius, (236, 234, 230))
        _dot(brush, at, eye + 0.03, 0.1, 0.11 * half_width, 0.1 * radius, dark)
        brush.limb(
            at(eye - 0.2, 0.31), at(eye + 0.2, 0.33), 0.035 * radius, 0.03 * radius, shade(head.hair, 0.8)
        )
        if head.glasses:
            _dot(brush, at, eye, 0.08, 0.3 * half_width, 0.2 * radius, (40, 42, 48))
    if head.glasses and pixels > 13:
        brush.limb(at(eyes[0], 0.12), at(eyes[-1] + 0.1, 0.12), 0.03 * radius, 0.03 * radius, (30, 30, 34))
    if head.view != "side":
        brush.limb(
            at(shift + 0.05, 0.05), at(shift + 0.1, -0.2), 0.04 * radius, 0.09 * radius, shade(color, 0.82)
        )
    lip = shade(color, 0.7) if head.stone else mix(shade(color, 0.75), (170, 50, 50), 0.5)
    mouth = shift * (1.15 if head.view == "side" else 0.9)
    if head.mouth == "open":
        _dot(brush, at, mouth, -0.5, 0.26 * half_width, 0.13 * radius, shade(lip, 0.6))
    elif head.mouth == "smile":
        brush.polygon(
            [at(mouth - 0.38, -0.4), at(mouth + 0.38, -0.4), at(mouth + 0.2, -0.58), at(mouth - 0.2, -0.58)],
            lip,
        )
    else:
        brush.limb(at(mouth - 0.24, -0.47), at(mouth + 0.24, -0.47), 0.045 * radius, 0.045 * radius, lip)


def _arc(at: Place, start: float, stop: float, reach: float, steps: int = 9) -> list[Point]:
    """Points around the head from angle `start` to `stop` (degrees, 0 to the facing side, 90 up)."""
    points = []
    for k in range(steps):
        angle = math.radians(start + (stop - start) * k / (steps - 1))
        points.append(at(math.cos(angle) * reach, math.sin(angle) * reach))
    return points


def _cap_of_hair(brush: Brush, head: Head, at: Place, reach: float) -> None:
    if head.view == "side":
        outline = [*_arc(at, 62, 222, reach), at(-0.35, -0.45), at(-0.2, 0.15), at(0.35, 0.42)]
    else:
        part = 0.28 if head.view == "turned" else 0.0
        outline = [
            *_arc(at, 2, 178, reach),
            at(-0.88, 0.1),
            at(-0.72 + part, 0.45),
            at(part, 0.58),
            at(0.78 + part * 0.4, 0.42),
            at(0.92, 0.1),
        ]
    brush.polygon(outline, head.hair)


def _short(brush: Brush, head: Head, at: Place, radius: float, half_width: float) -> None:
    _cap_of_hair(brush, head, at, 1.06)


def _curly(brush: Brush, head: Head, at: Place, radius: float, half_width: float) -> None:
    _cap_of_hair(brush, head, at, 1.12)
    start, stop = (50, 230) if head.view == "side" else (0, 180)
    for k in range(6):
        angle = math.radians(start + (stop - start) * k / 5)
        x, y = at(math.cos(angle) * 1.08, math.sin(angle) * 0.98)
        brush.ellipse(x, y, 0.36 * half_width, 0.3 * radius, head.hair)


def _long(brush: Brush, head: Head, at: Place, radius: float, half_width: float) -> None:
    _cap_of_hair(brush, head, at, 1.09)
    if head.view != "side":
        for side in (-1, 1):
            brush.limb(at(side * 0.98, 0.25), at(side * 1.08, -1.0), 0.13 * radius, 0.15 * radius, head.hair)


def _bun(brush: Brush, head: Head, at: Place, radius: float, half_width: float) -> None:
    x, y = at(-0.95, 0.75) if head.view == "side" else at(0.0, 1.15)
    brush.ball(x, y, 0.36 * radius, 0.34 * radius, head.hair)
    _cap_of_hair(brush, head, at, 1.05)


def _bald(brush: Brush, head: Head, at: Place, radius: float, half_width: float) -> None:
    x, y = at(0.0, 0.6)
    brush.ellipse(
        x + 0.15 * brush.light * half_width, y, 0.35 * half_width, 0.2 * radius, shade(head.skin, 1.12)
    )


def _hair_behind(brush: Brush, head: Head, at: Place, radius: float, half_width: float) -> None:
    dark = shade(head.hair, 0.8)
    if head.hairstyle == "ponytail":
        start, end = ((-0.9, 0.5), (-1.5, -1.0)) if head.view == "side" else ((0.0, 0.6), (0.25, -1.4))
        brush.limb(at(*start), at(*end), 0.25 * radius, 0.12 * radius, dark)
    elif head.view == "side":
        brush.polygon([*_arc(at, 100, 200, 1.1, 5), at(-1.15, -1.5), at(-0.1, -1.45), at(0.2, 0.2)], dark)
    else:
        brush.polygon([*_arc(at, 0, 180, 1.12), at(-1.2, -1.4), at(1.2, -1.4)], dark)


def _no_hat(brush: Brush, head: Head, at: Place, radius: float, half_width: float) -> None:
    """Nothing to draw."""


def _dome(brush: Brush, head: Head, at: Place, reach: float, brim: float) -> None:
    brush.polygon([*_arc(at, 12, 168, reach), at(-reach, brim), at(reach, brim)], head.hat_color)


def _baseball_cap(brush: Brush, head: Head, at: Place, radius: float, half_width: float) -> None:
    _dome(brush, head, at, 1.12, 0.32)
    dark = shade(head.hat_color, 0.7)
    if head.view == "back":
        return
    if head.view == "side":
        brush.limb(at(0.7, 0.38), at(1.75, 0.3), 0.1 * radius, 0.06 * radius, dark)
    else:
        x, y = at(0.2 if head.view == "turned" else 0.0, 0.38)
        brush.ellipse(x, y, 0.95 * half_width, 0.16 * radius, dark)


def _beanie(brush: Brush, head: Head, at: Place, radius: float, half_width: float) -> None:
    _dome(brush, head, at, 1.15, 0.4)
    brush.limb(at(-1.0, 0.42), at(1.0, 0.42), 0.15 * radius, 0.15 * radius, shade(head.hat_color, 0.8))


def _brim(brush: Brush, head: Head, at: Place, radius: float, half_width: float) -> None:
    brush.polygon([at(-0.95, 0.5), at(-0.8, 1.25), at(0.8, 1.25), at(0.95, 0.5)], head.hat_color)
    brush.limb(at(-1.7, 0.48), at(1.7, 0.48), 0.1 * radius, 0.1 * radius, shade(head.hat_color, 0.8))


def _helmet(brush: Brush, head: Head, at: Place, radius: float, half_width: float) -> None:
    _dome(brush, head, at, 1.25, 0.3)
    x, y = at(0.25 * brush.light, 0.85)
    brush.ellipse(x, y, 0.25 * half_width, 0.14 * radius, mix(head.hat_color, (255, 255, 255), 0.5))


def _headscarf(brush: Brush, head: Head, at: Place, radius: float, half_width: float) -> None:
    color, dark = head.hat_color, shade(head.hat_color, 0.8)
    brush.polygon([at(-0.9, -0.7), at(-1.2, -1.5), at(1.2, -1.5), at(0.9, -0.7)], dark)
    if head.view == "side":
        brush.polygon(
            [*_arc(at, 55, 250, 1.16), at(0.3, -1.15), at(0.45, -0.7), at(0.15, 0.2), at(0.5, 0.6)], color
        )
    elif head.view == "back":
        brush.polygon(_arc(at, 0, 330, 1.16, 12), color)
    else:
        brush.polygon(
            [
                *_arc(at, -60, 240, 1.16, 12),
                at(-0.62, -0.55),
                at(-0.72, 0.3),
                at(0.0, 0.62),
                at(0.72, 0.3),
                at(0.62, -0.55),
            ],
            color,
        )


_HAIR = {"short": _short, "long": _long, "ponytail": _short, "bald": _bald, "bun": _bun, "curly": _curly}
_HATS = {
    "none": _no_hat,
    "cap": _baseball_cap,
    "beanie": _beanie,
    "brim": _brim,
    "helmet": _helmet,
    "scarf": _headscarf,
}
