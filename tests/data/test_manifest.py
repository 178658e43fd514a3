"""Manifests: what is kept of a row, and which rows are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from wakeling.data import open_photos
from wakeling.errors import DataError
from wakeling.testing.reader_contract import photo_bytes


def manifest(folder: Path, text: str | bytes, photos: int = 3) -> Path:
    for index in range(photos):
        (folder / f"{index}.png").write_bytes(photo_bytes(index))
    file = folder / "manifest.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_columns_are_kept(tmp_path: Path) -> None:
    manifest(
        tmp_path,
        "path,label,split,probability,group,source,weather\n"
        "0.png,person,val,0.75,anna,phone,fog\n"
        "./1.png, not_person ,train,,,,\n"
        "\n"
        '2.png,"a dog, a cat",,1,,,"sun, hot"\n',
    )
    first, second, third = open_photos(tmp_path).examples
    assert (first.label, first.split, first.probability) == (1, "val", 0.75)
    assert (first.group, first.source, first.other) == ("anna", "phone", (("weather", "fog"),))
    assert (second.path, second.label, second.split, second.probability) == ("1.png", 0, "train", None)
    assert (second.group, second.source) == (None, None)
    assert (third.label, third.split, third.probability) == (0, "train", 1.0)
    assert third.other == (("weather", "sun, hot"),)


def test_file_and_folder_are_the_same_source(tmp_path: Path) -> None:
    file = manifest(tmp_path, "path,label\n0.png,person\n1.png,dog\n")
    assert open_photos(file) == open_photos(tmp_path)
    file.rename(tmp_path / "Other.CSV")
    assert open_photos(tmp_path / "Other.CSV").reader == "manifest"


def test_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    manifest(tmp_path, b"\xef\xbb\xbfpath,label\r\n0.png,person\r\n1.png,dog\r\n")
    assert [example.label for example in open_photos(tmp_path).examples] == [1, 0]


def test_empty_label_is_unlabeled(tmp_path: Path) -> None:
    manifest(
        tmp_path, "path,label,split,probability\n0.png,person,,\n1.png,,train,0.9\n2.png,dog,unlabeled,\n"
    )
    photos = open_photos(tmp_path)
    _, second, third = photos.examples
    assert (second.label, second.split, second.probability) == (None, "unlabeled", pytest.approx(0.9))
    assert (third.label, third.split) == (None, "unlabeled")
    assert any("labels of 1 rows are not used" in note for note in photos.notes)


def test_any_label_can_be_the_wake_word(tmp_path: Path) -> None:
    manifest(tmp_path, "path,label\n0.png,person\n1.png,Cat\n2.png,not_person\n")
    photos = open_photos(tmp_path, wake_word="cat")
    assert photos.labels == ("not_cat", "cat")
    assert [example.label for example in photos.examples] == [0, 1, 0]


def test_missing_and_broken_photos_are_refused_one_by_one(tmp_path: Path) -> None:
    manifest(
        tmp_path,
        "path,label\n0.png,person\ngone.jpg,person\ntext.jpg,dog\nempty.jpg,dog\nfolder,dog\n1.png,dog\n",
    )
    (tmp_path / "text.jpg").write_text("this is no photo")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    photos = open_photos(tmp_path)
    assert [example.path for example in photos.examples] == ["0.png", "1.png"]
    assert {refusal.path: refusal.reason for refusal in photos.refused} == {
        "gone.jpg": "not found",
        "text.jpg": "not an image",
        "empty.jpg": "empty file",
        "folder": "not a regular file",
    }


GOOD = "path,label,split,probability\n0.png,person,train,\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"manifest\.csv: the file is empty"),
        ("path,label\n", r"manifest\.csv: no photos are listed"),
        ("file,label\n0.png,person\n", r"manifest\.csv:1: the column 'path' is missing"),
        ("path,class\n0.png,person\n", r"manifest\.csv:1: the column 'label' is missing"),
        ("path;label\n0.png;person\n", r"separate the columns by commas"),
        ("path,label,label\n0.png,person,dog\n", r"'label' stands twice"),
        (GOOD + "1.png,dog\n", r"manifest\.csv:3: 2 values for 4 columns"),
        (GOOD + "1.png,dog,train,,more\n", r"manifest\.csv:3: 5 values for 4 columns"),
        (GOOD + "../1.png,dog,train,\n", r"manifest\.csv:3: '\.\./1\.png' leaves the manifest's folder"),
        (GOOD + "a/../../1.png,dog,train,\n", r"manifest\.csv:3: .* leaves the manifest's folder"),
        (GOOD + "/tmp/1.png,dog,train,\n", r"manifest\.csv:3: '/tmp/1\.png' is an absolute path"),
        (GOOD + ",dog,train,\n", r"manifest\.csv:3: the path is empty"),
        (GOOD + "./0.png,dog,train,\n", r"manifest\.csv:3: '0\.png' is listed already in line 2"),
        (GOOD + "1.png,dog,trian,\n", r"manifest\.csv:3: unknown split 'trian'; known: train"),
        (GOOD + "1.png,dog,val,1.5\n", r"manifest\.csv:3: probability '1\.5' is not a number from 0 to 1"),
        (GOOD + "1.png,dog,val,high\n", r"manifest\.csv:3: probability 'high'"),
        (GOOD + "1.png,dog,val,nan\n", r"manifest\.csv:3: probability 'nan'"),
        (GOOD + '1.png,"dog,val,\n', r"manifest\.csv:3: not valid CSV"),
        (b"path,label\n0.png,caf\xe9\n", r"not UTF-8"),
        ("path,label\n0.png,person\n".encode("utf-16"), r"not UTF-8"),
        ("path,label\n0.png,\n1.png,\n", r"no photo in .* has a label"),
        ("path,label\n0.png,dog\n1.png,cat\n", r"unknown wake word 'person'; known: cat, dog"),
    ],
)
def test_wrong_manifest_is_one_clear_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    manifest(tmp_path, text)
    with pytest.raises(DataError, match=message) as caught:
        open_photos(tmp_path)
    assert "\n" not in str(caught.value)
