"""`wakeling data check`: what it prints, its exit codes, and one line for every kind of bad input."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from wakeling.cli.main import run
from wakeling.testing.reader_contract import photo_bytes


def lay(root: Path, persons: int, others: int) -> Path:
    """Class folders with given splits, so that the counts are exact; val holds one of each."""
    for split, counts in (("train", (persons, others)), ("val", (1, 1))):
        for name, count in zip(("person", "not_person"), counts, strict=True):
            folder = root / split / name
            folder.mkdir(parents=True)
            for index in range(count):
                seed = index + 1000 * (name == "person") + 10_000 * (split == "val")
                (folder / f"{index}.png").write_bytes(photo_bytes(seed))
    return root


def test_enough_is_exit_code_0_with_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lay(tmp_path / "mine", 20, 21)
    assert run(["data", "check", str(tmp_path / "mine")]) == 0
    out = capsys.readouterr().out
    assert "mine: 43 photos, read as class-folders" in out
    rows = {words[0]: words[1:] for line in out.splitlines() if (words := line.split())}
    assert rows["train"] == ["21", "20", "0", "41"]
    assert rows["val"] == ["1", "1", "0", "2"]
    assert rows["all"] == ["22", "21", "0", "43"]
    assert "smallest 12x12, median 12x12, largest 12x12" in out
    assert out.splitlines()[-1] == "enough to train on"


def test_the_counts_are_drawn_where_asked(tmp_path: Path) -> None:
    picture = tmp_path / "photos.svg"
    assert run(["data", "check", str(lay(tmp_path / "mine", 20, 21)), "--plot", str(picture)]) == 0
    for words in ("not_person", "person", "unlabeled", "train", "val", "21", "20"):
        assert f">{words}<" in picture.read_text()


def test_too_little_is_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "check", str(lay(tmp_path / "mine", 19, 30))]) == 1
    assert "train has 19 photos of person and 30 of not_person, at least 20" in capsys.readouterr().out


def test_ten_refused_files_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = lay(tmp_path / "[mine]", 20, 20)
    for index in range(12):
        (root / "train/person" / f"note [{index:02d}].txt").write_text("text")
    (root / "train/person/cut.png").write_bytes(photo_bytes(5)[:70])
    assert run(["data", "check", str(root)]) == 0
    out = capsys.readouterr().out
    assert "[mine]: 42 photos" in out
    assert "refused: 13 files (12 not an image, 1 truncated or corrupt)" in out
    assert "  train/person/note [09].txt: not an image (the file starts with b'text')" in out
    assert "note [10].txt" not in out
    assert "and 3 more; --json lists them all" in out


def test_json_lists_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = lay(tmp_path / "mine", 20, 20)
    for index in range(12):
        (root / "train/person" / f"{index}.txt").write_text("text")
    assert run(["data", "check", str(root), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["reader"], value["photos"]) == ("class-folders", 42)
    assert value["labels"] == ["not_person", "person"]
    assert value["refused_by_reason"] == {"not an image": 12}
    assert len(value["refused"]) == 12
    assert value["splits"][0] == {"split": "train", "negative": 20, "positive": 20, "unlabeled": 0}
    assert value["shortfalls"] == []


def test_scenes_are_said_to_be_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "check", "scenes:120"]) == 0
    assert "note: drawn scenes" in capsys.readouterr().out


def test_wake_word_threshold_and_image_folder_are_passed_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures/0.png").write_bytes(photo_bytes(0))
    value = {
        "images": [{"id": 0, "file_name": "0.png", "width": 10, "height": 10}],
        "annotations": [{"image_id": 0, "category_id": 3, "bbox": [0, 0, 2, 2]}],
        "categories": [{"id": 3, "name": "cat"}],
    }
    (tmp_path / "boxes.json").write_text(json.dumps(value))
    command = ["data", "check", str(tmp_path / "boxes.json"), "--wake-word", "cat", "--reader", "coco"]
    for threshold, positive in (("0.04", 1), ("0.041", 0)):
        options = ["--json", "--images", str(tmp_path / "pictures"), "--area-threshold", threshold]
        assert run([*command, *options]) == 1
        splits = json.loads(capsys.readouterr().out)["splits"]
        assert sum(split["positive"] for split in splits) == positive


def bad_inputs(root: Path) -> dict[str, list[str]]:
    """Arguments of `data check` that are wrong, by what is wrong with them."""
    files = {
        "empty.csv": "",
        "headless.csv": "0.png,person\n",
        "outside.csv": "path,label\n../0.png,person\n",
        "split.csv": "path,label,split\n0.png,person,trial\n",
        "probability.csv": "path,label,probability\n0.png,person,7\n",
        "broken.json": '{"images": [',
        "other.json": '{"photos": []}',
        "photo.txt": "no source at all",
    }
    for name, text in files.items():
        (root / name).write_text(text)
    (root / "empty").mkdir()
    (root / "cats/cat").mkdir(parents=True)
    (root / "cats/cat/0.png").write_bytes(photo_bytes(0))
    wrong = {name: [str(root / name)] for name in files}
    return wrong | {
        "nothing": [""],
        "nowhere": [str(root / "nowhere")],
        "empty folder": [str(root / "empty")],
        "unknown wake word": [str(root / "cats")],
        "empty wake word": [str(root / "cats"), "--wake-word", ""],
        "unknown reader": [str(root / "cats"), "--reader", "folders"],
        "wrong reader": [str(root / "cats"), "--reader", "manifest"],
        "wrong scenes": ["scenes:lots"],
        "scenes of cats": ["scenes:20", "--wake-word", "cat"],
        "threshold of words": [str(root / "cats"), "--area-threshold", "half"],
        "no source": [],
        "unknown option": [str(root / "cats"), "--wakeword", "cat"],
    }


def test_bad_input_is_one_line_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = bad_inputs(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    for name, arguments in cases.items():
        assert run(["data", "check", *arguments]) == 2, name
        captured = capsys.readouterr()
        assert captured.out == "", name
        (line,) = captured.err.splitlines()
        assert line.startswith("wakeling: "), name
        assert "Traceback" not in line
    assert sorted(tmp_path.rglob("*")) == before


def test_missing_pillow_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert run(["data", "check", "scenes:5"]) == 2
    line = "this needs Pillow, which is not installed; run: pip install 'wakeling[data]'"
    assert capsys.readouterr().err == f"wakeling: {line}\n"


def test_bare_command_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data"]) == 2
    assert "check  Read and decode every photo" in capsys.readouterr().err
