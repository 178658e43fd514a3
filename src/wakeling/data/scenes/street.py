"""Made things out of doors: poles, signs, bins, statues, vehicles, parasols, balls.

Each function draws one object about 1 unit tall, standing at the brush's origin.
"""

from __future__ import annotations

from wakeling.data.scenes.brush import Brush
from wakeling.data.scenes.dice import Dice
from wakeling.data.scenes.figures import draw_person
from wakeling.data.scenes.palette import STONE, WOOD, Color, clamp, mix, paint, pick, shade
from wakeling.data.scenes.people import in_stone, sample_person

METAL: tuple[Color, ...] = ((60, 62, 66), (110, 112, 116), (150, 150, 150), (40, 70, 56), (196, 196, 192))
TIRE: Color = (28, 28, 30)


def statue(brush: Brush, dice: Dice) -> None:
    """A figure of stone or bronze on a pedestal, or a bust: human in shape, and not a person."""
    color = pick(dice, STONE, 8) if dice.chance(0.8) else pick(dice, ((86, 92, 80), (74, 110, 98)), 8)
    person = in_stone(sample_person(dice, close=True), color)
    base = shade(color, dice.uniform(0.72, 0.92))
    bust = dice.chance(0.25)
    brush.shadow(0.0, 0.28, 0.3)
    rise = dice.uniform(0.3, 0.42) if bust else dice.uniform(0.2, 0.32)
    scale = (1.0 - rise) * (1.9 if bust else 1.0)
    side = brush.surface.side
    sunk = 0.56 * scale if bust else 0.0
    figure = Brush(
        brush.surface,
        brush.x / side,
        (brush.foot - brush.pixels * (rise - sunk)) / side,
        brush.pixels * scale / side,
        1 if brush.mirror > 0 else -1,
    )
    draw_person(figure, person, bust=bust)
    half = 0.19 if bust else 0.14
    brush.slab(-half, 0.03, half, rise, base)
    brush.slab(half * 0.35 * brush.light, 0.03, half * brush.light, rise, shade(base, 1.14))
    brush.slab(-half * 1.2, rise - 0.03, half * 1.2, rise + 0.015, shade(base, 1.08))
    brush.slab(-half * 1.3, 0.0, half * 1.3, 0.05, shade(base, 0.85))
    brush.slab(-half * 0.5, rise * 0.4, half * 0.5, rise * 0.65, shade(base, 0.7))


def lamp_post(brush: Brush, dice: Dice) -> None:
    """A street lamp: a round globe on a pole, or an arm with a lamp."""
    metal = pick(dice, METAL)
    brush.shadow(0.0, 0.1, 0.3)
    brush.tube((0.0, 0.0), (0.0, 0.88), 0.024, 0.016, metal)
    brush.limb((0.0, 0.0), (0.0, 0.1), 0.04, 0.035, metal)
    glow = mix((255, 240, 200), metal, dice.uniform(0.0, 0.5))
    if dice.chance(0.6):
        brush.ball(0.0, 0.92, 0.065, 0.07, glow)
        brush.limb((-0.03, 0.85), (0.03, 0.85), 0.015, 0.015, metal)
    else:
        brush.limb((0.0, 0.88), (0.22, 0.95), 0.014, 0.014, metal)
        brush.limb((0.16, 0.94), (0.28, 0.94), 0.025, 0.022, glow)


