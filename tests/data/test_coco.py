"""COCO-style annotations: the area rule, where images are found, and what is malformed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling.data import open_photos
from wakeling.data.readers.coco import box_fraction
from wakeling.errors import DataError
from wakeling.testing.reader_contract import photo_bytes

CATEGORIES = [{"id": 1, "name": "person"}, {"id": 18, "name": "dog"}]


def image(index: int, **more: Any) -> dict[str, Any]:
    return {"id": index, "file_name": f"{index}.png", "width": 200, "height": 100, **more}


def box(index: int, sides: list[float], category: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": 7, "image_id": index, "category_id": category, "bbox": sides, **more}


def content(images: list[Any], boxes: list[Any], categories: list[Any] = CATEGORIES) -> dict[str, Any]:
    return {"info": {}, "images": images, "annotations": boxes, "categories": categories}


def lay(file: Path, value: Any, images: Path, names: list[str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(value if isinstance(value, str) else json.dumps(value))
    images.mkdir(parents=True, exist_ok=True)
    for name in names:
        (images / name).write_bytes(photo_bytes(int(Path(name).stem)))


AREA_CASES = [
    pytest.param([[0, 0, 10, 10]], 1, 0.005, id="exactly the threshold"),
    pytest.param([[0, 0, 9.9, 10]], 0, 0.00495, id="just below"),
    pytest.param([[0, 0, 8, 8], [50, 50, 8, 8]], 0, 0.0032, id="two small boxes do not add up"),
    pytest.param([[0, 0, 8, 8], [50, 50, 20, 20]], 1, 0.02, id="the largest counts"),
    pytest.param([[-90, -10, 100, 19]], 0, 0.0045, id="only what is inside the image"),
    pytest.param([], 0, 0.0, id="no box"),
    pytest.param([[300, 300, 50, 50]], 0, 0.0, id="outside altogether"),
]


@pytest.mark.parametrize(("boxes", "label", "fraction"), AREA_CASES)
def test_area_rule(tmp_path: Path, boxes: list[list[float]], label: int, fraction: float) -> None:
    lay(tmp_path / "annotations.json", content([image(1)], [box(1, b) for b in boxes]), tmp_path, ["1.png"])
    photos = open_photos(tmp_path)
    (example,) = photos.examples
    assert (example.label, example.area_fraction) == (label, pytest.approx(fraction))
    assert photos.area_threshold == 0.005


def test_threshold_and_category_are_choices(tmp_path: Path) -> None:
    boxes = [box(1, [0, 0, 20, 20]), box(2, [0, 0, 90, 90], category=18), box(2, [0, 0, 5, 5])]
    lay(tmp_path / "annotations.json", content([image(1), image(2)], boxes), tmp_path, ["1.png", "2.png"])

    def found(**options: Any) -> list[int | None]:
        return [example.label for example in open_photos(tmp_path, **options).examples]

    assert found() == [1, 0]
    assert found(area_threshold=0.025) == [0, 0]
    assert found(area_threshold=0.001) == [1, 1]
    assert found(wake_word="dog") == [0, 1]


def test_crowd_box_counts_like_any_other(tmp_path: Path) -> None:
    boxes = [box(1, [0, 0, 100, 50], iscrowd=1, segmentation={"counts": [], "size": [1, 1]})]
    lay(tmp_path / "annotations.json", content([image(1)], boxes), tmp_path, ["1.png"])
    assert open_photos(tmp_path).examples[0].label == 1


@given(*[st.floats(-50, 250)] * 2, *[st.floats(0, 300)] * 2)
def test_box_fraction_is_the_share_of_covered_points(x: float, y: float, width: float, height: float) -> None:
    # independent: counting the points of a grid that lie in the box
    columns = sum(x <= point + 0.5 < x + width for point in range(200))
    rows = sum(y <= point + 0.5 < y + height for point in range(100))
    counted = columns * rows / (200 * 100)
    assert abs(box_fraction([x, y, width, height], 200, 100, "here") - counted) <= 0.02


@pytest.mark.parametrize(
    ("file", "images"),
    [
        ("annotations.json", "."),
        ("annotations.json", "images"),
        ("instances_val.json", "val"),
        ("annotations/instances_train2017.json", "train2017"),
        ("annotations/instances_train2017.json", "images"),
        ("annotations/instances_train2017.json", "images/train2017"),
    ],
)
def test_images_are_found_where_people_keep_them(tmp_path: Path, file: str, images: str) -> None:
    value = content([image(1)], [box(1, [0, 0, 100, 50])])
    lay(tmp_path / file, value, tmp_path / images, ["1.png"])
    for source in (tmp_path, tmp_path / file):
        (example,) = open_photos(source).examples
        assert example.path == str(Path(images) / "1.png")


def test_image_folder_can_be_given(tmp_path: Path) -> None:
    lay(tmp_path / "a/x.json", content([image(1)], [box(1, [0, 0, 9, 90])]), tmp_path / "b/c", ["1.png"])
    photos = open_photos(tmp_path / "a/x.json", image_folder=tmp_path / "b/c")
    assert (photos.root, photos.examples[0].path) == (tmp_path / "b/c", "1.png")


def test_each_annotation_file_is_a_split(tmp_path: Path) -> None:
    for index, split in enumerate(("train", "val")):
        value = content([image(index)], [box(index, [0, 0, 100, 50])])
        file = tmp_path / f"annotations/instances_{split}2017.json"
        lay(file, value, tmp_path / f"{split}2017", [f"{index}.png"])
    assert {e.path: e.split for e in open_photos(tmp_path).examples} == {
        "train2017/0.png": "train",
        "val2017/1.png": "val",
    }


def test_annotations_inside_split_folders(tmp_path: Path) -> None:
    for index, split in enumerate(("train", "valid", "test")):
        value = content([image(index)], [box(index, [0, 0, 100, 50])])
        lay(tmp_path / split / "_annotations.coco.json", value, tmp_path / split, [f"{index}.png"])
    assert {e.path: e.split for e in open_photos(tmp_path).examples} == {
        "train/0.png": "train",
        "valid/1.png": "val",
        "test/2.png": "test",
    }


def test_missing_image_is_refused(tmp_path: Path) -> None:
    lay(tmp_path / "annotations.json", content([image(1), image(2)], []), tmp_path / "images", ["1.png"])
    photos = open_photos(tmp_path)
    assert [(refusal.path, refusal.reason) for refusal in photos.refused] == [("2.png", "not found")]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('{"images": [', r"annotations\.json:1: not valid JSON"),
        ('{"images": [],\n oops}', r"annotations\.json:2: not valid JSON"),
        ("[" * 100_000, r"annotations\.json: not valid JSON"),
        ('{"images": [' + "1" * 5000 + "]}", r"annotations\.json: not valid JSON"),
        ([1, 2], r"not COCO-style: an object"),
        ({"images": [], "categories": []}, r"not COCO-style: the list 'annotations' is missing"),
        (content([], []), r"lists no images"),
        (content([image(1)], [], []), r"no photo in .* has a label"),
        (content([image(1)], [], [{"id": 1, "name": "dog"}]), r"unknown wake word 'person'; known: dog"),
        (content([image(1)], [], [{"id": 1}]), r"categories\[0\]: 'name' is missing"),
        (content([{"id": 1, "file_name": "a.png"}], []), r"images\[0\]: 'width' is missing"),
        (content([image(1, width=0)], []), r"images\[0\]: 'width' is 0"),
        (content([image(1, width=10**400)], []), r"images\[0\]: 'width' is"),
        (content([image(1, file_name=3)], []), r"images\[0\]: 'file_name' is missing or of the wrong kind"),
        (content([image(1, file_name="../1.png")], []), r"'\.\./1\.png' leaves the image folder"),
        (content([image(1, file_name="/1.png")], []), r"leaves the image folder"),
        (content([image(1, file_name="")], []), r"is no file name"),
        (content([image(1), image(1)], []), r"images\[1\]: the id 1 is used twice"),
        (content([image(1), image(2, file_name="1.png")], []), r"'1\.png' is listed twice"),
        (content([image(1)], [box(9, [0, 0, 1, 1])]), r"annotations\[0\]: there is no image with the id 9"),
        (content([image(1)], [box(1, [0, 0, 1])]), r"annotations\[0\]: 'bbox' is .*, not four numbers"),
        (content([image(1)], [box(1, [0, 0, 1, float("nan")])]), r"annotations\[0\]: 'bbox'"),
        (content([image(1)], ["box"]), r"annotations\[0\]: 'image_id' is missing"),
    ],
)
def test_malformed_annotations_are_one_clear_line(tmp_path: Path, value: Any, message: str) -> None:
    lay(tmp_path / "annotations.json", value, tmp_path, ["1.png"])
    with pytest.raises(DataError, match=message) as caught:
        open_photos(tmp_path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.1, float("nan")])
def test_impossible_threshold_is_refused(tmp_path: Path, threshold: float) -> None:
    lay(tmp_path / "annotations.json", content([image(1)], []), tmp_path, ["1.png"])
    with pytest.raises(DataError, match="area threshold"):
        open_photos(tmp_path, area_threshold=threshold)
