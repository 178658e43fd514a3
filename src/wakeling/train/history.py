"""What training tells while it runs and afterwards: plain frozen records, no torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRecord:
    """One finished epoch, counted from 1.

    `loss` and `train_accuracy` are means over the epoch on varied photos; the `val` figures are
    those of the averaged weights, None where the val set lacks a class. `seconds` is wall time.
    """

    epoch: int
    loss: float
    learning_rate: float
    train_accuracy: float
    val_balanced_accuracy: float | None
    val_auc: float | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """How far a running epoch is; `loss` and `accuracy` are means since the epoch began."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    accuracy: float
    learning_rate: float
    images_per_second: float
    seconds_left: float


OnEpoch = Callable[[EpochRecord], None]
OnStep = Callable[[StepRecord], None]


def record_to_json(record: EpochRecord) -> dict[str, Any]:
    """The record as plain JSON values."""
    return dataclasses.asdict(record)


def record_from_json(value: Mapping[str, Any]) -> EpochRecord:
    """The inverse of `record_to_json`; TypeError for other fields."""
    return EpochRecord(**value)