def traffic_sign(brush: Brush, dice: Dice) -> None:
    """A round, triangular, square or octagonal sign on a pole."""
    metal = pick(dice, METAL)
    face, border = (
        ((240, 238, 232), (196, 36, 40)),
        ((36, 84, 170), (230, 232, 236)),
        ((238, 196, 40), (40, 38, 36)),
        ((190, 34, 36), (236, 232, 228)),
    )[dice.integer(0, 3)]
    brush.shadow(0.0, 0.1, 0.3)
    brush.tube((0.0, 0.0), (0.0, 0.7), 0.02, 0.02, metal)
    y, r, shape = 0.8, dice.uniform(0.14, 0.19), dice.integer(0, 3)
    if shape == 0:
        brush.ellipse(0.0, y, r, r, border)
        brush.ellipse(0.0, y, r * 0.76, r * 0.76, face)
    elif shape == 1:
        brush.polygon([(-r * 1.15, y - r), (r * 1.15, y - r), (0.0, y + r)], border)
        brush.polygon([(-r * 0.75, y - r * 0.78), (r * 0.75, y - r * 0.78), (0.0, y + r * 0.55)], face)
    elif shape == 2:
        brush.slab(-r, y - r, r, y + r, border)
        brush.slab(-r * 0.85, y - r * 0.85, r * 0.85, y + r * 0.85, face)
    else:
        c = 0.42 * r
        brush.polygon(
            [
                (-c, y - r),
                (c, y - r),
                (r, y - c),
                (r, y + c),
                (c, y + r),
                (-c, y + r),
                (-r, y + c),
                (-r, y - c),
            ],
            border,
        )
    brush.slab(-r * 0.5, y - 0.02, r * 0.5, y + 0.02, border if shape < 3 else face)


def traffic_light(brush: Brush, dice: Dice) -> None:
    """Three lamps in a dark box on a pole."""
    metal = pick(dice, METAL)
    brush.shadow(0.0, 0.1, 0.3)
    brush.tube((0.0, 0.0), (0.0, 0.66), 0.025, 0.02, metal)
    brush.slab(-0.09, 0.62, 0.09, 1.0, shade(metal, 0.5))
    lit = dice.integer(0, 2)
    for k, color in enumerate(((60, 210, 110), (240, 190, 50), (230, 50, 46))):
        brush.ellipse(0.0, 0.69 + 0.12 * k, 0.05, 0.05, color if k == lit else shade(color, 0.3))


def bin_(brush: Brush, dice: Dice) -> None:
    """A litter bin with a lid."""
    color = paint(dice)
    brush.shadow(0.0, 0.35, 0.3)
    brush.polygon([(-0.24, 0.0), (0.24, 0.0), (0.3, 0.82), (-0.3, 0.82)], shade(color, 0.85))
    brush.polygon([(0.0, 0.0), (0.24 * brush.light, 0.0), (0.3 * brush.light, 0.82), (0.0, 0.82)], color)
    brush.limb((-0.3, 0.84), (0.3, 0.84), 0.06, 0.06, shade(color, 0.65))
    brush.ball(0.0, 0.9, 0.24, 0.1, shade(color, 0.7))
    if dice.chance(0.5):
        brush.slab(-0.12, 0.6, 0.12, 0.68, (30, 30, 32))


def hydrant(brush: Brush, dice: Dice) -> None:
    """A hydrant, a letter box or a parking meter: short, with a round top."""
    color = pick(dice, ((196, 44, 40), (226, 180, 40), (40, 80, 150), (70, 110, 80)))
    brush.shadow(0.0, 0.3, 0.3)
    brush.tube((0.0, 0.0), (0.0, 0.75), 0.2, 0.18, color)
    brush.ball(0.0, 0.8, 0.22, 0.17, color)
    for side in (-1, 1):
        brush.limb((0.0, 0.52), (side * 0.28, 0.52), 0.07, 0.06, shade(color, 0.8))
    brush.slab(-0.24, 0.0, 0.24, 0.09, shade(color, 0.6))
    brush.ellipse(0.0, 0.52, 0.07, 0.07, shade(color, 0.6))


def _wheel(brush: Brush, x: float, r: float) -> None:
    brush.ellipse(x, r, r, r, TIRE)
    brush.ellipse(x, r, r * 0.5, r * 0.5, (150, 150, 154))


