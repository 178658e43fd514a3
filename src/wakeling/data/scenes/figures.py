"""How a person is drawn: legs, torso, clothes, arms and what they carry. Who it is comes from `people`.

A figure is drawn in units of its standing height, far limbs first.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from wakeling.data.scenes.brush import Brush, Point
from wakeling.data.scenes.heads import draw_head
from wakeling.data.scenes.palette import mix, shade
from wakeling.data.scenes.people import Person
from wakeling.data.scenes.poses import Skeleton, joints

Place = Callable[[float, float], Point]

DETAIL_PIXELS = 60.0  # below this height a figure gets no buttons, belts or patterns


def draw_person(brush: Brush, person: Person, *, bust: bool = False) -> None:
    """Draws the figure, 1 unit tall when standing, feet at the brush's origin; `bust` omits the limbs."""
    build = person.build
    shoulder, hip = 0.098 * (0.6 + 0.4 * build), 0.056 * (0.4 + 0.6 * build)
    if person.head_scale > 1.38:
        shoulder *= 0.9
    bones = joints(person.pose, shoulder_half_width=shoulder, hip_half_width=hip)
    side_view = person.pose.side_view
    limbs = not bust
    if limbs:
        if side_view:
            _arm(brush, person, bones, 0, far=True)
        _leg(brush, person, bones, 0, far=side_view)
        _leg(brush, person, bones, 1, far=False)
    if person.backpack and side_view:
        _backpack(brush, person, bones)
    if person.head.hairstyle in ("long", "ponytail") and not person.back_turned:
        _draw_head(brush, person, bones, behind=True)
    _torso(brush, person, bones, shoulder, hip)
    _neck(brush, person, bones)
    _draw_head(brush, person, bones, behind=False)
    if person.backpack and person.back_turned:
        _backpack(brush, person, bones)
    if limbs:
        if not side_view:
            _arm(brush, person, bones, 0, far=False)
        if person.pose.holds == "box":
            _box(brush, person, bones)
        _arm(brush, person, bones, 1, far=False)
        if person.pose.holds == "bag":
            _bag(brush, person, bones)


def _direction(bones: Skeleton) -> tuple[Point, Point]:
    """Unit vectors along the spine (hip to shoulder) and across it."""
    dx, dy = bones.shoulder[0] - bones.hip[0], bones.shoulder[1] - bones.hip[1]
    length = math.hypot(dx, dy)
    along = (dx / length, dy / length)
    return along, (along[1], -along[0])


def _leg(brush: Brush, person: Person, bones: Skeleton, limb: int, *, far: bool) -> None:
    thick = 0.6 + 0.4 * person.build
    bare = person.legwear in ("shorts", "skirt", "dress")
    dim = 0.78 if far else 1.0
    cloth, bare_skin = shade(person.bottom, dim), shade(person.skin, dim)
    hip, knee, ankle = bones.hips[limb], bones.knees[limb], bones.ankles[limb]
    shoe = shade(person.shoes, dim)
    toe = 0.055 if person.pose.side_view else 0.016 * (-1 if limb == 0 else 1)
    lift = min(0.0, (ankle[0] - knee[0]) * 0.5) if person.pose.side_view else 0.0
    brush.tube(knee, ankle, 0.036 * thick, 0.024 * thick, bare_skin if bare else cloth)
    brush.limb((ankle[0], ankle[1] - 0.012), (ankle[0] + toe, ankle[1] - 0.018 + lift), 0.022, 0.017, shoe)
    upper = bare_skin if bare and person.legwear != "shorts" else cloth
    brush.tube(hip, knee, 0.055 * thick, 0.039 * thick, upper)


