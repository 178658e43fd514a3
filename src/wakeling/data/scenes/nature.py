"""Plants and other grown things: trees, bushes, a cactus, flowers, a snowman, stones.

Each function draws one object about 1 unit tall, standing at the brush's origin.
"""

from __future__ import annotations

from wakeling.data.scenes.brush import Brush
from wakeling.data.scenes.dice import Dice
from wakeling.data.scenes.palette import LEAF, STONE, WOOD, paint, pick, shade


def tree(brush: Brush, dice: Dice) -> None:
    """A broad-leaved tree: trunk, two branches, a crown of leaf balls."""
    bark, leaves = shade(pick(dice, WOOD), 0.75), pick(dice, LEAF)
    brush.shadow(0.0, 0.3, 0.3)
    brush.tube((0.0, 0.0), (dice.uniform(-0.04, 0.04), 0.55), 0.05, 0.035, bark)
    for side in (-1, 1):
        brush.limb((0.0, 0.4), (side * 0.15, 0.6), 0.025, 0.015, bark)
    spread = dice.uniform(0.14, 0.26)
    for _ in range(dice.integer(5, 8)):
        x, y, r = dice.uniform(-spread, spread), dice.uniform(0.55, 0.88), dice.uniform(0.1, 0.17)
        brush.ball(x, y, r, r * 0.85, shade(leaves, dice.uniform(0.75, 1.2)))


def bare_tree(brush: Brush, dice: Dice) -> None:
    """A tree without leaves: limbs without a body."""
    bark = shade(pick(dice, WOOD), 0.8)
    brush.shadow(0.0, 0.2, 0.3)
    brush.tube((0.0, 0.0), (0.0, 0.6), 0.055, 0.03, bark)
    for k in range(dice.integer(4, 6)):
        side = -1 if k % 2 else 1
        y = dice.uniform(0.35, 0.62)
        x1, y1 = side * dice.uniform(0.1, 0.25), y + dice.uniform(0.1, 0.35)
        brush.limb((0.0, y), (x1, y1), 0.025, 0.014, bark)
        brush.limb(
            (x1, y1),
            (x1 + side * dice.uniform(-0.02, 0.12), y1 + dice.uniform(0.05, 0.15)),
            0.014,
            0.008,
            bark,
        )


def conifer(brush: Brush, dice: Dice) -> None:
    """A fir: a short trunk under three to five triangles."""
    green = pick(dice, ((36, 70, 46), (50, 92, 60), (70, 100, 90)))
    brush.shadow(0.0, 0.25, 0.3)
    brush.limb((0.0, 0.0), (0.0, 0.2), 0.035, 0.03, shade(pick(dice, WOOD), 0.6))
    layers = dice.integer(3, 5)
    for k in range(layers):
        low = 0.12 + 0.7 * k / layers
        width = dice.uniform(0.2, 0.25) * (1 - 0.75 * k / layers)
        brush.polygon([(-width, low), (width, low), (0.0, low + 0.36)], shade(green, 0.85 + 0.1 * k))


def palm(brush: Brush, dice: Dice) -> None:
    """A palm with a leaning trunk."""
    bark, green = pick(dice, WOOD), pick(dice, LEAF)
    lean = dice.uniform(-0.12, 0.12)
    brush.shadow(0.0, 0.2, 0.3)
    brush.tube((0.0, 0.0), (lean, 0.82), 0.035, 0.025, bark)
    for degrees in (-50, -15, 20, 60, 120, 160, 195, 230):
        brush.leaf(lean, 0.83, 0.02, 0.02, 0, green)
        turn = degrees + dice.uniform(-10, 10)
        step = 0.14
        up = 0.06 if 0 < turn < 180 else -0.07
        brush.leaf(
            lean + step * (1 if -90 < turn < 90 else -1),
            0.83 + up,
            0.16,
            0.03,
            turn,
            shade(green, dice.uniform(0.8, 1.15)),
        )


def bush(brush: Brush, dice: Dice) -> None:
    """A round bush."""
    leaves = pick(dice, LEAF)
    brush.shadow(0.0, 0.6, 0.3)
    for k in range(7):
        brush.ball(
            -0.45 + 0.15 * k, dice.uniform(0.3, 0.62), 0.24, 0.26, shade(leaves, dice.uniform(0.75, 1.15))
        )
        brush.limb((-0.45 + 0.15 * k, 0.0), (-0.45 + 0.15 * k, 0.3), 0.14, 0.16, shade(leaves, 0.7))