def car(brush: Brush, dice: Dice) -> None:
    """A car, a van or a truck from the side."""
    color, glass = paint(dice), (70, 90, 110)
    van = dice.chance(0.35)
    brush.shadow(0.0, 1.3, 0.35)
    if van:
        brush.polygon(
            [(-1.15, 0.18), (1.15, 0.18), (1.15, 0.5), (0.85, 0.95), (0.75, 1.0), (-1.15, 1.0)], color
        )
        brush.polygon([(0.45, 0.58), (1.05, 0.58), (0.82, 0.9), (0.45, 0.9)], glass)
        brush.slab(-1.15, 0.18, 1.15, 0.34, shade(color, 0.7))
    else:
        brush.polygon([(-0.85, 0.55), (-0.55, 0.98), (0.3, 1.0), (0.75, 0.55)], color)
        brush.polygon([(-0.68, 0.58), (-0.48, 0.9), (-0.12, 0.91), (-0.12, 0.58)], glass)
        brush.polygon([(-0.05, 0.58), (-0.05, 0.91), (0.26, 0.92), (0.58, 0.58)], glass)
        brush.polygon([(-1.3, 0.2), (1.3, 0.2), (1.3, 0.45), (1.15, 0.56), (-1.2, 0.6), (-1.3, 0.5)], color)
        brush.slab(-1.3, 0.2, 1.3, 0.3, shade(color, 0.7))
    for x in (-0.75, 0.75):
        _wheel(brush, x, 0.22)
    brush.slab(1.18, 0.38, 1.28, 0.46, (250, 240, 200))


def car_front(brush: Brush, dice: Dice) -> None:
    """A car seen from its front or rear."""
    color = paint(dice)
    brush.shadow(0.0, 0.75, 0.35)
    for side in (-1, 1):
        brush.slab(side * 0.62, 0.0, side * 0.42, 0.3, TIRE)
    brush.polygon([(-0.5, 0.55), (-0.4, 0.98), (0.4, 0.98), (0.5, 0.55)], color)
    brush.polygon([(-0.43, 0.58), (-0.35, 0.9), (0.35, 0.9), (0.43, 0.58)], (76, 96, 116))
    brush.polygon([(-0.66, 0.15), (0.66, 0.15), (0.68, 0.5), (0.5, 0.6), (-0.5, 0.6), (-0.68, 0.5)], color)
    brush.slab(-0.25, 0.3, 0.25, 0.44, (40, 40, 44))
    for side in (-1, 1):
        brush.ellipse(side * 0.5, 0.42, 0.11, 0.08, (246, 236, 206) if brush.mirror > 0 else (190, 40, 40))
    brush.slab(-0.66, 0.15, 0.66, 0.22, shade(color, 0.6))


def bicycle(brush: Brush, dice: Dice) -> None:
    """A bicycle: two wheels, a frame, a saddle and handlebars."""
    frame = paint(dice)
    brush.shadow(0.0, 0.8, 0.2)
    r = 0.34
    for x in (-0.48, 0.48):
        last = (x + r, r)
        for k in range(1, 13):
            turn = (1.0, 0.866, 0.5, 0.0, -0.5, -0.866, -1.0, -0.866, -0.5, 0.0, 0.5, 0.866, 1.0)
            point = (x + r * turn[k], r + r * turn[(k + 9) % 12])
            brush.limb(last, point, 0.03, 0.03, TIRE)
            last = point
    for start, end in (
        ((-0.48, r), (-0.15, 0.72)),
        ((-0.48, r), (-0.05, r)),
        ((-0.05, r), (-0.17, 0.82)),
        ((-0.05, r), (0.33, 0.74)),
        ((-0.16, 0.74), (0.33, 0.76)),
        ((0.48, r), (0.3, 0.95)),
    ):
        brush.limb(start, end, 0.028, 0.028, frame)
    brush.limb((-0.28, 0.86), (-0.08, 0.86), 0.045, 0.03, (40, 34, 30))
    brush.limb((0.3, 0.95), (0.2, 1.0), 0.025, 0.025, (40, 40, 42))


