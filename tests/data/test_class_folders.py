"""Class folders: with and without split folders, and what lies about in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wakeling.data import open_photos
from wakeling.errors import DataError
from wakeling.testing.reader_contract import photo_bytes


def lay(root: Path, *paths: str) -> Path:
    for index, path in enumerate(paths):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(photo_bytes(index))
    return root


def labels(root: Path, **options: str) -> dict[str, tuple[int | None, str | None]]:
    return {example.path: (example.label, example.split) for example in open_photos(root, **options).examples}


def test_split_folders_on_top(tmp_path: Path) -> None:
    lay(
        tmp_path,
        *("train/person/a.png", "train/not_person/b.png", "train/unlabeled/c.png", "validation/person/d.png"),
        *("test/not_person/e.png", "unlabelled/f.png"),
    )
    assert labels(tmp_path) == {
        "train/person/a.png": (1, "train"),
        "train/not_person/b.png": (0, "train"),
        "train/unlabeled/c.png": (None, "unlabeled"),
        "validation/person/d.png": (1, "val"),
        "test/not_person/e.png": (0, "test"),
        "unlabelled/f.png": (None, "unlabeled"),
    }


def test_wake_word_picks_the_positive_folder(tmp_path: Path) -> None:
    lay(tmp_path, "Cat/a.png", "dog/b.png", "person/c.png", "unlabeled/d.png")
    found = labels(tmp_path, wake_word="cat")
    assert {path: label for path, (label, _) in found.items()} == {
        "Cat/a.png": 1,
        "dog/b.png": 0,
        "person/c.png": 0,
        "unlabeled/d.png": None,
    }
    assert found["unlabeled/d.png"][1] == "unlabeled"


def test_class_that_is_called_like_a_split_is_a_class(tmp_path: Path) -> None:
    lay(tmp_path, "train/a.png", "not_train/b.png")
    found = labels(tmp_path, wake_word="train")
    assert {path: label for path, (label, _) in found.items()} == {"train/a.png": 1, "not_train/b.png": 0}


def test_hidden_files_are_ignored_and_others_are_listed(tmp_path: Path) -> None:
    lay(tmp_path, "person/a.png", "not_person/b.png", ".cache/x/c.png", "person/.hidden.png", "loose.png")
    (tmp_path / "README.txt").write_text("photos")
    (tmp_path / "person/notes.txt").write_text("notes")
    (tmp_path / "person/misnamed.jpg").write_text("no photo")
    (tmp_path / "person/phone.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0")
    photos = open_photos(tmp_path)
    assert [example.path for example in photos.examples] == ["not_person/b.png", "person/a.png"]
    assert {refusal.path: refusal.reason for refusal in photos.refused} == {
        "README.txt": "outside the class folders",
        "loose.png": "outside the class folders",
        "person/notes.txt": "not an image",
        "person/misnamed.jpg": "not an image",
        "person/phone.heic": "image format that is not read",
    }


def test_pipe_broken_link_and_odd_name_are_refused(tmp_path: Path) -> None:
    lay(tmp_path, "person/a.png", "not_person/b.png")
    os.mkfifo(tmp_path / "person/pipe.jpg")
    (tmp_path / "person/link.jpg").symlink_to("nowhere.jpg")
    Path(os.fsdecode(os.fsencode(tmp_path / "person") + b"/caf\xe9.png")).write_bytes(photo_bytes(9))
    photos = open_photos(tmp_path)
    assert len(photos.examples) == 2
    assert {refusal.path: refusal.reason for refusal in photos.refused} == {
        "person/pipe.jpg": "not a regular file",
        "person/link.jpg": "not found",
        "person/caf?.png": "name is not UTF-8",
    }


def test_links_to_folders_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    lay(tmp_path, "elsewhere/a.png", "set/not_person/b.png")
    (tmp_path / "set/person").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/again").symlink_to(tmp_path / "elsewhere")
    assert sorted(labels(tmp_path / "set")) == ["not_person/b.png", "person/a.png"]


def test_copies_are_remarked(tmp_path: Path) -> None:
    lay(tmp_path, "train/person/a.png", "train/not_person/b.png")
    lay(tmp_path, "test/person/a.png")
    notes = open_photos(tmp_path).notes
    assert any("1 photo stands in both train and test" in note for note in notes)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ((), "holds no photos in class folders"),
        (("a.png", "b.png"), "holds no photos in class folders"),
        (("cat/a.png", "dog/b.png"), "unknown wake word 'person'; known: cat, dog"),
        (("persons/a.png", "dog/b.png"), "unknown wake word 'person'; known: persons, dog"),
        (("unlabeled/a.png",), "no photo in .* has a label"),
    ],
)
def test_wrong_folder_is_one_clear_line(tmp_path: Path, paths: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        open_photos(lay(tmp_path, *paths))
    assert "\n" not in str(caught.value)


def test_folder_without_one_usable_photo_says_why(tmp_path: Path) -> None:
    lay(tmp_path, "person/a.png", "not_person/b.png")
    (tmp_path / "person/a.png").write_bytes(b"")
    (tmp_path / "not_person/b.png").write_text("text")
    with pytest.raises(DataError, match=r"none of the 2 files .*: 1 not an image, 1 empty file; first: "):
        open_photos(tmp_path)


def test_of_a_thousand_classes_the_nearest_are_listed(tmp_path: Path) -> None:
    lay(tmp_path, *(f"class {index:03d}/a.png" for index in range(100)), "zebra person/b.png")
    with pytest.raises(
        DataError, match=r"known: zebra person, class 000, .*; and 81 more, found in"
    ) as caught:
        open_photos(tmp_path, wake_word="zebra persn")
    assert len(str(caught.value)) < 500
