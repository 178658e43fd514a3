"""Splits never leak and never move."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling.data import Example, assign_splits
from wakeling.data.splits import leaks, parse_split, split_of_key
from wakeling.errors import DataError

CONTENTS = st.sampled_from([f"content-{index}" for index in range(12)])
GROUPS = st.none() | st.sampled_from(["anna", "ben", "cleo"])


@st.composite
def ungiven(draw: st.DrawFn) -> list[Example]:
    """Photos of which none has a given split; copies belong to the same group."""
    contents = draw(st.lists(CONTENTS, min_size=1, max_size=30))
    groups = {content: draw(GROUPS) for content in dict.fromkeys(contents)}
    return [
        Example(path=f"{index}.jpg", label=len(content) % 2, group=groups[content], content_hash=content)
        for index, content in enumerate(contents)
    ]


@st.composite
def partly_given(draw: st.DrawFn) -> list[Example]:
    splits = st.sampled_from([None, "train", "val", "test", "unlabeled"])
    return [
        Example(
            path=f"{index}.jpg",
            label=draw(st.sampled_from([None, 0, 1])),
            split=draw(splits),
            group=draw(GROUPS),
            content_hash=draw(CONTENTS),
        )
        for index in range(draw(st.integers(1, 20)))
    ]


@given(ungiven(), st.data())
def test_no_photo_moves_when_others_come_or_go(examples: list[Example], data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.sampled_from(examples), unique_by=lambda example: example.path, min_size=1))
    of_all = {example.path: example.split for example in assign_splits(examples)}
    assert all(of_all[example.path] == example.split for example in assign_splits(kept))


@given(ungiven())
def test_a_group_and_its_copies_stay_together(examples: list[Example]) -> None:
    places: dict[str, set[str | None]] = defaultdict(set)
    for example in assign_splits(examples):
        places[example.content_hash].add(example.split)
        if example.group:
            places[f"group {example.group}"].add(example.split)
    assert all(len(splits) == 1 for splits in places.values())
    assert leaks(assign_splits(examples)) == ()


@given(partly_given())
def test_given_val_and_test_are_kept_and_nothing_else_changes(examples: list[Example]) -> None:
    for before, after in zip(examples, assign_splits(examples), strict=True):
        assert (after.path, after.label, after.group) == (before.path, before.label, before.group)
        if before.label is None:
            assert after.split == "unlabeled"
        elif before.split in ("val", "test"):
            assert after.split == before.split
        else:
            assert after.split in ("train", "val", "test")
            assert before.split != "train" or after.split != "test"


def _examples(count: int, **fields: str) -> list[Example]:
    return [Example(path=f"{i}.jpg", label=i % 2, content_hash=f"c{i}", **fields) for i in range(count)]


def test_fractions_are_about_eight_one_one() -> None:
    counts = Counter(example.split for example in assign_splits(_examples(5000)))
    # five standard deviations of a binomial count
    for split, fraction in (("train", 0.8), ("val", 0.1), ("test", 0.1)):
        assert abs(counts[split] - 5000 * fraction) < 5 * (5000 * fraction * (1 - fraction)) ** 0.5


def test_split_of_a_key_never_changes_between_versions() -> None:
    # written down once: moving photos between splits would make every earlier result worthless
    places = [split_of_key(f"bytes:{index}") for index in range(9)]
    assert places == ["val", "train", "test", "train", "test", "train", "train", "train", "val"]


def test_missing_val_is_taken_out_of_train_by_hash() -> None:
    given = _examples(1000, split="train")
    placed = assign_splits(given)
    counts = Counter(example.split for example in placed)
    assert set(counts) == {"train", "val"}
    assert 50 < counts["val"] < 150
    by_hash = {e.path for e in assign_splits(_examples(1000)) if e.split == "val"}
    assert {example.path for example in placed if example.split == "val"} == by_hash


def test_missing_test_stays_absent() -> None:
    given = [*_examples(200, split="train"), Example(path="v", label=1, content_hash="v", split="val")]
    assert Counter(example.split for example in assign_splits(given)) == {"train": 200, "val": 1}


def test_set_that_is_all_test_stays_all_test() -> None:
    assert {example.split for example in assign_splits(_examples(50, split="test"))} == {"test"}


def test_photo_without_split_follows_its_copy_and_its_group() -> None:
    examples = [
        Example(path="t", label=1, split="test", content_hash="a", group="anna"),
        Example(path="v", label=0, split="val", content_hash="b"),
        Example(path="copy of t", label=1, content_hash="a"),
        Example(path="copy of v", label=0, content_hash="b"),
        Example(path="anna again", label=1, content_hash="c", group="anna"),
        Example(path="other", label=0, content_hash="d"),
    ]
    assert [e.split for e in assign_splits(examples)] == ["test", "val", "test", "val", "test", "train"]


def test_leaks_and_contradictions_are_remarked() -> None:
    examples = [
        Example(path="a", label=1, split="train", content_hash="x"),
        Example(path="b", label=0, split="test", content_hash="x"),
        Example(path="c", label=1, split="train", content_hash="y"),
    ]
    first, second = leaks(examples)
    assert "1 photo stands in both train and test" in first
    assert "both classes" in second


@pytest.mark.parametrize(("text", "split"), [("Train", "train"), ("validation", "val"), (" test ", "test")])
def test_splits_are_understood_as_people_write_them(text: str, split: str) -> None:
    assert parse_split(text) == split


def test_unknown_split_lists_the_known_ones() -> None:
    with pytest.raises(DataError, match=r"'trian'; known: train"):
        parse_split("trian")
