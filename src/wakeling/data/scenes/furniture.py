"""Things indoors: chairs, tables, lamps, shelves, coats on stands, vases, dummies without a head.

Each function draws one object about 1 unit tall, standing at the brush's origin.
"""

from __future__ import annotations

from wakeling.data.scenes.brush import Brush
from wakeling.data.scenes.dice import Dice
from wakeling.data.scenes.palette import WOOD, mix, paint, pick, shade


def coat_stand(brush: Brush, dice: Dice) -> None:
    """A coat (and sometimes a hat) that hangs on a stand: clothes with nobody in them."""
    wood, cloth = shade(pick(dice, WOOD), 0.8), paint(dice)
    brush.shadow(0.0, 0.22, 0.3)
    brush.limb((0.0, 0.0), (0.0, 0.97), 0.018, 0.016, wood)
    for side in (-1, 1):
        brush.limb((0.0, 0.08), (side * 0.17, 0.0), 0.015, 0.015, wood)
        brush.limb((0.0, 0.88), (side * 0.1, 0.97), 0.013, 0.015, wood)
    top, low = 0.84, dice.uniform(0.25, 0.48)
    wide, hem = dice.uniform(0.1, 0.13), dice.uniform(0.12, 0.17)
    brush.polygon(
        [
            (-0.03, top + 0.03),
            (0.03, top + 0.03),
            (wide, top - 0.03),
            (hem, low),
            (-hem, low),
            (-wide, top - 0.03),
        ],
        cloth,
    )
    edge = -brush.light
    brush.polygon(
        [(edge * 0.03, top), (edge * wide, top - 0.03), (edge * hem, low), (edge * hem * 0.5, low)],
        shade(cloth, 0.75),
    )
    for side in (-1, 1):
        brush.tube(
            (side * wide, top - 0.06),
            (side * (wide + 0.03), max(low + 0.05, 0.45)),
            0.036,
            0.032,
            shade(cloth, 0.88),
        )
    brush.slab(-0.008, low, 0.008, top, shade(cloth, 0.55))
    if dice.chance(0.4):
        hat = shade(paint(dice), 0.8)
        brush.limb((-0.1, 0.95), (0.1, 0.95), 0.014, 0.014, hat)
        brush.ball(0.0, 0.97, 0.06, 0.05, hat)


def dress_form(brush: Brush, dice: Dice) -> None:
    """A tailor's dummy: a torso on a pole, without head, arms or legs."""
    cloth = paint(dice) if dice.chance(0.6) else pick(dice, ((222, 204, 180), (60, 56, 56)))
    stand = shade(pick(dice, WOOD), 0.7)
    brush.shadow(0.0, 0.22, 0.3)
    brush.limb((0.0, 0.0), (0.0, 0.45), 0.02, 0.02, stand)
    for side in (-1, 1):
        brush.limb((0.0, 0.1), (side * 0.17, 0.0), 0.015, 0.015, stand)
    outline = [(0.15, 0.36), (0.16, 0.5), (0.1, 0.66), (0.15, 0.82), (0.14, 0.92), (0.045, 0.95), (0.04, 1.0)]
    brush.polygon([*outline, *[(-x, y) for x, y in reversed(outline)]], cloth)
    edge = -brush.light
    brush.polygon(
        [(edge * x, y) for x, y in outline[:5]] + [(edge * 0.07, 0.9), (edge * 0.05, 0.36)],
        shade(cloth, 0.76),
    )


def chair(brush: Brush, dice: Dice) -> None:
    """A chair, seen a little from the side."""
    wood, seat = pick(dice, WOOD), paint(dice)
    brush.shadow(0.0, 0.4, 0.3)
    for x, top in ((-0.26, 1.0), (0.24, 0.48), (-0.12, 0.46), (0.32, 0.48)):
        brush.limb((x * 1.1, 0.0), (x, top), 0.03, 0.028, shade(wood, 0.85))
    brush.polygon([(-0.3, 0.44), (0.3, 0.42), (0.38, 0.52), (-0.22, 0.54)], seat)
    brush.slab(-0.3, 0.7, 0.02, 0.98, wood) if dice.chance(0.5) else brush.slab(-0.32, 0.6, -0.2, 1.0, wood)


def table(brush: Brush, dice: Dice) -> None:
    """A table, sometimes with a thing on it."""
    wood = pick(dice, WOOD)
    brush.shadow(0.0, 0.9, 0.3)
    for x in (-0.72, 0.72, -0.5, 0.5):
        brush.limb((x, 0.0), (x, 0.66), 0.045, 0.05, shade(wood, 0.75))
    brush.slab(-0.9, 0.66, 0.9, 0.76, wood)
    brush.slab(-0.9, 0.64, 0.9, 0.68, shade(wood, 0.7))
    if dice.chance(0.6):
        x, color = dice.uniform(-0.5, 0.5), paint(dice)
        brush.polygon([(x - 0.1, 0.76), (x + 0.1, 0.76), (x + 0.13, 0.92), (x - 0.13, 0.92)], color)
        brush.ball(x, 0.96, 0.14, 0.1, paint(dice))


