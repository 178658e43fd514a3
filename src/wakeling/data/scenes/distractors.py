"""The table of everything that is drawn besides people, with how tall it stands beside one.

`tallness` is the range of its height as a fraction of the height that a person would have in its place.
`place` says where it belongs: "out", "in" or "any".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wakeling.data.scenes import animals, furniture, nature, street
from wakeling.data.scenes.brush import Brush
from wakeling.data.scenes.dice import Dice


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of thing: how to draw it, how tall it is, where it belongs, how often it comes."""

    draw: Callable[[Brush, Dice], None]
    tallness: tuple[float, float]
    place: str
    weight: float = 1.0


DISTRACTORS: dict[str, Kind] = {
    "dog": Kind(draw=animals.dog, tallness=(0.35, 0.75), place="any", weight=1.4),
    "cat": Kind(draw=animals.cat, tallness=(0.3, 0.6), place="any"),
    "horse": Kind(draw=animals.horse, tallness=(0.8, 1.15), place="out", weight=1.2),
    "sheep": Kind(draw=animals.sheep, tallness=(0.4, 0.7), place="out", weight=0.7),
    "sitting dog": Kind(draw=animals.sitting_dog, tallness=(0.45, 0.95), place="any", weight=1.1),
    "bird": Kind(draw=animals.bird, tallness=(0.3, 0.8), place="out"),
    "flying birds": Kind(draw=animals.flying_birds, tallness=(0.6, 1.2), place="out", weight=0.6),
    "toy bear": Kind(draw=animals.toy_bear, tallness=(0.4, 0.9), place="any", weight=0.6),
    "tree": Kind(draw=nature.tree, tallness=(0.9, 1.6), place="out", weight=1.3),
    "bare tree": Kind(draw=nature.bare_tree, tallness=(0.9, 1.4), place="out", weight=0.9),
    "conifer": Kind(draw=nature.conifer, tallness=(0.8, 1.5), place="out"),
    "palm": Kind(draw=nature.palm, tallness=(1.0, 1.6), place="out", weight=0.7),
    "bush": Kind(draw=nature.bush, tallness=(0.4, 0.7), place="out"),
    "cactus": Kind(draw=nature.cactus, tallness=(0.7, 1.1), place="any"),
    "potted plant": Kind(draw=nature.potted_plant, tallness=(0.6, 1.0), place="any"),
    "flower": Kind(draw=nature.sunflower, tallness=(0.7, 1.1), place="any", weight=0.6),
    "snowman": Kind(draw=nature.snowman, tallness=(0.7, 1.0), place="out", weight=0.8),
    "rocks": Kind(draw=nature.rocks, tallness=(0.4, 0.8), place="out", weight=0.7),
    "statue": Kind(draw=street.statue, tallness=(0.9, 1.25), place="any", weight=0.9),
    "lamp post": Kind(draw=street.lamp_post, tallness=(1.0, 1.6), place="out", weight=1.2),
    "traffic sign": Kind(draw=street.traffic_sign, tallness=(0.8, 1.3), place="out", weight=1.4),
    "traffic light": Kind(draw=street.traffic_light, tallness=(0.9, 1.4), place="out"),
    "bin": Kind(draw=street.bin_, tallness=(0.4, 0.75), place="any"),
    "hydrant": Kind(draw=street.hydrant, tallness=(0.4, 0.8), place="out"),
    "car": Kind(draw=street.car, tallness=(0.45, 0.8), place="out", weight=1.2),
    "car front": Kind(draw=street.car_front, tallness=(0.6, 0.9), place="out", weight=0.8),
    "bicycle": Kind(draw=street.bicycle, tallness=(0.5, 0.7), place="any", weight=0.9),
    "parasol": Kind(draw=street.parasol, tallness=(0.9, 1.3), place="out"),
    "ball": Kind(draw=street.ball, tallness=(0.3, 0.9), place="any", weight=1.3),
    "boxes": Kind(draw=street.boxes, tallness=(0.5, 0.9), place="any", weight=1.2),
    "fence": Kind(draw=street.fence, tallness=(0.45, 0.7), place="out", weight=0.6),
    "kiosk": Kind(draw=street.kiosk, tallness=(1.0, 1.4), place="out", weight=0.7),
    "coat on a stand": Kind(draw=furniture.coat_stand, tallness=(0.9, 1.1), place="any", weight=0.8),
    "dress form": Kind(draw=furniture.dress_form, tallness=(0.8, 1.0), place="any", weight=0.8),
    "chair": Kind(draw=furniture.chair, tallness=(0.5, 0.7), place="in", weight=1.4),
    "table": Kind(draw=furniture.table, tallness=(0.4, 0.6), place="in"),
    "floor lamp": Kind(draw=furniture.floor_lamp, tallness=(0.8, 1.1), place="in", weight=1.4),
    "armchair": Kind(draw=furniture.armchair, tallness=(0.45, 0.7), place="in"),
    "shelf": Kind(draw=furniture.shelf, tallness=(0.8, 1.2), place="in"),
    "vase": Kind(draw=furniture.vase, tallness=(0.4, 0.9), place="in", weight=0.8),
    "door": Kind(draw=furniture.door, tallness=(1.1, 1.3), place="in", weight=0.8),
}

CLOSE = (
    ("pet face", 3.0),
    ("statue", 0.9),
    ("ball", 1.2),
    ("vase", 0.9),
    ("toy bear", 0.7),
    ("flower", 0.6),
    ("potted plant", 1.0),
    ("coat on a stand", 1.2),
    ("dress form", 1.2),
    ("sitting dog", 1.5),
    ("boxes", 0.8),
    ("floor lamp", 0.8),
    ("snowman", 0.6),
    ("chair", 0.5),
    ("car front", 0.5),
)
PET_FACE = Kind(draw=animals.pet_face, tallness=(0.6, 1.0), place="any")

INDOORS = ("room",)
ANYWHERE = ("gradient", "texture")

OCCLUDERS: tuple[tuple[str, float], ...] = (
    ("lamp post", 1.2),
    ("traffic sign", 0.6),
    ("bush", 1.5),
    ("fence", 1.2),
    ("bin", 1.0),
    ("boxes", 1.0),
    ("chair", 1.2),
    ("table", 1.2),
    ("car", 0.8),
    ("potted plant", 1.0),
    ("bare tree", 0.8),
)


def kind_named(name: str) -> Kind:
    """The entry of the table called `name`."""
    return PET_FACE if name == "pet face" else DISTRACTORS[name]


def choices(background: str) -> tuple[tuple[str, float], ...]:
    """The kinds that belong in front of a background, with their weights."""
    return _CHOICES["any" if background in ANYWHERE else "in" if background in INDOORS else "out"]


_CHOICES = {
    where: tuple(
        (name, kind.weight)
        for name, kind in DISTRACTORS.items()
        if where == "any" or kind.place in (where, "any")
    )
    for where in ("any", "in", "out")
}
