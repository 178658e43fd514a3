"""The dataclasses: views behave as the arrays that they stand for, and nothing heavy is imported."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from wakeling.data import Example, ImageView, PackedSet, PhotoSet, Refusal

STORE = np.random.default_rng(0).integers(0, 256, (9, 4, 4, 3), dtype=np.uint8)
ROWS = np.array([7, 7, 0, 3, 8])


@pytest.mark.parametrize(
    "index",
    [
        0,
        -1,
        np.int64(2),
        slice(1, 4),
        slice(None, None, -2),
        [4, 0],
        np.array([True, False, True, False, True]),
        np.array([3, 1, 1]),
        (2, 1),
        (slice(0, 3), slice(None), 2, 1),
        (np.array([0, 3]), 1, 2),
    ],
)
def test_view_indexes_as_the_array_would(index: object) -> None:
    view = ImageView(STORE, ROWS)
    whole = STORE[ROWS]
    assert np.array_equal(view[index], whole[index])
    assert (view.shape, view.ndim, view.dtype, len(view)) == (whole.shape, 4, whole.dtype, 5)


def test_view_becomes_an_array_and_iterates() -> None:
    view = ImageView(STORE, ROWS)
    assert np.array_equal(np.asarray(view), STORE[ROWS])
    assert np.asarray(view, dtype=np.float32).dtype == np.float32
    assert np.array_equal(np.stack(list(view)), STORE[ROWS])
    with pytest.raises(ValueError, match="without a copy"):
        np.asarray(view, copy=False)


def packed_set() -> PackedSet:
    return PackedSet(
        labels=("not_cat", "cat"),
        images=STORE,
        label=np.array([0, 1, -1, 0, 1, 0, 1, 0, 1]),
        probability=np.linspace(0, 1, 9, dtype=np.float32),
        split=np.array(["train"] * 4 + ["val"] * 3 + ["test"] * 2),
        paths=tuple(f"{index}.jpg" for index in range(9)),
        key="abc",
    )


def test_set_made_by_hand_has_subsets_of_subsets() -> None:
    val = packed_set().subset("val")
    assert val.paths == ("4.jpg", "5.jpg", "6.jpg")
    assert val.sources == ()
    picked = val.pick(np.array([2, 0]))
    assert picked.paths == ("6.jpg", "4.jpg")
    assert np.array_equal(picked.take(np.array([1])), STORE[[4]])
    assert len({packed_set().key, val.key, picked.key, val.pick(np.array([0, 2])).key}) == 4


def test_dataclasses_survive_pickling() -> None:
    example = Example(path="a.jpg", label=1, other=(("weather", "fog"),))
    refusal = Refusal(path="b", reason="c")
    photos = PhotoSet(
        name="set", root=Path("set"), labels=("not_x", "x"), examples=(example,), refused=(refusal,)
    )
    assert pickle.loads(pickle.dumps(photos)) == photos


def test_refusal_is_one_line() -> None:
    assert Refusal(path="a.jpg", reason="empty file").line() == "a.jpg: empty file"
    assert Refusal(path="a.jpg", reason="x", detail="y").line() == "a.jpg: x (y)"


def test_importing_the_package_imports_neither_pillow_nor_torch() -> None:
    code = "import sys, wakeling.data; print(sorted({'PIL', 'torch', 'rich', 'click'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