def floor_lamp(brush: Brush, dice: Dice) -> None:
    """A lamp on a pole with a shade, or with a globe as round as a head."""
    metal, screen = shade(paint(dice), 0.5), mix(paint(dice), (250, 232, 196), dice.uniform(0.3, 0.9))
    brush.shadow(0.0, 0.2, 0.3)
    brush.limb((0.0, 0.02), (0.0, 0.75), 0.014, 0.014, metal)
    brush.limb((-0.12, 0.02), (0.12, 0.02), 0.025, 0.025, metal)
    if dice.chance(0.6):
        low, high = dice.uniform(0.15, 0.22), dice.uniform(0.07, 0.14)
        brush.polygon([(-low, 0.7), (low, 0.7), (high, 1.0), (-high, 1.0)], screen)
        brush.polygon(
            [(0.0, 0.7), (low * brush.light, 0.7), (high * brush.light, 1.0), (0.0, 1.0)], shade(screen, 1.1)
        )
    else:
        brush.ball(0.0, 0.85, 0.14, 0.14, screen)


def armchair(brush: Brush, dice: Dice) -> None:
    """An armchair or a sofa."""
    cloth, half = paint(dice), dice.uniform(0.5, 1.0)
    brush.shadow(0.0, half * 1.2, 0.3)
    brush.limb((-half * 0.75, 0.75), (half * 0.75, 0.75), 0.22, 0.22, shade(cloth, 0.85))
    brush.slab(-half * 0.9, 0.1, half * 0.9, 0.75, shade(cloth, 0.85))
    brush.limb((-half * 0.7, 0.42), (half * 0.7, 0.42), 0.12, 0.12, cloth)
    brush.slab(-half * 0.8, 0.08, half * 0.8, 0.36, shade(cloth, 0.7))
    for side in (-1, 1):
        brush.limb((side * half, 0.15), (side * half, 0.55), 0.13, 0.14, shade(cloth, 0.95))


def shelf(brush: Brush, dice: Dice) -> None:
    """A shelf or a cupboard with things in it."""
    wood, half = pick(dice, WOOD), dice.uniform(0.22, 0.4)
    brush.shadow(0.0, half * 1.1, 0.3)
    brush.slab(-half, 0.0, half, 1.0, shade(wood, 0.6))
    for row in range(4):
        low = 0.04 + 0.24 * row
        x = -half + 0.04
        while x < half - 0.08:
            width = dice.uniform(0.03, 0.09)
            brush.slab(x, low, x + width, low + dice.uniform(0.1, 0.19), paint(dice))
            x += width + dice.uniform(0.005, 0.05)
        brush.slab(-half, low - 0.04, half, low, wood)
    for side in (-1, 1):
        brush.slab(side * half, 0.0, side * (half - 0.04), 1.0, wood)
    brush.slab(-half, 0.96, half, 1.0, wood)


def vase(brush: Brush, dice: Dice) -> None:
    """A vase or a bottle: shoulders, a neck, and sometimes flowers for a head."""
    color = pick(dice, ((196, 120, 80), (226, 196, 160), (120, 80, 56))) if dice.chance(0.5) else paint(dice)
    brush.shadow(0.0, 0.3, 0.3)
    tall = 0.72 if dice.chance(0.5) else 1.0
    wide, waist = dice.uniform(0.18, 0.3), dice.uniform(0.06, 0.1)
    outline = [
        (wide * 0.55, 0.0),
        (wide, 0.3 * tall),
        (wide * 0.95, 0.5 * tall),
        (waist, 0.8 * tall),
        (waist * 1.4, tall),
    ]
    brush.polygon([*outline, *[(-x, y) for x, y in reversed(outline)]], color)
    edge = -brush.light
    brush.polygon(
        [(edge * x, y) for x, y in outline] + [(0.0, tall), (edge * wide * 0.35, 0.4)], shade(color, 0.76)
    )
    if tall < 1.0:
        for _ in range(5):
            x, y = dice.uniform(-0.17, 0.17), dice.uniform(0.82, 0.97)
            brush.limb((0.0, tall), (x, y), 0.01, 0.01, (70, 110, 60))
            brush.ball(x, y, 0.08, 0.08, paint(dice))


def door(brush: Brush, dice: Dice) -> None:
    """A door, a wardrobe or a mirror: tall and upright."""
    wood = pick(dice, WOOD) if dice.chance(0.6) else paint(dice)
    half = dice.uniform(0.2, 0.26)
    brush.slab(-half * 1.12, 0.0, half * 1.12, 1.0, shade(wood, 0.7))
    brush.slab(-half, 0.0, half, 0.97, wood)
    for low, high in ((0.08, 0.42), (0.52, 0.9)):
        brush.slab(-half * 0.7, low, half * 0.7, high, shade(wood, 0.82))
        brush.slab(-half * 0.62, low + 0.03, half * 0.62, high - 0.03, shade(wood, 1.06))
    brush.ellipse(half * 0.82, 0.47, 0.025, 0.025, (210, 190, 120))
