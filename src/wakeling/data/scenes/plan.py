"""What goes where: a scene as a list of slots, decided before anything is drawn.

Both classes come from the same distribution of slots. A slot has a place and the height that a person
would have there; in a scene with people the first slot holds a person, in a scene without it nearly
always holds something else of about that size. So position, size and overlap of things do not tell the
classes apart: what the things are does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from wakeling.data.scenes.backgrounds import BACKGROUNDS
from wakeling.data.scenes.dice import Dice
from wakeling.data.scenes.distractors import CLOSE, OCCLUDERS, choices, kind_named

PERSON = "person"
CLOSE_HEIGHT = 1.25  # a figure taller than this is cut by the frame: a close view

NOTHING_THERE = 0.1  # of the scenes without people, so many leave the main place empty
ONE_MORE = 0.25  # a person has more edges than most things have, so these show one thing more
ONE_LESS = 0.8  # and of the scenes that show a person and something else, so many show one thing less


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to draw, standing at (`x`, `foot`) and `height` tall, in fractions of the picture's side.

    `role` is subject, occluder or speck (a person too far away to count); `stream` names its own dice.
    """

    name: str
    role: str
    x: float
    foot: float
    height: float
    mirror: int
    stream: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A scene before it is drawn; `items` from the farthest to the nearest."""

    label: int
    background: str
    horizon: float
    light: int
    items: tuple[Item, ...]


_BACKGROUND_WEIGHTS = tuple((name, weight) for name, (_, weight) in BACKGROUNDS.items())


def plan_scene(dice: Dice) -> Plan:
    """A random scene; half of them show a person."""
    label = 1 if dice.chance(0.5) else 0
    background = dice.weighted(_BACKGROUND_WEIGHTS)
    horizon = dice.uniform(0.2, 0.6)
    eye = dice.uniform(0.75, 1.25)
    slots = [_main_slot(dice, horizon, eye)]
    for _ in range(dice.weighted(((0, 6.0), (1, 3.0), (2, 1.0)))):
        slots.append(_other_slot(dice, slots[0], horizon, eye))
    items = [_fill(dice, slots[0], background, person=label == 1)]
    together = dice.chance(0.3)  # a group of people, or a flock of the same thing
    for slot in slots[1:]:
        person = label == 1 and dice.chance(0.9 if together else 0.2)
        again = label == 0 and together and dice.chance(0.6) and slots[0].height <= CLOSE_HEIGHT
        if again:
            items.append(_stand_in(dice, slot, items[0].name))
        else:
            items.append(_fill(dice, slot, background, person=person))
    if label == 1 and len(items) > 1 and dice.chance(ONE_LESS):
        items.pop()
    if label == 0:
        items = items[1:] if dice.chance(NOTHING_THERE) else items
        if dice.chance(ONE_MORE):
            items.append(_fill(dice, _other_slot(dice, slots[0], horizon, eye), background, person=False))
    items.extend(_occluders(dice, slots[0]))
    if dice.chance(0.06):
        items.extend(_specks(dice, horizon))
    order = {"speck": 0, "subject": 1, "occluder": 2}
    items.sort(key=lambda item: (order[item.role], item.foot))
    numbered = tuple(replace(item, stream=stream) for stream, item in enumerate(items))
    return Plan(label=label, background=background, horizon=horizon, light=dice.sign(), items=numbered)


def _item(dice: Dice, x: float, foot: float, height: float, role: str = "subject") -> Item:
    return Item(name="", role=role, x=x, foot=foot, height=height, mirror=dice.sign(), stream=0)


def _main_slot(dice: Dice, horizon: float, eye: float) -> Item:
    """Mostly whole figures at all distances; a quarter are cut by the frame."""
    if dice.chance(0.25):
        height = math.exp(dice.uniform(math.log(CLOSE_HEIGHT), math.log(2.2)))
        return _item(dice, dice.middling(0.12, 0.88), dice.uniform(0.02, 0.3) + height, height)
    least = 0.35 if dice.chance(0.1) else 0.78
    height = math.exp(dice.uniform(math.log(least), math.log(1.2)))
    foot = min(horizon + height * eye * 0.8, dice.uniform(0.95, 1.2))
    foot = max(foot, height * dice.uniform(0.8, 1.0) if dice.chance(0.1) else height * 1.02)
    margin = min(0.35, 0.15 * height)
    return _item(dice, dice.uniform(margin, 1 - margin), foot, height)


def _other_slot(dice: Dice, main: Item, horizon: float, eye: float) -> Item:
    near = dice.chance(0.4)
    scale = dice.uniform(0.7, 1.05) if near else dice.uniform(0.4, 0.9)
    height = min(main.height, 1.3) * scale
    height = max(height, 0.2)
    foot = min(horizon + height * eye * 0.8, 1.15)
    x = main.x + dice.sign() * dice.uniform(0.2, 0.45) * height if near else dice.uniform(-0.02, 1.02)
    return _item(dice, x, max(foot, height * 0.85), height)


def _fill(dice: Dice, slot: Item, background: str, *, person: bool) -> Item:
    if person:
        return replace(slot, name=PERSON)
    close = slot.height > CLOSE_HEIGHT
    return _stand_in(dice, slot, dice.weighted(CLOSE if close else choices(background)))


def _stand_in(dice: Dice, slot: Item, name: str) -> Item:
    """Something else in a person's place: a close view keeps the top in the picture, others the foot."""
    low, high = kind_named(name).tallness
    if slot.height <= CLOSE_HEIGHT:
        return replace(slot, name=name, height=slot.height * dice.uniform(low, high))
    height = min(slot.height * dice.uniform(0.35, 0.75), 1.7)
    return replace(slot, name=name, height=height, foot=slot.foot - slot.height + height)


def _occluders(dice: Dice, main: Item) -> list[Item]:
    """Sometimes something in front of the main slot, hiding a part of it."""
    if not dice.chance(0.1):
        return []
    name = dice.weighted(OCCLUDERS)
    low, high = kind_named(name).tallness
    height = min(main.height, 1.3) * dice.uniform(low, high)
    x = main.x + dice.uniform(-0.22, 0.22) * min(main.height, 1.3)
    foot = min(main.foot, 1.08) + dice.uniform(0.0, 0.1)
    return [replace(_item(dice, x, foot, height, "occluder"), name=name)]


def _specks(dice: Dice, horizon: float) -> list[Item]:
    """People so far away that they do not count; they come in both classes."""
    return [
        replace(_item(dice, dice.unit(), horizon + dice.uniform(0.03, 0.08), 0.055, "speck"), name=PERSON)
        for _ in range(dice.integer(1, 3))
    ]
