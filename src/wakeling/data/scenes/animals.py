"""Animals that a detector might take for people: quadrupeds, sitting pets, pets' faces, birds, a toy bear.

Each function draws one object 1 unit tall, standing at the brush's origin and facing right.
"""

from __future__ import annotations

from dataclasses import dataclass

from wakeling.data.scenes.brush import Brush
from wakeling.data.scenes.dice import Dice
from wakeling.data.scenes.palette import FUR, Color, mix, pick, shade

DARK: Color = (26, 22, 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Build:
    """Proportions of a quadruped, in units of its height at the head."""

    body_length: float
    back: float
    belly: float
    leg: float
    neck: float
    head: float
    ear: float
    tail: str


def _quadruped(brush: Brush, dice: Dice, build: _Build, coat: Color) -> None:
    half = build.body_length / 2
    mark = mix(coat, pick(dice, FUR), 0.6) if dice.chance(0.4) else coat
    dark = shade(coat, 0.72)
    stride = dice.uniform(-0.12, 0.12) * build.body_length
    brush.shadow(0.0, half * 1.15, 0.3)
    middle = (build.back + build.belly) / 2
    depth = (build.back - build.belly) / 2
    for x, phase in ((-half * 0.82, -1), (half * 0.78, 1)):
        brush.limb(
            (x, middle - depth * 0.3), (x - stride * phase, 0.03), build.leg * 1.3, build.leg * 0.8, dark
        )
    if build.tail == "up":
        brush.limb((-half, build.back - 0.05), (-half * 1.35, build.back + 0.25), 0.05, 0.025, coat)
    else:
        brush.limb((-half, build.back - 0.06), (-half * 1.25, build.belly - 0.1), 0.05, 0.04, dark)
    brush.limb((-half * 0.72, middle), (half * 0.72, middle), depth, depth * 1.05, shade(coat, 0.78))
    brush.limb(
        (-half * 0.72, middle + depth * 0.2),
        (half * 0.72, middle + depth * 0.2),
        depth * 0.75,
        depth * 0.78,
        coat,
    )
    if mark != coat:
        brush.ellipse(dice.uniform(-0.5, 0.3) * half, middle + depth * 0.2, half * 0.3, depth * 0.6, mark)
    for x, phase in ((-half * 0.68, 1), (half * 0.64, -1)):
        brush.limb(
            (x, middle - depth * 0.2), (x - stride * phase, 0.03), build.leg * 1.5, build.leg * 0.85, coat
        )
    head_y = 1.0 - build.head * 1.1
    if build.tail == "down":
        head_y -= dice.uniform(0.0, 0.06)
    head_x = half * 0.75 + build.neck
    brush.limb((half * 0.68, middle + depth * 0.4), (head_x, head_y), depth * 0.75, build.head * 0.8, coat)
    brush.ball(head_x, head_y, build.head * 1.05, build.head * 0.95, mark)
    brush.limb(
        (head_x, head_y - 0.02),
        (head_x + build.head * 1.6, head_y - build.head * 0.6),
        build.head * 0.6,
        build.head * 0.42,
        mark,
    )
    brush.ellipse(
        head_x + build.head * 1.95, head_y - build.head * 0.6, build.head * 0.2, build.head * 0.2, DARK
    )
    brush.ellipse(
        head_x + build.head * 0.5, head_y + build.head * 0.25, build.head * 0.16, build.head * 0.16, DARK
    )
    ear_x = head_x - build.head * 0.35
    tip = head_y + build.head * 0.8 + build.ear
    brush.polygon(
        [
            (ear_x - build.head * 0.4, head_y + build.head * 0.4),
            (ear_x, tip),
            (ear_x + build.head * 0.5, head_y + build.head * 0.8),
        ],
        dark,
    )


def dog(brush: Brush, dice: Dice) -> None:
    """A dog seen from the side."""
    build = _Build(
        body_length=dice.uniform(0.8, 1.15),
        back=0.76,
        belly=0.42,
        leg=0.055,
        neck=0.14,
        head=0.13,
        ear=dice.uniform(-0.05, 0.1),
        tail="up",
    )
    _quadruped(brush, dice, build, pick(dice, FUR))


def cat(brush: Brush, dice: Dice) -> None:
    """A cat seen from the side, its tail up."""
    build = _Build(
        body_length=dice.uniform(0.85, 1.05),
        back=0.68,
        belly=0.38,
        leg=0.045,
        neck=0.1,
        head=0.15,
        ear=0.1,
        tail="up",
    )
    _quadruped(brush, dice, build, pick(dice, FUR))


def horse(brush: Brush, dice: Dice) -> None:
    """A horse (or, with a white coat, a goat's cousin) seen from the side."""
    build = _Build(
        body_length=dice.uniform(0.75, 0.95),
        back=0.68,
        belly=0.4,
        leg=0.04,
        neck=0.2,
        head=0.09,
        ear=0.05,
        tail="down",
    )
    coat = pick(dice, FUR)
    _quadruped(brush, dice, build, coat)
    half = build.body_length / 2
    brush.limb((half * 0.6, 0.72), (half * 0.75 + 0.14, 0.97), 0.05, 0.03, shade(coat, 0.5))


def sheep(brush: Brush, dice: Dice) -> None:
    """A woolly sheep with a dark or a light face."""
    wool = pick(dice, ((236, 230, 218), (206, 196, 180), (90, 80, 72)))
    face = pick(dice, ((40, 34, 32), (216, 196, 172)))
    brush.shadow(0.0, 0.6, 0.3)
    for x in (-0.35, -0.2, 0.22, 0.36):
        brush.limb((x, 0.35), (x, 0.02), 0.045, 0.04, face)
    for k in range(7):
        brush.ellipse(
            -0.42 + 0.14 * k, 0.6 + (0.08 if k % 2 else 0.0), 0.2, 0.24, shade(wool, 0.84 + 0.04 * (k % 3))
        )
    brush.ball(0.56, 0.74, 0.14, 0.18, face)
    brush.ellipse(0.5, 0.9, 0.13, 0.1, wool)


def sitting_dog(brush: Brush, dice: Dice) -> None:
    """A dog or a cat that sits upright facing the camera: the silhouette nearest to a person's."""
    coat, second = pick(dice, FUR), pick(dice, FUR)
    feline = dice.chance(0.5)
    brush.shadow(0.0, 0.4, 0.3)
    brush.limb((0.22, 0.1), (0.5, 0.18 if feline else 0.3), 0.05, 0.03, shade(coat, 0.8))
    brush.ball(0.0, 0.24, 0.3, 0.24, shade(coat, 0.9))
    brush.ball(0.0, 0.42, 0.21, 0.3, coat)
    brush.ellipse(0.0, 0.42, 0.1, 0.2, mix(coat, second, 0.6))
    for side in (-1, 1):
        brush.limb((side * 0.1, 0.45), (side * 0.11, 0.04), 0.065, 0.055, shade(coat, 0.95))
    _pet_head(brush, dice, 0.0, 0.79, 0.19, coat, second, feline)


def pet_face(brush: Brush, dice: Dice) -> None:
    """A cat's or a dog's face and chest, as in a portrait."""
    coat, second = pick(dice, FUR), pick(dice, FUR)
    feline = dice.chance(0.5)
    brush.limb((0.0, 0.4), (0.0, -0.2), 0.24, 0.38, shade(coat, 0.88))
    brush.ellipse(0.0, 0.12, 0.17, 0.3, mix(coat, second, 0.6))
    _pet_head(brush, dice, 0.0, 0.64, 0.3, coat, second, feline)


def _pet_head(
    brush: Brush, dice: Dice, x: float, y: float, r: float, coat: Color, second: Color, feline: bool
) -> None:
    muzzle = mix(coat, second, 0.7)
    for side in (-1, 1):
        if feline:
            brush.polygon(
                [
                    (x + side * 0.95 * r, y + 0.3 * r),
                    (x + side * 0.8 * r, y + 1.3 * r),
                    (x + side * 0.1 * r, y + 0.8 * r),
                ],
                shade(coat, 0.8),
            )
        elif r > 0.25 or dice.chance(0.6):
            brush.leaf(x + side * 1.0 * r, y - 0.05 * r, 0.65 * r, 0.28 * r, 90 - side * 12, shade(coat, 0.7))
    brush.ball(x, y, r, 0.9 * r, coat)
    brush.ellipse(x, y - 0.38 * r, 0.48 * r, 0.4 * r, muzzle)
    brush.ellipse(x, y - 0.22 * r, 0.16 * r, 0.12 * r, DARK)
    iris = (120, 150, 60) if feline else (60, 38, 24)
    for side in (-1, 1):
        brush.ellipse(x + side * 0.42 * r, y + 0.15 * r, 0.15 * r, 0.15 * r, iris)
        brush.ellipse(x + side * 0.42 * r, y + 0.15 * r, 0.07 * r, 0.12 * r, DARK)
    brush.limb((x, y - 0.3 * r), (x, y - 0.55 * r), 0.03 * r, 0.03 * r, DARK)


def bird(brush: Brush, dice: Dice) -> None:
    """A bird on its two legs."""
    coat = pick(dice, ((60, 60, 66), (150, 150, 158), (236, 236, 232), (120, 80, 50), (70, 100, 150)))
    long_legs = dice.uniform(0.15, 0.4)
    brush.shadow(0.0, 0.25, 0.25)
    for x in (-0.04, 0.08):
        brush.limb((x, long_legs + 0.1), (x, 0.0), 0.02, 0.02, (200, 130, 60))
    brush.polygon(
        [(-0.2, long_legs + 0.3), (-0.7, long_legs + 0.12), (-0.2, long_legs + 0.1)], shade(coat, 0.7)
    )
    brush.leaf(0.0, long_legs + 0.25, 0.36, 0.21, 25, shade(coat, 0.85))
    brush.leaf(-0.06, long_legs + 0.27, 0.28, 0.13, 15, coat)
    top = 0.88
    brush.limb((0.2, long_legs + 0.36), (0.27, top - 0.02), 0.12, 0.09, coat)
    brush.ball(0.28, top, 0.13, 0.12, coat)
    brush.polygon([(0.38, top + 0.04), (0.6, top - 0.03), (0.38, top - 0.06)], (214, 150, 50))
    brush.ellipse(0.33, top + 0.03, 0.025, 0.025, DARK)


def flying_birds(brush: Brush, dice: Dice) -> None:
    """Two to five birds in the air."""
    color = pick(dice, ((40, 40, 46), (230, 230, 230), (90, 80, 76)))
    for _ in range(dice.integer(2, 5)):
        x, y, span, lift = (
            dice.uniform(-0.7, 0.7),
            dice.uniform(0.3, 1.0),
            dice.uniform(0.1, 0.22),
            dice.uniform(-0.04, 0.12),
        )
        for side in (-1, 1):
            brush.polygon(
                [
                    (x, y),
                    (x + side * span * 0.5, y + lift + 0.05),
                    (x + side * span, y + lift),
                    (x + side * span * 0.4, y - 0.02),
                ],
                color,
            )
        brush.leaf(x, y, 0.04, 0.06, 0, color)


def toy_bear(brush: Brush, dice: Dice) -> None:
    """A teddy bear, sitting."""
    coat = pick(dice, FUR)
    pale = mix(coat, (240, 220, 190), 0.5)
    brush.shadow(0.0, 0.45, 0.3)
    brush.ball(0.0, 0.32, 0.27, 0.3, coat)
    brush.ellipse(0.0, 0.32, 0.16, 0.19, pale)
    for side in (-1, 1):
        brush.tube((side * 0.22, 0.48), (side * 0.38, dice.uniform(0.2, 0.6)), 0.1, 0.09, coat)
        brush.tube((side * 0.18, 0.12), (side * 0.36, 0.1), 0.12, 0.13, coat)
        brush.ellipse(side * 0.38, 0.1, 0.08, 0.09, pale)
        brush.ball(side * 0.2, 0.93, 0.09, 0.09, coat)
    brush.ball(0.0, 0.77, 0.25, 0.22, coat)
    brush.ellipse(0.0, 0.7, 0.12, 0.09, pale)
    brush.ellipse(0.0, 0.73, 0.04, 0.03, DARK)
    for side in (-1, 1):
        brush.ellipse(side * 0.1, 0.82, 0.03, 0.03, DARK)
