"""How the training time is spent: which candidates train, for how many epochs, on how many threads.

Made once from measured speeds and written down before anything trains, so that a run that is
killed and resumed, on a machine however busy, ends with the same model.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wakeling.codec import decode, encode
from wakeling.errors import RunError
from wakeling.files import read_json, write_json
from wakeling.search.strategies.successive_halving import rung_sizes

SEARCH_SHARE = 0.35
"""Share of the training time that goes to the search; the rest trains and quantizes the winner."""

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
    """What the run will do; nothing after this depends on the clock."""

    finalists: tuple[Finalist, ...]
    rung_epochs: tuple[int, ...]
    threads: int
    train_images: int
    estimated_minutes: float

    def finalist(self, candidate: str) -> Finalist:
        """The finalist of that name."""
        return next(item for item in self.finalists if item.candidate == candidate)


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


def save(plan: Plan, path: Path) -> None:
    """Write the plan atomically."""
    write_json(path, encode(plan, "plan"))


def load(path: Path) -> Plan:
    """Read a plan; raises RunError where it is damaged."""
    value: Any = read_json(path, RunError)
    plan = decode(Plan, value, "plan")
    assert isinstance(plan, Plan)
    return plan