def parasol(brush: Brush, dice: Dice) -> None:
    """A beach parasol, sometimes closed: then as slim as a figure in a long dress."""
    first, second = paint(dice), mix(paint(dice), (250, 250, 250), 0.6)
    brush.shadow(0.0, 0.3, 0.25)
    brush.limb((0.0, 0.0), (0.0, 1.0), 0.018, 0.016, pick(dice, METAL))
    if dice.chance(0.35):
        brush.polygon([(-0.1, 0.42), (0.1, 0.42), (0.05, 0.9), (0.0, 0.97), (-0.05, 0.9)], first)
        brush.polygon([(-0.02, 0.42), (0.05, 0.42), (0.02, 0.93)], second)
        return
    half = dice.uniform(0.4, 0.55)
    for k in range(6):
        left, right = -half + k * half / 3, -half + (k + 1) * half / 3
        rim = 0.74
        brush.polygon(
            [(left, rim), (right, rim), (right * 0.75, 0.87), (0.0, 0.98), (left * 0.75, 0.87)],
            first if k % 2 else second,
        )


def ball(brush: Brush, dice: Dice) -> None:
    """A ball, or a balloon on a string: round as a head."""
    color = paint(dice)
    if dice.chance(0.5):
        brush.shadow(0.0, 0.5, 0.3)
        brush.ball(0.0, 0.5, 0.5, 0.5, color)
        brush.leaf(0.0, 0.5, 0.42, 0.12, dice.uniform(0, 180), mix(color, (255, 255, 255), 0.6))
        brush.ellipse(-0.1, 0.62, 0.12, 0.1, shade(color, 0.55))
        return
    brush.limb((0.0, 0.0), (0.0, 0.6), 0.008, 0.008, (60, 60, 60))
    brush.ball(0.0, 0.78, 0.18, 0.22, color)
    brush.ellipse(0.06 * brush.light, 0.86, 0.04, 0.05, mix(color, (255, 255, 255), 0.6))


def boxes(brush: Brush, dice: Dice) -> None:
    """A stack of parcels or sacks, skin-colored as cardboard is."""
    card = pick(dice, ((196, 152, 108), (170, 124, 84), (216, 180, 138), (130, 92, 64)))
    brush.shadow(0.0, 0.45, 0.3)
    low = 0.0
    for _ in range(dice.integer(2, 3)):
        height, half, x = dice.uniform(0.28, 0.42), dice.uniform(0.2, 0.4), dice.uniform(-0.06, 0.06)
        color = shade(card, dice.uniform(0.85, 1.12))
        brush.slab(x - half, low, x + half, low + height, shade(color, 0.8))
        brush.slab(x, low, x + half * brush.light, low + height, color)
        brush.slab(x - 0.04, low, x + 0.04, low + height, mix(color, (230, 214, 180), 0.6))
        low += height


def fence(brush: Brush, dice: Dice) -> None:
    """A piece of fence: posts and rails."""
    wood = pick(dice, WOOD) if dice.chance(0.7) else pick(dice, METAL)
    for k in range(9):
        x = -1.2 + 0.3 * k
        brush.slab(x - 0.055, 0.0, x + 0.055, 0.97, shade(wood, 0.88 + 0.04 * (k % 3)))
    for y in (0.3, 0.72):
        brush.slab(-1.3, y, 1.3, y + 0.1, shade(wood, 0.75))


def kiosk(brush: Brush, dice: Dice) -> None:
    """A telephone box, a kiosk or an advertising column."""
    color = paint(dice)
    brush.shadow(0.0, 0.4, 0.3)
    half = dice.uniform(0.18, 0.3)
    brush.slab(-half, 0.0, half, 0.9, color)
    brush.slab(0.4 * half * brush.light, 0.0, half * brush.light, 0.9, shade(color, 1.2))
    pane = mix(color, (120, 140, 150), 0.7)
    for y in (0.2, 0.42, 0.64):
        brush.slab(-half * 0.7, y, half * 0.7, y + 0.17, pane)
    brush.polygon(
        [(-half * 1.15, 0.9), (half * 1.15, 0.9), (half * 0.7, 1.0), (-half * 0.7, 1.0)], shade(color, 0.7)
    )
    level = clamp(dice.uniform(30, 220))
    brush.slab(-half, 0.84, half, 0.89, (level, level, level))
