"""The postures of articulated figures: families of joint angles, and the joints they lead to.

Angles are degrees away from straight down, positive toward the side the figure faces (seen from the side)
or outward (seen from the front). Lengths are fractions of the standing height of the figure.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from wakeling.data.scenes.brush import Point
from wakeling.data.scenes.dice import Dice

THIGH, SHIN, TORSO, UPPER_ARM, FOREARM = 0.235, 0.225, 0.30, 0.165, 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Joint angles in degrees; `arms` and `legs` hold (upper, lower) for the far and the near limb."""

    family: str
    side_view: bool
    lean: float
    nod: float
    arms: tuple[tuple[float, float], tuple[float, float]]
    legs: tuple[tuple[float, float], tuple[float, float]]
    thigh_shortening: float = 1.0
    holds: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """Where the joints are, y up from the ground; pairs are (far, near) or (left, right)."""

    hip: Point
    shoulder: Point
    hips: tuple[Point, Point]
    knees: tuple[Point, Point]
    ankles: tuple[Point, Point]
    shoulders: tuple[Point, Point]
    elbows: tuple[Point, Point]
    wrists: tuple[Point, Point]


def _hanging(dice: Dice) -> tuple[float, float]:
    upper = dice.uniform(2, 18)
    return upper, upper + dice.uniform(-14, 16)


def _standing(dice: Dice) -> Pose:
    side = dice.chance(0.3)
    arms = [_hanging(dice), _hanging(dice)]
    if dice.chance(0.3):  # a hand on the hip
        arms[dice.integer(0, 1)] = (dice.uniform(30, 48), dice.uniform(-60, -35))
    elif dice.chance(0.25):  # a hand at the face, as with a telephone
        arms[1] = (dice.uniform(20, 40), dice.uniform(150, 172))
    elif dice.chance(0.2):  # arms folded
        arms = [(12.0, -80.0), (12.0, -75.0)]
    spread = dice.uniform(0, 9)
    legs = ((spread, spread * 0.6), (spread, spread * 0.5))
    lean = dice.uniform(-3, 4)
    return Pose(
        family="standing",
        side_view=side,
        lean=lean,
        nod=dice.uniform(-8, 12),
        arms=(arms[0], arms[1]),
        legs=((-spread, -spread), (spread, spread * 0.5)) if side else legs,
    )


def _walking(dice: Dice) -> Pose:
    stride, swing = dice.uniform(12, 30), dice.uniform(12, 32)
    forward = dice.sign()
    near, far = stride * forward, -stride * forward
    legs = tuple((t, t - (dice.uniform(2, 12) if t > 0 else dice.uniform(12, 34))) for t in (far, near))
    arms = tuple((-t / stride * swing, -t / stride * swing + dice.uniform(8, 35)) for t in (far, near))
    return Pose(
        family="walking",
        side_view=True,
        lean=dice.uniform(0, 7),
        nod=dice.uniform(-5, 8),
        arms=(arms[0], arms[1]),
        legs=(legs[0], legs[1]),
    )


def _running(dice: Dice) -> Pose:
    front, back = dice.uniform(40, 65), dice.uniform(-45, -20)
    legs = ((front, front - dice.uniform(40, 80)), (back, back - dice.uniform(40, 75)))
    forward, backward = dice.uniform(20, 45), dice.uniform(-60, -35)
    arms = ((backward, backward + dice.uniform(70, 100)), (forward, forward + dice.uniform(70, 100)))
    if dice.chance(0.5):
        legs, arms = (legs[1], legs[0]), (arms[1], arms[0])
    return Pose(
        family="running",
        side_view=True,
        lean=dice.uniform(6, 20),
        nod=dice.uniform(-6, 6),
        arms=arms,
        legs=legs,
    )


def _sitting(dice: Dice) -> Pose:
    side = dice.chance(0.55)
    thigh = dice.uniform(76, 92)
    shin = dice.uniform(-15, 15)
    reach = (dice.uniform(15, 50), dice.uniform(50, 100))
    near = (dice.uniform(10, 50), dice.uniform(40, 110))
    if side:
        legs = ((thigh + 4, shin + dice.uniform(-6, 20)), (thigh, shin))
        return Pose(
            family="sitting",
            side_view=True,
            lean=dice.uniform(-14, 12),
            nod=dice.uniform(-5, 20),
            arms=(reach, near),
            legs=legs,
            holds="seat",
        )
    spread = dice.uniform(8, 30)
    return Pose(
        family="sitting",
        side_view=False,
        lean=dice.uniform(-4, 4),
        nod=dice.uniform(-5, 20),
        arms=((dice.uniform(8, 30), dice.uniform(-40, 10)), (dice.uniform(8, 30), dice.uniform(-40, 10))),
        legs=((spread, dice.uniform(-8, 8)), (spread, dice.uniform(-8, 8))),
        thigh_shortening=dice.uniform(0.35, 0.6),
        holds="seat",
    )


