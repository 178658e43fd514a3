"""`render`: seed and index in, one labeled picture out. The order of the work, and the label's rule.

The label says whether a person can be seen: the box around the visible part of the largest person covers
at least 0.5 % of the picture, as in Visual Wake Words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wakeling.data.scenes.backgrounds import Backdrop, paint_background
from wakeling.data.scenes.brush import Brush, Surface
from wakeling.data.scenes.camera import cast_shadow, photograph
from wakeling.data.scenes.dice import Dice
from wakeling.data.scenes.distractors import kind_named
from wakeling.data.scenes.figures import draw_person
from wakeling.data.scenes.furniture import chair
from wakeling.data.scenes.people import Person, sample_person
from wakeling.data.scenes.plan import CLOSE_HEIGHT, PERSON, Item, Plan, plan_scene
from wakeling.errors import DataError

SCENES_VERSION = 2
AREA_THRESHOLD = 0.005
SIZES = (48, 512)

_PLAN, _BACKGROUND, _CAMERA, _ITEMS = 0, 1, 2, 3  # the first part of each stream's name
_ENOUGH_SEEN = 0.4  # a person hidden more than this loses what hides it


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonBox:
    """The box around the visible part of one person, in fractions of the picture's side."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area_fraction(self) -> float:
        """The part of the picture that the box covers."""
        return (self.right - self.left) * (self.bottom - self.top)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A rendered scene: `image` is uint8 (size, size, 3); `label` is 1 when a person is in view.

    `person_area_fraction` is the area of the largest person's box, 0.0 where nobody is drawn; `contents`
    lists what was drawn, from back to front, as "background:street", "subject:dog" or "occluder:bush".
    """

    image: NDArray[np.uint8]
    label: int
    person_area_fraction: float
    boxes: tuple[PersonBox, ...]
    contents: tuple[str, ...]


def render(seed: int, index: int, size: int = 96) -> Scene:
    """The scene number `index` of the endless series `seed`, `size` pixels square.

    The same arguments give the same scene in every process and in any order of calls. Raises DataError
    for a negative seed or index, and for a size outside of 48 to 512.
    """
    _check(seed, index, size)
    plan = plan_scene(Dice(seed, index, _PLAN))
    drawing = draw_plan(plan, seed, index, size)
    image = photograph(Dice(seed, index, _CAMERA), drawing.image, size)
    boxes = drawing.boxes
    largest = max((box.area_fraction for box in boxes), default=0.0)
    contents = [f"background:{plan.background}", *drawing.contents]
    return Scene(
        image=image,
        label=1 if largest >= AREA_THRESHOLD else 0,
        person_area_fraction=largest,
        boxes=boxes,
        contents=tuple(contents),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A drawn plan, twice as large as the picture will be, before the camera."""

    image: Image.Image
    boxes: tuple[PersonBox, ...]
    contents: tuple[str, ...]


def draw_plan(plan: Plan, seed: int, index: int, size: int) -> Drawing:
    """Draws a plan; a person who ends up nearly hidden gets rid of what stands in front."""
    backdrop = paint_background(Dice(seed, index, _BACKGROUND), plan.background, plan.horizon, 2 * size)
    drawing, hidden = _draw_items(plan, backdrop, seed, index)
    if hidden:
        bare = replace(plan, items=_without_cover(plan.items))
        drawing, _ = _draw_items(bare, backdrop, seed, index)
    return drawing


def _without_cover(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The people, and of the rest only what stands behind all of them."""
    first = next(k for k, item in enumerate(items) if item.name == PERSON and item.role == "subject")
    behind = items[:first]
    return (*behind, *(item for item in items[first:] if item.name == PERSON))


def _draw_items(plan: Plan, backdrop: Backdrop, seed: int, index: int) -> tuple[Drawing, bool]:
    image = backdrop.image.copy()
    surface = Surface(image, plan.light)
    contents: list[str] = []
    drawn_pixels: list[int] = []
    for item in plan.items:
        dice = Dice(seed, index, _ITEMS, item.stream)
        brush = Brush(surface, item.x, item.foot, item.height, item.mirror)
        if item.name == PERSON:
            person = sample_person(
                dice,
                close=item.height > CLOSE_HEIGHT or item.role == "speck",
                ambient=dice.choice(backdrop.colors),
            )
            surface.track(0)
            if person.pose.holds == "seat":
                _seat(surface, item, person)
            if item.height <= CLOSE_HEIGHT:
                brush.shadow(0.0, 0.16, 0.3)
            surface.track(len(drawn_pixels) + 1)
            draw_person(brush, person)
            surface.track(0)
            drawn_pixels.append(_count(surface, len(drawn_pixels) + 1))
            contents.append(f"{item.role}:person, {person.pose.family}")
        else:
            kind_named(item.name).draw(brush, dice)
            contents.append(f"{item.role}:{item.name}")
    cast_shadow(Dice(seed, index, _ITEMS, 99), image)
    if not drawn_pixels or surface.owners is None:
        return Drawing(image=image, boxes=(), contents=tuple(contents)), False
    owners = np.asarray(surface.owners)
    boxes = [_box(owners, number) for number in range(1, len(drawn_pixels) + 1)]
    seen = [int(np.count_nonzero(owners == n + 1)) for n in range(len(drawn_pixels))]
    enough = any(
        box is not None
        and box.area_fraction >= 2 * AREA_THRESHOLD
        and seen[n] >= _ENOUGH_SEEN * drawn_pixels[n]
        for n, box in enumerate(boxes)
    )
    found = tuple(box for box in boxes if box is not None)
    return Drawing(image=image, boxes=found, contents=tuple(contents)), plan.label == 1 and not enough


def _seat(surface: Surface, item: Item, person: Person) -> None:
    brush = Brush(surface, item.x, item.foot, 0.53 * item.height, item.mirror)
    chair(brush, Dice(sum(person.top), sum(person.bottom)))


def _count(surface: Surface, number: int) -> int:
    return int(np.count_nonzero(np.asarray(surface.owners) == number))


def _box(owners: NDArray[np.uint8], number: int) -> PersonBox | None:
    mine = owners == number
    rows = np.flatnonzero(mine.any(axis=1))
    if rows.size == 0:
        return None
    columns = np.flatnonzero(mine.any(axis=0))
    side = owners.shape[0]
    return PersonBox(
        left=float(columns[0]) / side,
        top=float(rows[0]) / side,
        right=float(columns[-1] + 1) / side,
        bottom=float(rows[-1] + 1) / side,
    )


def _check(seed: int, index: int, size: int) -> None:
    for name, value in (("seed", seed), ("index", index)):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 0:
            raise DataError(f"a scene's {name} was {value!r}; it must be an integer from 0 up")
    if not isinstance(size, (int, np.integer)) or not SIZES[0] <= size <= SIZES[1]:
        raise DataError(
            f"a scene's size was {size!r}; it must be an integer from {SIZES[0]} to {SIZES[1]} pixels"
        )