def _arm(brush: Brush, person: Person, bones: Skeleton, limb: int, *, far: bool) -> None:
    thick = 0.65 + 0.35 * person.build
    dim = 0.76 if far else 0.94
    cloth, bare = shade(person.top, dim), shade(person.skin, 0.8 if far else 1.0)
    shoulder, elbow, wrist = bones.shoulders[limb], bones.elbows[limb], bones.wrists[limb]
    lower = cloth if person.sleeves == "long" else bare
    upper = bare if person.sleeves == "none" else cloth
    hand = (wrist[0] + (wrist[0] - elbow[0]) * 0.1, wrist[1] + (wrist[1] - elbow[1]) * 0.1)
    brush.limb(wrist, hand, 0.017, 0.019, bare)
    brush.tube(elbow, wrist, 0.026 * thick, 0.019 * thick, lower)
    if person.sleeves == "short":
        middle = ((shoulder[0] + elbow[0]) / 2, (shoulder[1] + elbow[1]) / 2)
        brush.tube(middle, elbow, 0.028 * thick, 0.026 * thick, bare)
        brush.tube(shoulder, middle, 0.035 * thick, 0.034 * thick, upper)
    else:
        brush.tube(shoulder, elbow, 0.034 * thick, 0.028 * thick, upper)


def _torso(brush: Brush, person: Person, bones: Skeleton, shoulder: float, hip: float) -> None:
    along, across = _direction(bones)
    build = person.build
    if person.pose.side_view:
        chest, belly, seat, neck = 0.062 * (0.5 + 0.5 * build), 0.055 * build, 0.062 * build, 0.03
    else:
        chest, belly, seat, neck = (
            shoulder,
            (0.07 if person.head_scale < 1.38 else 0.075) * build,
            hip + 0.042,
            0.032,
        )

    def at(height: float, width: float) -> Point:
        start = bones.hip
        length = 0.30
        return (
            start[0] + along[0] * height * length + across[0] * width,
            start[1] + along[1] * height * length + across[1] * width,
        )

    long = person.legwear in ("coat", "dress", "skirt")
    if long:
        _skirt(brush, person, bones, seat)
    outline = [
        at(-0.12, seat),
        at(0.35, belly),
        at(0.8, chest * 1.02),
        at(0.93, chest),
        at(1.0, chest * 0.75),
        at(1.06, neck),
        at(1.06, -neck),
        at(1.0, -chest * 0.75),
        at(0.93, -chest),
        at(0.8, -chest * 1.02),
        at(0.35, -belly),
        at(-0.12, -seat),
    ]
    color = person.top
    brush.polygon(outline, color)
    big = brush.pixels >= DETAIL_PIXELS
    if big:
        edge = -brush.light
        shadow = [
            at(-0.12, edge * seat),
            at(0.35, edge * belly),
            at(0.8, edge * chest),
            at(1.0, edge * chest * 0.75),
            at(1.0, edge * chest * 0.45),
            at(0.4, edge * belly * 0.4),
            at(-0.12, edge * seat * 0.45),
        ]
        brush.polygon(shadow, shade(color, 0.76))
    if person.legwear in ("trousers", "shorts"):
        brush.polygon(
            [at(-0.14, seat), at(0.1, seat * 0.97), at(0.1, -seat * 0.97), at(-0.14, -seat)], person.bottom
        )
        if big:
            brush.polygon(
                [at(0.07, seat), at(0.12, seat * 0.97), at(0.12, -seat * 0.97), at(0.07, -seat)],
                shade(person.bottom, 0.6),
            )
    if big and not person.stone:
        _PATTERNS[person.pattern](brush, person, at, chest, belly)


def _plain(brush: Brush, person: Person, at: Place, chest: float, belly: float) -> None:
    if not person.back_turned and not person.pose.side_view:
        brush.polygon([at(1.07, 0.03), at(0.93, 0.0), at(1.07, -0.03)], person.skin)


def _stripes(brush: Brush, person: Person, at: Place, chest: float, belly: float) -> None:
    for step in range(3):
        low = 0.25 + 0.22 * step
        width = belly + (chest - belly) * min(1.0, low + 0.1)
        width *= 0.97
        brush.polygon(
            [at(low, width), at(low + 0.1, width), at(low + 0.1, -width), at(low, -width)], person.accent
        )