def _raised(dice: Dice) -> Pose:
    both = dice.chance(0.55)
    up = (dice.uniform(115, 168), dice.uniform(140, 185))
    other = (dice.uniform(115, 168), dice.uniform(140, 185)) if both else _hanging(dice)
    spread = dice.uniform(2, 16)
    return Pose(
        family="arms raised",
        side_view=False,
        lean=dice.uniform(-6, 6),
        nod=dice.uniform(-10, 8),
        arms=(other, up) if dice.chance(0.5) else (up, other),
        legs=((spread, spread * 0.7), (spread, spread * 0.7)),
    )


def _bending(dice: Dice) -> Pose:
    lean = dice.uniform(35, 80)
    knee = dice.uniform(5, 45)
    arm = dice.uniform(-10, 35)
    return Pose(
        family="bending",
        side_view=True,
        lean=lean,
        nod=lean * dice.uniform(0.2, 0.7),
        arms=((arm + 8, arm + dice.uniform(0, 25)), (arm, arm + dice.uniform(0, 30))),
        legs=((knee, -knee * 0.8), (knee - 6, -knee * 0.8 - 4)),
    )


def _crouching(dice: Dice) -> Pose:
    thigh = dice.uniform(80, 115)
    shin = dice.uniform(-50, -25)
    arm = dice.uniform(25, 60)
    return Pose(
        family="crouching",
        side_view=True,
        lean=dice.uniform(15, 40),
        nod=dice.uniform(0, 20),
        arms=((arm + 6, arm + 35), (arm, arm + dice.uniform(10, 50))),
        legs=((thigh - 12, shin - 6), (thigh, shin)),
    )


def _carrying(dice: Dice) -> Pose:
    bag = dice.chance(0.5)
    stride = dice.uniform(0, 20)
    carry = (dice.uniform(4, 24), dice.uniform(75, 105))
    return Pose(
        family="carrying",
        side_view=not bag or dice.chance(0.5),
        lean=dice.uniform(-7, 5),
        nod=dice.uniform(-4, 8),
        arms=(_hanging(dice), (dice.uniform(2, 9), dice.uniform(2, 9))) if bag else (carry, carry),
        legs=((-stride, -stride - 10), (stride, stride - 6)),
        holds="bag" if bag else "box",
    )


POSES: tuple[tuple[Callable[[Dice], Pose], float], ...] = (
    (_standing, 4.0),
    (_walking, 3.0),
    (_running, 1.3),
    (_sitting, 2.0),
    (_raised, 1.2),
    (_bending, 0.5),
    (_crouching, 0.4),
    (_carrying, 1.3),
)


def sample_pose(dice: Dice) -> Pose:
    """A posture of a random family."""
    return dice.weighted(POSES)(dice)


def upright_pose(dice: Dice) -> Pose:
    """A posture for a close view, where the legs are out of the picture anyhow."""
    return dice.weighted(((_standing, 5.0), (_raised, 1.0)))(dice)


def _step(start: Point, degrees: float, length: float, outward: float) -> Point:
    turn = math.radians(degrees)
    return start[0] + outward * math.sin(turn) * length, start[1] - math.cos(turn) * length


def joints(pose: Pose, *, shoulder_half_width: float, hip_half_width: float) -> Skeleton:
    """The joints of a figure in `pose` whose lowest ankle stands just above the ground."""
    if pose.side_view:
        shoulder_half_width, hip_half_width = 0.25 * shoulder_half_width, 0.2 * hip_half_width
    directions = (1.0, 1.0) if pose.side_view else (-1.0, 1.0)
    tilt = math.radians(pose.lean)
    along = (math.sin(tilt), math.cos(tilt))
    across = (along[1], -along[0])
    hip = (0.0, 0.0)
    shoulder = (along[0] * TORSO, along[1] * TORSO)
    hips, knees, ankles, shoulders, elbows, wrists = [], [], [], [], [], []
    for limb, (side, direction) in enumerate(zip((-1.0, 1.0), directions, strict=True)):
        if pose.side_view:
            side = -side
        root = (side * hip_half_width, 0.0)
        knee = _step(root, pose.legs[limb][0], THIGH * pose.thigh_shortening, direction)
        hips.append(root)
        knees.append(knee)
        ankles.append(_step(knee, pose.legs[limb][1], SHIN, direction))
        top = (
            shoulder[0] + side * shoulder_half_width * across[0],
            shoulder[1] + side * shoulder_half_width * across[1] - 0.025,
        )
        elbow = _step(top, pose.arms[limb][0], UPPER_ARM, direction)
        shoulders.append(top)
        elbows.append(elbow)
        wrists.append(_step(elbow, pose.arms[limb][1], FOREARM, direction))
    rise = 0.035 - min(ankles[0][1], ankles[1][1], min(knees[0][1], knees[1][1]) - 0.01)

    def raised(points: list[Point]) -> tuple[Point, Point]:
        return (points[0][0], points[0][1] + rise), (points[1][0], points[1][1] + rise)

    return Skeleton(
        hip=(hip[0], hip[1] + rise),
        shoulder=(shoulder[0], shoulder[1] + rise),
        hips=raised(hips),
        knees=raised(knees),
        ankles=raised(ankles),
        shoulders=raised(shoulders),
        elbows=raised(elbows),
        wrists=raised(wrists),
    )
