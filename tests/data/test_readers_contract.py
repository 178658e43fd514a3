"""Every reader runs through the contract suite."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from wakeling.data import scenes
from wakeling.data.readers import READERS
from wakeling.testing.reader_contract import ReaderContract, photo_bytes, photo_label


def _truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-60])


class TestClassFolders(ReaderContract):
    reader_name = "class-folders"

    def make(self, folder: Path, count: int) -> str:
        for index in range(count):
            where = folder / ("person" if photo_label(index) else f"other-{index % 2}") / "deeper"
            where.mkdir(parents=True, exist_ok=True)
            (where / f"photo-{index}.png").write_bytes(photo_bytes(index))
        return str(folder)

    def spoil(self, folder: Path) -> str | None:
        _truncate(folder / "person/deeper/photo-3.png")
        return "person/deeper/photo-3.png"


class TestManifest(ReaderContract):
    reader_name = "manifest"

    def make(self, folder: Path, count: int) -> str:
        with (folder / "manifest.csv").open("w", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(["path", "label", "weather"])
            for index in range(count):
                (folder / f"photo-{index}.jpg").write_bytes(photo_bytes(index))
                rows.writerow([f"photo-{index}.jpg", "person" if photo_label(index) else "dog, cat", "fog"])
        return str(folder)

    def spoil(self, folder: Path) -> str | None:
        (folder / "photo-3.jpg").unlink()
        return "photo-3.jpg"


class TestCoco(ReaderContract):
    reader_name = "coco"

    def make(self, folder: Path, count: int) -> str:
        (folder / "images").mkdir()
        images, boxes = [], []
        for index in range(count):
            name = f"photo-{index}.png"
            (folder / "images" / name).write_bytes(photo_bytes(index))
            images.append({"id": index, "file_name": name, "width": 12, "height": 12})
            category = 1 if photo_label(index) else 2
            boxes.append({"image_id": index, "category_id": category, "bbox": [1, 1, 6, 6], "iscrowd": 0})
        categories = [{"id": 1, "name": "person"}, {"id": 2, "name": "dog"}]
        content = {"images": images, "annotations": boxes, "categories": categories}
        (folder / "annotations.json").write_text(json.dumps(content))
        return str(folder)

    def spoil(self, folder: Path) -> str | None:
        (folder / "images/photo-3.png").write_bytes(b"")
        return "images/photo-3.png"


class TestScenes(ReaderContract):
    reader_name = "scenes"

    def make(self, folder: Path, count: int) -> str:
        return f"scenes:{count}:7"

    def spoil(self, folder: Path) -> str | None:
        return None

    def index_of(self, path: str) -> int:
        return int(path.split(":")[2])

    def label(self, index: int) -> int:
        return scenes.render(7, index, 128).label


def test_every_reader_runs_the_contract() -> None:
    covered = {suite.reader_name for suite in ReaderContract.__subclasses__()}
    assert covered == set(READERS)