def _jacket(brush: Brush, person: Person, at: Place, chest: float, belly: float) -> None:
    if person.back_turned or person.pose.side_view:
        return
    brush.polygon([at(1.05, 0.035), at(0.1, 0.018), at(0.1, -0.018), at(1.05, -0.035)], person.accent)
    brush.polygon([at(1.07, 0.03), at(0.9, 0.0), at(1.07, -0.03)], person.skin)


def _print(brush: Brush, person: Person, at: Place, chest: float, belly: float) -> None:
    if not person.pose.side_view:
        x, y = at(0.66, 0.0)
        brush.ellipse(x, y, 0.035, 0.035, person.accent)


_PATTERNS = {"plain": _plain, "stripes": _stripes, "jacket": _jacket, "print": _print}


def _skirt(brush: Brush, person: Person, bones: Skeleton, seat: float) -> None:
    """Cloth from the waist to around the knees, following the thighs."""
    left, right = sorted(bones.knees)
    flare = 0.03 if person.legwear == "coat" else 0.05
    reach = 0.75 if person.legwear == "coat" else 0.95
    hip = bones.hip

    def toward(knee: Point, side: float) -> Point:
        return hip[0] + (knee[0] - hip[0]) * reach + side, hip[1] + (knee[1] - hip[1]) * reach

    color = person.bottom if person.legwear == "skirt" else person.top
    brush.polygon(
        [
            (hip[0] - seat, hip[1] + 0.05),
            toward(left, -flare),
            toward(right, flare),
            (hip[0] + seat, hip[1] + 0.05),
        ],
        shade(color, 0.92),
    )


def _head_place(person: Person, bones: Skeleton) -> tuple[float, float, float]:
    """Center of the head and the angle (degrees forward) of the neck."""
    tilt = math.radians(0.55 * person.pose.lean + (person.pose.nod if person.pose.side_view else 0.0))
    reach = 0.042 + 0.068 * person.head_scale
    x = bones.shoulder[0] + math.sin(tilt) * reach + (0.008 if person.pose.side_view else 0.0)
    return x, bones.shoulder[1] + math.cos(tilt) * reach, math.degrees(tilt)


def _neck(brush: Brush, person: Person, bones: Skeleton) -> None:
    x, y, _ = _head_place(person, bones)
    color = person.top if person.stone else person.skin
    brush.limb(
        (bones.shoulder[0], bones.shoulder[1] + 0.005), (x, y - 0.03), 0.028, 0.027, shade(color, 0.84)
    )


def _draw_head(brush: Brush, person: Person, bones: Skeleton, *, behind: bool) -> None:
    x, y, tilt = _head_place(person, bones)
    draw_head(
        brush,
        person.head,
        x,
        y,
        0.068 * person.head_scale,
        tilt if person.pose.side_view else 0.0,
        behind=behind,
    )


def _backpack(brush: Brush, person: Person, bones: Skeleton) -> None:
    along, across = _direction(bones)
    offset = -0.085 if person.pose.side_view else 0.0
    x = bones.hip[0] + along[0] * 0.19 + across[0] * offset
    y = bones.hip[1] + along[1] * 0.19 + across[1] * offset
    half_width = 0.045 if person.pose.side_view else 0.075
    brush.leaf(x, y, 0.1, half_width, 90 - math.degrees(math.atan2(along[0], along[1])), person.accent)


def _box(brush: Brush, person: Person, bones: Skeleton) -> None:
    x, y = bones.wrists[1]
    half = 0.06 + 0.03 * person.build
    color = mix(person.accent, (176, 132, 88), 0.6)
    brush.slab(x - half * 0.7, y - 0.02, x + half * 1.1, y + half * 1.3, color)
    brush.slab(x - half * 0.7, y + half * 0.5, x + half * 1.1, y + half * 0.62, shade(color, 0.7))


def _bag(brush: Brush, person: Person, bones: Skeleton) -> None:
    x, y = bones.wrists[1]
    brush.limb((x, y), (x, y - 0.05), 0.01, 0.01, shade(person.accent, 0.7))
    brush.polygon(
        [(x - 0.05, y - 0.04), (x + 0.05, y - 0.04), (x + 0.06, y - 0.16), (x - 0.06, y - 0.16)],
        person.accent,
    )
