"""What a set holds, and when that is too little to train on."""

from __future__ import annotations

import json

import numpy as np
import pytest

from wakeling.data import DataSummary, ImageView, PackedSet, Refusal, require_trainable, shortfalls, summarize
from wakeling.errors import DataError


def packed(**counts: tuple[int, int, int]) -> PackedSet:
    """A set with (negative, positive, unlabeled) photos in each split; the first one is there twice."""
    label, split = [], []
    for name, numbers in counts.items():
        for value, number in zip((0, 1, -1), numbers, strict=True):
            label += [value] * number
            split += [name] * number
    rows = np.arange(len(label))
    rows[1] = 0
    return PackedSet(
        labels=("not_person", "person"),
        images=ImageView(np.zeros((len(label), 8, 8, 1), dtype=np.uint8), rows),
        label=np.array(label),
        probability=np.where(np.arange(len(label)) < 4, 0.5, np.nan).astype(np.float32),
        split=np.array(split),
        paths=tuple(f"{row}.jpg" for row in rows),
        refused=(Refusal(path="x", reason="empty file"), Refusal(path="y", reason="empty file", detail="?")),
        sizes=np.array([(row + 1, 10) for row in range(len(label))], dtype=np.int32),
        name="set",
        notes=("a remark",),
    )


def test_counts_and_json_round_trip() -> None:
    summary = summarize(packed(train=(30, 20, 0), val=(2, 1, 0), unlabeled=(0, 0, 5)))
    counts = [(count.split, count.negative, count.positive, count.unlabeled) for count in summary.splits]
    assert counts == [("train", 30, 20, 0), ("val", 2, 1, 0), ("unlabeled", 0, 0, 5)]
    assert (summary.photos, summary.copies, summary.with_probability) == (58, 1, 4)
    assert summary.original_sizes == ((1, 10), (30, 10), (58, 10))
    value = json.loads(json.dumps(summary.to_json()))
    assert value["refused_by_reason"] == {"empty file": 2}
    assert DataSummary.from_json(value) == summary


@pytest.mark.parametrize(
    ("train", "val", "missing"),
    [
        ((20, 20, 0), (1, 1, 0), []),
        ((19, 20, 0), (1, 1, 0), ["train has 20 photos of person and 19 of not_person, at least 20"]),
        ((300, 0, 9), (1, 1, 0), ["train has 0 photos of person and 300 of not_person"]),
        ((20, 20, 0), (5, 0, 0), ["val has 0 photos of person and 5 of not_person, at least 1"]),
        ((2, 2, 0), (0, 0, 0), ["train has 2", "val has 0"]),
    ],
)
def test_too_little_is_named_with_counts(
    train: tuple[int, int, int], val: tuple[int, int, int], missing: list[str]
) -> None:
    found = packed(train=train, val=val, test=(3, 3, 0))
    lines = shortfalls(found)
    assert len(lines) == len(missing)
    assert all(line.startswith(start) for line, start in zip(lines, missing, strict=True))
    if missing:
        with pytest.raises(DataError, match=r"too little data in 'set': .*2 files were refused.*add photos"):
            require_trainable(found)
    else:
        require_trainable(found)
