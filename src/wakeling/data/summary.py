"""What a set holds and whether that is enough to train on: counts for people, programs and reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from wakeling.data.photos import SPLITS, TRAIN, VAL, ImageView, PackedSet, Refusal
from wakeling.errors import DataError

MIN_TRAIN_PHOTOS = 20
"""Labeled photos of each class that training needs at the least; it learns little from so few."""

MIN_VAL_PHOTOS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitCount:
    """How many photos of each class one split holds."""

    split: str
    negative: int
    positive: int
    unlabeled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSummary:
    """A set in numbers.

    `copies` counts photos whose bytes stand in the set already; `original_sizes` are the (width, height)
    in pixels of the smallest, the median and the largest original by area; `shortfalls` says what is
    missing for training, one line each.
    """

    name: str
    kind: str
    labels: tuple[str, str]
    splits: tuple[SplitCount, ...]
    with_probability: int
    copies: int
    original_sizes: tuple[tuple[int, int], ...]
    refused: tuple[Refusal, ...]
    notes: tuple[str, ...]
    shortfalls: tuple[str, ...]

    @property
    def photos(self) -> int:
        """All usable photos."""
        return sum(count.negative + count.positive + count.unlabeled for count in self.splits)

    def to_json(self) -> dict[str, Any]:  # Any: JSON
        """Plain JSON values."""
        return {"photos": self.photos, "refused_by_reason": reasons_of(self.refused), **asdict(self)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> DataSummary:  # Any: JSON
        """The summary that `to_json` made `value` from."""
        return cls(
            name=value["name"],
            kind=value["kind"],
            labels=(value["labels"][0], value["labels"][1]),
            splits=tuple(SplitCount(**entry) for entry in value["splits"]),
            with_probability=value["with_probability"],
            copies=value["copies"],
            original_sizes=tuple((width, height) for width, height in value["original_sizes"]),
            refused=tuple(Refusal(**entry) for entry in value["refused"]),
            notes=tuple(value["notes"]),
            shortfalls=tuple(value["shortfalls"]),
        )


def summarize(packed: PackedSet) -> DataSummary:
    """Count what `packed` holds."""
    rows = packed.images.rows if isinstance(packed.images, ImageView) else np.arange(len(packed))
    return DataSummary(
        name=packed.name,
        kind=packed.kind,
        labels=packed.labels,
        splits=tuple(_count(packed, split) for split in SPLITS if (packed.split == split).any()),
        with_probability=int(np.isfinite(packed.probability).sum()),
        copies=len(packed) - len(np.unique(rows)),
        original_sizes=_original_sizes(packed),
        refused=packed.refused,
        notes=packed.notes,
        shortfalls=shortfalls(packed),
    )


def shortfalls(packed: PackedSet) -> tuple[str, ...]:
    """What is missing for training, one line for each split that is too small; empty when it suffices."""
    lines = []
    for split, least in ((TRAIN, MIN_TRAIN_PHOTOS), (VAL, MIN_VAL_PHOTOS)):
        count = _count(packed, split)
        if min(count.negative, count.positive) < least:
            lines.append(
                f"{split} has {count.positive} photos of {packed.labels[1]} and {count.negative} of "
                f"{packed.labels[0]}, at least {least} of each are needed"
            )
    return tuple(lines)


def require_trainable(packed: PackedSet) -> None:
    """DataError with the counts and what to do when there is too little to train on."""
    lines = shortfalls(packed)
    if lines:
        refused = f"; {len(packed.refused)} files were refused" if packed.refused else ""
        raise DataError(
            f"too little data in {packed.name!r}: {'; '.join(lines)}{refused}; "
            "add photos or choose the splits yourself; 'wakeling data check' shows what was found"
        )


def reasons_of(refused: Sequence[Refusal]) -> dict[str, int]:
    """How many files were refused for each reason, the most frequent first."""
    return dict(Counter(refusal.reason for refusal in refused).most_common())


def _count(packed: PackedSet, split: str) -> SplitCount:
    label = packed.label[packed.split == split]
    return SplitCount(
        split=split,
        negative=int((label == 0).sum()),
        positive=int((label == 1).sum()),
        unlabeled=int((label < 0).sum()),
    )


def _original_sizes(packed: PackedSet) -> tuple[tuple[int, int], ...]:
    if packed.sizes is None or not len(packed.sizes):
        return ()
    order = np.argsort(packed.sizes.astype(np.int64).prod(axis=1), kind="stable")
    picked = packed.sizes[order[[0, len(order) // 2, -1]]]
    return tuple((int(width), int(height)) for width, height in picked)