def cactus(brush: Brush, dice: Dice) -> None:
    """A cactus with raised arms."""
    green = pick(dice, ((70, 110, 70), (96, 130, 80), (60, 90, 76)))
    brush.shadow(0.0, 0.2, 0.3)
    for side in (-1, 1):
        y = dice.uniform(0.35, 0.5)
        x = side * dice.uniform(0.17, 0.22)
        brush.tube((0.0, y), (x, y), 0.05, 0.05, green)
        brush.tube((x, y), (x, y + dice.uniform(0.15, 0.35)), 0.055, 0.05, green)
    brush.tube((0.0, 0.0), (0.0, 0.92), 0.085, 0.08, green)


def potted_plant(brush: Brush, dice: Dice) -> None:
    """A plant in a pot."""
    green, pot = pick(dice, LEAF), pick(dice, ((176, 96, 60), (230, 226, 216), (70, 70, 76), (150, 120, 90)))
    brush.shadow(0.0, 0.25, 0.3)
    brush.limb((0.0, 0.25), (0.0, 0.6), 0.02, 0.015, shade(green, 0.6))
    for k in range(9):
        degrees = 15 + 18.75 * k + dice.uniform(-8, 8)
        reach = dice.uniform(0.2, 0.36)
        side = 1 if degrees < 90 else -1
        tall = 0.45 + 0.3 * (1 - abs(degrees - 90) / 90)
        brush.leaf(
            side * 0.4 * reach * abs(degrees - 90) / 60,
            tall,
            reach * 0.8,
            0.06,
            degrees,
            shade(green, dice.uniform(0.75, 1.2)),
        )
    brush.polygon([(-0.17, 0.32), (0.17, 0.32), (0.12, 0.0), (-0.12, 0.0)], pot)
    brush.polygon([(-0.19, 0.34), (0.19, 0.34), (0.19, 0.28), (-0.19, 0.28)], shade(pot, 0.85))


def sunflower(brush: Brush, dice: Dice) -> None:
    """A tall flower: a round head on a stalk, with two leaves for arms."""
    petal = pick(dice, ((240, 190, 40), (220, 90, 120), (240, 236, 226), (230, 120, 40)))
    green = pick(dice, LEAF)
    brush.limb((0.0, 0.0), (0.0, 0.8), 0.022, 0.018, green)
    for side in (-1, 1):
        y = dice.uniform(0.3, 0.5)
        brush.leaf(side * 0.13, y + 0.05, 0.14, 0.05, 90 - side * 60, green)
    for k in range(10):
        brush.leaf(0.0, 0.84, 0.16, 0.045, 18 * k, petal)
    brush.ball(0.0, 0.84, 0.085, 0.085, (96, 62, 36))


def snowman(brush: Brush, dice: Dice) -> None:
    """Three balls of snow (or hay, or sand) with a face."""
    snow = pick(dice, ((240, 242, 246), (226, 230, 240), (206, 180, 120)), 6)
    hat = shade(paint(dice), 0.6)
    brush.shadow(0.0, 0.3, 0.25)
    brush.ball(0.0, 0.22, 0.26, 0.23, snow)
    brush.ball(0.0, 0.55, 0.19, 0.18, snow)
    for side in (-1, 1):
        brush.limb((side * 0.15, 0.58), (side * 0.38, dice.uniform(0.5, 0.78)), 0.013, 0.01, (80, 56, 40))
    brush.ball(0.0, 0.8, 0.14, 0.13, snow)
    if dice.chance(0.6):
        brush.slab(-0.16, 0.89, 0.16, 0.92, hat)
        brush.slab(-0.1, 0.9, 0.1, 1.02, hat)
    for side in (-1, 1):
        brush.ellipse(side * 0.05, 0.83, 0.018, 0.018, (30, 28, 28))
    brush.polygon([(0.0, 0.8), (0.12, 0.77), (0.0, 0.765)], (226, 120, 40))
    for y in (0.5, 0.58, 0.66):
        brush.ellipse(0.0, y, 0.016, 0.016, (40, 36, 36))


def rocks(brush: Brush, dice: Dice) -> None:
    """A pile of stones."""
    gray = pick(dice, STONE)
    brush.shadow(0.0, 0.55, 0.3)
    for x, y, r in ((-0.3, 0.25, 0.3), (0.3, 0.25, 0.32), (0.0, 0.32, 0.34), (0.05, 0.72, 0.24)):
        brush.ball(x + dice.uniform(-0.06, 0.06), y, r * 1.1, r * 0.85, shade(gray, dice.uniform(0.75, 1.15)))
