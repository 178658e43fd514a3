"""Every kind of bad input gives one clear line, a code that is not zero, and leaves nothing behind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wakeling.cli.main import run

DESIGN = ("design", "--data", "{data}", "--board", "{board}", "--out", "{out}")
BOARD = "arduino-nano-33-ble-sense"


def _nothing(folder: Path) -> None:
    """Leaves the folder as it is."""


def _photos(folder: Path, *, each: int = 3) -> None:
    for label in ("person", "not_person"):
        (folder / "photos" / label).mkdir(parents=True)
        for index in range(each):
            pixels = np.random.default_rng(index).integers(0, 255, (32, 32, 3), np.uint8)
            Image.fromarray(pixels).save(folder / "photos" / label / f"{index}.png")


def _text(name: str, content: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / name).write_text(content)

    return write


def _photos_and(name: str, content: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        _photos(folder)
        (folder / name).write_text(content)

    return write


def _empty_folder(folder: Path) -> None:
    (folder / "photos").mkdir()


def _only_text_files(folder: Path) -> None:
    for label in ("person", "not_person"):
        (folder / "photos" / label).mkdir(parents=True)
        (folder / "photos" / label / "notes.jpg").write_text("not a photo")


def _foreign_out(folder: Path) -> None:
    _photos(folder)
    (folder / "out").mkdir()
    (folder / "out" / "thesis.txt").write_text("years of work")


def _finished_out(folder: Path) -> None:
    _photos(folder)
    (folder / "out").mkdir()
    (folder / "out" / "run.json").write_text("{}")


def _damaged_model(folder: Path) -> None:
    _photos(folder)
    (folder / "model.tflite").write_bytes(b"\x00\x01garbage that is no flatbuffer" * 20)


def _bad_manifest(row: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "photos").mkdir()
        (folder / "photos" / "manifest.csv").write_text(f"path,label,split,probability\n{row}\n")

    return write


def _coco(value: object) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "annotations.json").write_text(json.dumps(value))

    return write


_BAD_BOARD = """format = "wakeling.board/1"
name = "mine"
title = "Mine"
chip = "X"
core = "Cortex-M4F"
simd = "dsp"
clock = "64 MHz"
ram = "{ram}"
flash = "1 MiB"
verified = false
"""

CASES: dict[str, tuple[Callable[[Path], None], tuple[str, ...], str]] = {
    # name: (what lies in the folder, the command, what the line must say)
    "unknown command": (_nothing, ("desing",), "unknown command 'desing'.*design"),
    "unknown option": (_nothing, ("cost", "mobilenet_v1", "--alfa", "1"), "--alfa"),
    "missing option": (_nothing, ("design", "--board", BOARD), "--data"),
    "unknown family": (_nothing, ("cost", "mobilnet_v1"), "mobilnet_v1.*mobilenet_v1"),
    "alpha of zero": (_nothing, ("cost", "mobilenet_v1", "--alpha", "0"), "alpha"),
    "alpha below zero": (_nothing, ("cost", "mobilenet_v1", "--alpha", "-1"), "alpha"),
    "alpha not a number": (_nothing, ("cost", "mobilenet_v1", "--alpha", "nan"), "alpha"),
    "alpha in words": (_nothing, ("cost", "mobilenet_v1", "--alpha", "half"), "half"),
    "resolution too small": (_nothing, ("cost", "mobilenet_v1", "--resolution", "7"), "resolution"),
    "resolution too large": (_nothing, ("cost", "mobilenet_v1", "--resolution", "100000"), "resolution"),
    "two channels": (_nothing, ("cost", "mobilenet_v1", "--channels", "2"), "channels"),
    "no classes": (_nothing, ("cost", "mobilenet_v1", "--classes", "0"), "classes"),
    "sweep over words": (
        _nothing,
        ("sweep", "mobilenet_v1", "--alpha", "0.25,many", "--resolution", "96"),
        "many",
    ),
    "unknown board": (
        _nothing,
        ("cost", "mobilenet_v1", "--board", "arduino-nano"),
        f"arduino-nano.*{BOARD}",
    ),
    "missing board file": (_nothing, ("cost", "mobilenet_v1", "--board", "{tmp}/mine.toml"), "mine.toml"),
    "board file that is no TOML": (
        _text("mine.toml", "ram = = 3"),
        ("cost", "mobilenet_v1", "--board", "{tmp}/mine.toml"),
        "mine.toml",
    ),
    "board with a senseless size": (
        _text("mine.toml", _BAD_BOARD.format(ram="plenty")),
        ("cost", "mobilenet_v1", "--board", "{tmp}/mine.toml"),
        "plenty",
    ),
    "network file that is no network": (
        _text("net.toml", 'name = "x"\n'),
        ("cost", "{tmp}/net.toml"),
        "net.toml",
    ),
    "missing photos": (_nothing, DESIGN, "photos"),
    "empty photo folder": (_empty_folder, DESIGN, "photos"),
    "photos that are text": (_only_text_files, DESIGN, "photos"),
    "too few photos": (_photos, DESIGN, "photo"),
    "unknown wake word": (_photos, (*DESIGN, "--wake-word", "persom"), "persom.*person"),
    "manifest with an unknown split": (_bad_manifest("a.jpg,person,exam,"), DESIGN, "exam"),
    "manifest with a senseless probability": (_bad_manifest("a.jpg,person,train,1.7"), DESIGN, "1.7"),
    "manifest that leaves its folder": (_bad_manifest("../../a.jpg,person,train,"), DESIGN, r"\.\."),
    "manifest without columns": (
        _photos_and("photos/manifest.csv", "file,kind\na.jpg,person\n"),
        DESIGN,
        "path",
    ),
    "annotations that are no JSON": (
        _text("annotations.json", "{"),
        ("data", "check", "{tmp}/annotations.json"),
        "annotations.json",
    ),
    "annotations without images": (
        _coco({"annotations": [], "categories": []}),
        ("data", "check", "{tmp}/annotations.json"),
        "images",
    ),
    "senseless time budget": (_photos, (*DESIGN, "--minutes", "-3"), "--minutes"),
    "senseless frame time": (_photos, (*DESIGN, "--frame-ms", "nan"), "--frame-ms"),
    "senseless reserve": (_photos, (*DESIGN, "--reserve-ram", "lots"), "lots"),
    "reserve above the board": (_photos, (*DESIGN, "--reserve-ram", "1MiB"), "--reserve-ram"),
    "unknown strategy": (_photos, (*DESIGN, "--strategy", "guess"), "guess.*successive-halving"),
    "unknown family to search": (_photos, (*DESIGN, "--families", "resnet"), "resnet.*mobilenet_v1"),
    "alphas in words": (_photos, (*DESIGN, "--alphas", "wide"), "wide"),
    "rungs that shrink": (_photos, (*DESIGN, "--rung-epochs", "3,1"), "--rung-epochs"),
    "unknown space": (_photos, (*DESIGN, "--space", "big"), "big.*tiny"),
    "a space that is no TOML": (
        _photos_and("my.toml", "stages = ["),
        (*DESIGN, "--space", "{tmp}/my.toml"),
        "my.toml.*TOML",
    ),
    "a space with an unknown key": (
        _photos_and("my.toml", 'name = "x"\nresolutions = [32]\nwide = 3\n'),
        (*DESIGN, "--space", "{tmp}/my.toml"),
        "wide",
    ),
    "a space and a knob of the grid": (
        _photos,
        (*DESIGN, "--space", "tiny", "--alphas", "0.5"),
        "--alphas.*--space",
    ),
    "unknown judge": (_photos, (*DESIGN, "--space", "tiny", "--evaluator", "taste"), "taste.*supernet"),
    "a supernet of the grid": (_photos, (*DESIGN, "--evaluator", "supernet"), "--space"),
    "an objective without a number": (
        _photos,
        (*DESIGN, "--space", "tiny", "--objectives", "score,beauty"),
        "beauty.*ram_bytes",
    ),
    "several objectives of the grid": (
        _photos,
        (*DESIGN, "--objectives", "score,ram_bytes"),
        "--space",
    ),
    "objectives without the score": (_photos, (*DESIGN, "--objectives", "ram_bytes"), "score"),
    "shares for no rungs": (_photos, (*DESIGN, "--rung-resolutions", "0.5,1"), "--rung-epochs"),
    "unknown runtime": (_photos, (*DESIGN, "--runtime", "onnx"), "onnx.*tflm"),
    "no workers": (_photos, (*DESIGN, "--space", "tiny", "--workers", "0"), "--workers"),
    "a trial without processors": (_photos, (*DESIGN, "--workers", "2", "--cpus", "-1"), "CPUs|cpus"),
    "a cluster that is not there": (
        _photos,
        (*DESIGN, "--space", "tiny", "--ray", "127.0.0.1:1"),
        "127.0.0.1:1",
    ),
    "a storage that is none": (
        _photos,
        (*DESIGN, "--space", "tiny", "--storage", "mongodb://x/y"),
        "mongodb.*sqlite",
    ),
    "scenes in words": (_nothing, (*DESIGN[:2], "scenes:many", *DESIGN[3:]), "many"),
    "out is a file": (_photos_and("out", "a file"), DESIGN, "is a file"),
    "out holds something else": (_foreign_out, DESIGN, "no wakeling run"),
    "out holds a run": (_finished_out, DESIGN, "--resume"),
    "out holds a damaged run": (_finished_out, (*DESIGN, "--resume"), "run.json|photo"),
    "missing model": (_photos, ("evaluate", "{tmp}/no.tflite", "--data", "{data}"), "no.tflite"),
    "model that is garbage": (
        _damaged_model,
        ("evaluate", "{tmp}/model.tflite", "--data", "{data}"),
        "model.tflite",
    ),
    "verify garbage": (_damaged_model, ("verify", "{tmp}/model.tflite"), "model.tflite"),
}


def _listing(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_one_clear_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare, command, expected = CASES[name]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent / f"{tmp_path.name}-cache"))
    prepare(tmp_path)
    places = {"tmp": tmp_path, "data": tmp_path / "photos", "out": tmp_path / "out", "board": BOARD}
    before = _listing(tmp_path)
    code = run([part.format(**places) for part in command])
    error = capsys.readouterr().err
    assert code == 2, error
    complaints = [line for line in error.splitlines() if line.startswith("wakeling: ")]
    assert len(complaints) == 1, error
    assert error.splitlines()[-1] == complaints[0]
    assert "Traceback" not in error
    assert re.search(expected, complaints[0]), complaints[0]
    assert _listing(tmp_path) == before, "something was left behind"


def test_there_are_at_least_thirty_kinds() -> None:
    assert len(CASES) >= 30


def test_nothing_fits_is_a_negative_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _photos(tmp_path)
    places = {"data": tmp_path / "photos", "board": BOARD, "out": tmp_path / "out"}
    code = run([*(part.format(**places) for part in DESIGN), "--frame-ms", "0.2"])
    line = capsys.readouterr().err.splitlines()[-1]
    assert code == 1
    assert re.search("none of .* fits .*closest is mobilenet.*too much", line), line
    assert not (tmp_path / "out").exists()
