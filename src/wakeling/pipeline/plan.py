"""How the training time is spent: which candidates train, for how many epochs, on how many threads.

Made once from measured speeds and written down before anything trains, so that a run that is
killed and resumed, on a machine however busy, ends with the same model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wakeling.codec import decode, encode
from wakeling.errors import RunError
from wakeling.files import read_json, write_json
from wakeling.pipeline.pace import Pace
from wakeling.search.space import Point, StagedSpace
from wakeling.search.trial import Rung

SEARCH_SHARE = 0.35
"""Share of the training time that goes to the search; the rest trains and quantizes the winner."""

SPACE_SEARCH_SHARE = 0.5
"""The same for the search of a space, which has more to find."""

SUPERNET_SHARE = 0.6
"""Share of that search that trains the supernet, where one judges."""

FAKE_QUANTIZATION_SLOWDOWN = 2.0
"""An epoch with fake quantization takes about this many times a float epoch (measured: 1.6 to 2.1)."""

QUANTIZATION_SHARE = 0.15
"""Quantized epochs as a share of all epochs of the winner."""

MOST_EPOCHS = 300
"""With little data and much time: more passes than this no longer teach anything."""

_LADDERS = (
    (12, (4, 12)),
    (12, (3, 9)),
    (12, (2, 6)),
    (9, (2, 6)),
    (9, (1, 3)),
    (6, (1, 3)),
    (4, (1, 3)),
    (4, (1,)),
    (2, (1,)),
)
"""Finalists and rungs, the most thorough first."""


_STAGED_RUNGS = ((3, 9), (2, 6), (1, 3), (1,))
"""Rungs of the search of a space, the most thorough first."""

FEWEST_TRAININGS = 16
"""A search of fewer full trainings rather makes each of them shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finalist:
    """A candidate that will train, and for how long it trains if it wins.

    `images_per_second` is its measured training speed; `arena_bytes` TFLM's arena, measured before
    training (None where TFLM is missing).
    """

    candidate: str
    images_per_second: float
    arena_bytes: int | None
    epochs: int = 0
    quantization_epochs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the run will do; nothing after this depends on the clock, but for `Winning`.

    Of a grid, `finalists` are searched. Of a larger space, `staged` is: the part of it that space
    optimization kept, and `pace` tells how long each of its networks trains (None: all count alike,
    because the request fixed their number). `trainings` is the work of the search in full trainings,
    those of the last rung and of a typical network; `supernet_epochs` are spent before, where a
    supernet judges.
    """

    finalists: tuple[Finalist, ...] = ()
    staged: StagedSpace | None = None
    rungs: tuple[Rung, ...]
    trainings: int
    supernet_epochs: int = 0
    pace: Pace | None = None
    threads: int
    train_images: int
    search_minutes: float
    estimated_minutes: float

    def finalist(self, candidate: str) -> Finalist:
        """The finalist of that name."""
        return next(item for item in self.finalists if item.candidate == candidate)


def rung_sizes(candidates: int, rungs: int) -> tuple[int, ...]:
    """How many candidates each rung of halving trains: thirds of the one before, rounded, at least one."""
    sizes = [candidates]
    for _ in range(rungs - 1):
        sizes.append(max(1, round(sizes[-1] / 3)))
    return tuple(sizes)


def halving_trainings(candidates: int, epochs: tuple[int, ...]) -> int:
    """The work of successive halving over so many candidates, in full trainings, rounded up."""
    sizes = rung_sizes(candidates, len(epochs))
    return math.ceil(sum(size * count for size, count in zip(sizes, epochs, strict=True)) / epochs[-1])


def search_seconds(finalists: tuple[Finalist, ...], rung_epochs: tuple[int, ...], train_images: int) -> float:
    """Training seconds of successive halving over the finalists at their measured speeds."""
    if len(finalists) <= 1:
        return 0.0
    mean_speed = len(finalists) / sum(1 / finalist.images_per_second for finalist in finalists)
    sizes = rung_sizes(len(finalists), len(rung_epochs))
    epochs = sum(size * count for size, count in zip(sizes, rung_epochs, strict=True))
    return epochs * train_images / mean_speed


def choose_search(
    finalists: tuple[Finalist, ...], *, seconds: float, train_images: int
) -> tuple[tuple[Finalist, ...], tuple[int, ...]]:
    """The most thorough search that fits `seconds`; none at all where not even the least does."""
    for count, rungs in _LADDERS:
        chosen = finalists[:count]
        if len(chosen) >= min(count, 2) and search_seconds(chosen, rungs, train_images) <= seconds:
            return chosen, rungs
    return finalists[:1], (1,)


def choose_epochs(*, seconds: float, images_per_second: float, train_images: int) -> tuple[int, int]:
    """Float and quantized epochs of the winner that fit `seconds`; at least 4 and 1."""
    epoch_seconds = train_images / images_per_second
    per_epoch = (1 - QUANTIZATION_SHARE) + QUANTIZATION_SHARE * FAKE_QUANTIZATION_SLOWDOWN
    epochs = min(seconds / epoch_seconds / per_epoch, MOST_EPOCHS)
    return max(4, round(epochs * (1 - QUANTIZATION_SHARE))), max(1, round(epochs * QUANTIZATION_SHARE))


def winner_seconds(finalist: Finalist, train_images: int) -> float:
    """Training seconds of a finalist that wins: its float epochs and its quantized ones."""
    epochs = finalist.epochs + FAKE_QUANTIZATION_SLOWDOWN * finalist.quantization_epochs
    return epochs * train_images / finalist.images_per_second


@dataclass(frozen=True, slots=True, kw_only=True)
class Winning:
    """What the search found and how long that trains; written once, when the search is over."""

    point: Point
    network: str
    trial: int | None
    score: float | None
    epochs: int
    quantization_epochs: int


def choose_rungs(
    *, seconds: float, images_per_second: float, train_images: int
) -> tuple[tuple[Rung, ...], int]:
    """Rungs and full trainings of the search of a space that fit `seconds` at this speed.

    The longest last rung that leaves at least `FEWEST_TRAININGS`; where not even one epoch does, as
    many as fit, at least two.
    """
    epoch_seconds = train_images / images_per_second
    for epochs in _STAGED_RUNGS:
        trainings = int(seconds / (epochs[-1] * epoch_seconds))
        if trainings >= FEWEST_TRAININGS:
            break
    return tuple(Rung(epochs=count) for count in epochs), max(trainings, 2)


def save_winning(winning: Winning, path: Path) -> None:
    """Write what was found atomically."""
    write_json(path, encode(winning, "winner"))


def load_winning(path: Path) -> Winning:
    """Read what was found; raises RunError where it is damaged."""
    winning = decode(Winning, read_json(path, RunError), "winner")
    assert isinstance(winning, Winning)
    return winning


def save(plan: Plan, path: Path) -> None:
    """Write the plan atomically."""
    write_json(path, encode(plan, "plan"))


def load(path: Path) -> Plan:
    """Read a plan; raises RunError where it is damaged."""
    value: Any = read_json(path, RunError)
    plan = decode(Plan, value, "plan")
    assert isinstance(plan, Plan)
    return plan
