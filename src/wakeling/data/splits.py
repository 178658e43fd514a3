"""Which photo trains, which chooses, which measures.

A photo's place depends on its group or its bytes alone, never on its path or its neighbors, so it
does not move when photos are added and its copies go where it goes.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from wakeling.data.photos import SPLITS, TEST, TRAIN, UNLABELED, VAL, Example
from wakeling.errors import DataError, unknown_name

VAL_FRACTION = 0.1
TEST_FRACTION = 0.1

SPLIT_SPELLINGS: Mapping[str, str] = MappingProxyType(
    {
        "train": TRAIN,
        "training": TRAIN,
        "val": VAL,
        "valid": VAL,
        "validation": VAL,
        "test": TEST,
        "testing": TEST,
        "unlabeled": UNLABELED,
        "unlabelled": UNLABELED,
    }
)
"""What people call the splits, in manifests and as folders."""


def parse_split(text: str) -> str:
    """The split that `text` names; DataError lists the known spellings."""
    split = SPLIT_SPELLINGS.get(text.strip().casefold())
    if split is None:
        raise DataError(unknown_name("split", text, SPLIT_SPELLINGS))
    return split


def split_of_key(key: str) -> str:
    """The split that a group's name or a content digest hashes to: 0.8 / 0.1 / 0.1."""
    position = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) / 2.0**64
    if position < VAL_FRACTION:
        return VAL
    return TEST if position < VAL_FRACTION + TEST_FRACTION else TRAIN


def assign_splits(examples: Sequence[Example]) -> tuple[Example, ...]:
    """Give every example its split; labels and everything else stay as they are.

    * Unlabeled photos are `unlabeled`, whatever was given.
    * Where nothing is given, the hash decides between train, val and test.
    * Where some photos have a given split it is kept. Photos without one follow a copy or a member of
      their group that has one (test before val, so that nothing tested is trained on), and train
      otherwise. If no photo is given `val`, the hash takes it out of train; a missing test stays absent.
    """
    labeled = [example for example in examples if example.label is not None]
    given = {example.split for example in labeled if example.split in (TRAIN, VAL, TEST)}
    if not given:
        place: Callable[[Example], str] = _place_by_hash
    else:
        held_out = _held_out(labeled)

        def place(example: Example) -> str:
            return _place_beside_given(example, VAL in given, held_out)

    return tuple(
        replace(example, split=UNLABELED if example.label is None else place(example)) for example in examples
    )


def _key(example: Example) -> str:
    return f"group:{example.group}" if example.group else f"bytes:{example.content_hash}"


def _place_by_hash(example: Example) -> str:
    return split_of_key(_key(example))


def _held_out(labeled: Iterable[Example]) -> Mapping[str, str]:
    """The split of each group and each content that a given val or test split holds."""
    places: dict[str, str] = {}
    for split in (VAL, TEST):
        for example in labeled:
            if example.split == split:
                places[f"bytes:{example.content_hash}"] = split
                if example.group:
                    places[f"group:{example.group}"] = split
    return places


def _place_beside_given(example: Example, val_is_given: bool, held_out: Mapping[str, str]) -> str:
    if example.split in (VAL, TEST):
        return example.split
    if example.split is None:
        followed = {held_out.get(f"bytes:{example.content_hash}"), held_out.get(_key(example))}
        for split in (TEST, VAL):
            if split in followed:
                return split
    if not val_is_given and split_of_key(_key(example)) == VAL:
        return VAL
    return TRAIN


def leaks(examples: Iterable[Example]) -> tuple[str, ...]:
    """One remark for each pair of splits that share photos, and one for copies labeled both ways."""
    splits: dict[str, set[str]] = defaultdict(set)
    labels: dict[str, set[int]] = defaultdict(set)
    for example in examples:
        if example.split is not None:
            splits[example.content_hash].add(example.split)
        if example.label is not None:
            labels[example.content_hash].add(example.label)
    notes = []
    for position, first in enumerate(SPLITS):
        for second in SPLITS[position + 1 :]:
            shared = sum(1 for found in splits.values() if first in found and second in found)
            if shared:
                notes.append(f"{_photos(shared)} in both {first} and {second}, byte for byte")
    both = sum(1 for found in labels.values() if len(found) > 1)
    if both:
        notes.append(f"{_photos(both)} in both classes, byte for byte; correct the labels")
    return tuple(notes)


def _photos(count: int) -> str:
    return "1 photo stands" if count == 1 else f"{count} photos stand"
