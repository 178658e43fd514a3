"""Who is in the picture: build, colors, clothes and posture of one person, or of a statue of one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from wakeling.data.scenes.dice import Dice
from wakeling.data.scenes.heads import HAIRSTYLES, HATS, Head
from wakeling.data.scenes.palette import HAIR, Color, jitter, paint, pick, shade, skin
from wakeling.data.scenes.poses import Pose, sample_pose, upright_pose


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person: build, colors, clothes and posture."""

    pose: Pose
    build: float
    head_scale: float
    skin: Color
    head: Head
    top: Color
    bottom: Color
    shoes: Color
    accent: Color
    sleeves: str
    legwear: str
    pattern: str
    back_turned: bool
    backpack: bool
    stone: bool = False


def sample_person(dice: Dice, *, close: bool = False, ambient: Color | None = None) -> Person:
    """A random person; `ambient` is a color of the surroundings that the clothes sometimes blend into."""
    pose = upright_pose(dice) if close else sample_pose(dice)
    child = dice.chance(0.15)
    tone = skin(dice)
    top, bottom = paint(dice), paint(dice)
    if ambient is not None and dice.chance(0.12):
        top = jitter(dice, ambient, 22.0)
        if dice.chance(0.5):
            bottom = jitter(dice, ambient, 26.0)
    if dice.chance(0.12):
        bottom = top
    back = not pose.side_view and pose.family != "sitting" and dice.chance(0.08 if close else 0.12)
    hat = dice.weighted(HATS)
    head = Head(
        skin=tone,
        hair=pick(dice, HAIR, 10.0),
        hairstyle=dice.weighted(HAIRSTYLES),
        hat=hat,
        hat_color=paint(dice),
        view="back" if back else "side" if pose.side_view else dice.choice(("front", "front", "turned")),
        beard=hat != "scarf" and dice.chance(0.15),
        glasses=dice.chance(0.15),
        mouth=dice.choice(("plain", "smile", "open")),
        width=dice.uniform(0.92, 1.1),
    )
    return Person(
        pose=pose,
        build=dice.middling(0.82, 1.45),
        head_scale=dice.uniform(1.4, 1.6) if child else dice.uniform(1.15, 1.35),
        skin=tone,
        head=head,
        top=top,
        bottom=bottom,
        shoes=shade(paint(dice), 0.7),
        accent=paint(dice),
        sleeves=dice.weighted((("long", 5.0), ("short", 4.0), ("none", 1.2))),
        legwear=dice.weighted(
            (("trousers", 6.0), ("shorts", 2.0), ("skirt", 1.2), ("dress", 1.2), ("coat", 1.2))
        ),
        pattern=dice.weighted((("plain", 6.0), ("stripes", 1.5), ("jacket", 2.0), ("print", 1.0))),
        back_turned=back,
        backpack=dice.chance(0.12),
    )


def in_stone(person: Person, color: Color) -> Person:
    """The same figure as a sculptor would leave it: one color from head to foot, no hat, no glasses."""
    head = replace(
        person.head, skin=color, hair=shade(color, 0.9), hat="none", glasses=False, beard=False, stone=True
    )
    return replace(
        person,
        skin=color,
        head=head,
        top=color,
        bottom=color,
        shoes=color,
        accent=shade(color, 0.85),
        pattern="plain",
        backpack=False,
        stone=True,
    )
