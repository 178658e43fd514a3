"""`wakeling evaluate` as a user runs it, and its figures beside published ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wakeling import spec
from wakeling.cli.main import run
from wakeling.export import tflite
from wakeling.fuse import fuse
from wakeling.quantize import golden
from wakeling.testing.random_models import quantize_randomly
from wakeling.verify.jobs import KERNELS

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
MODEL = quantize_randomly(fuse(spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=32))).graph, 3)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    tflite.write(tmp_path / "model.tflite", MODEL)
    return tmp_path / "model.tflite"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    root = tmp_path / "photos"
    for label in ("person", "garden"):
        (root / label).mkdir(parents=True)
        for index in range(12):
            Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8)).save(root / label / f"{index}.png")
    return root


def pixels_of(photos: Path) -> np.ndarray:
    return np.stack([np.asarray(Image.open(path)) for path in sorted(photos.glob("*/*.png"))])


def test_json_has_the_golden_interpreters_figures(
    model: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", str(model), "--data", str(photos), "--split", "all", "--json"]
    assert run(arguments) == 0
    value = json.loads(capsys.readouterr().out)
    answers = golden.probabilities(MODEL, pixels_of(photos)) >= 0.5
    counts = value["figures"]["all"]["confusion"]
    assert counts["false_positive"] == answers[:12].sum()  # sorted: garden before person
    assert counts["true_positive"] == answers[12:].sum()
    assert (value["split"], value["threshold"]) == ("all", 0.5)


@pytest.mark.parametrize("kernels", KERNELS)
def test_the_table_says_which_kernels_ran(
    kernels: str, model: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", str(model), "--data", str(photos), "--split", "all", "--kernels", kernels]
    assert run(arguments) == 0
    text = capsys.readouterr().out
    assert f"LiteRT's {kernels} kernels" in text
    assert "from the model's metadata" in text
    assert "minus128" in text


def test_the_figures_are_drawn_where_asked(model: Path, photos: Path, tmp_path: Path) -> None:
    picture = tmp_path / "figures.svg"
    arguments = ["evaluate", str(model), "--data", str(photos), "--split", "all"]
    assert run([*arguments, "--plot", str(picture)]) == 0
    for words in ("Balanced accuracy", "AUC", "all (all)"):
        assert words in picture.read_text()


def test_predictions_and_the_threshold(
    model: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", str(model), "--data", str(photos), "--split", "all", "--threshold", "0"]
    assert run([*arguments, "--predictions", str(tmp_path / "out.csv"), "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)["figures"]["all"]["confusion"]
    assert (counts["true_positive"], counts["false_positive"]) == (12, 12)
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 25


def wrong_uses(tmp_path: Path, model: Path, photos: Path) -> dict[str, tuple[list[str], str]]:
    text, empty, cut = tmp_path / "text.tflite", tmp_path / "empty.tflite", tmp_path / "cut.tflite"
    text.write_text("not a model")
    empty.write_bytes(b"")
    cut.write_bytes(model.read_bytes()[:5000])
    toml = tmp_path / "wrong.toml"
    toml.write_text('input = "half"')
    good = ["--data", str(photos), "--split", "all"]
    return {
        "no file": ([str(tmp_path / "none.tflite"), *good], "does not exist"),
        "a folder": ([str(photos), *good], "folder"),
        "text": ([str(text), *good], "not a .tflite file"),
        "empty": ([str(empty), *good], "not a .tflite file"),
        "truncated": ([str(cut), *good], "cut.tflite"),
        "no data": ([str(model), "--data", str(tmp_path / "nowhere")], "nowhere"),
        "wrong preprocessing": ([str(model), *good, "--preprocessing", str(toml)], "unknown input"),
        "no preprocessing": (
            [str(model), *good, "--preprocessing", str(tmp_path / "no.toml")],
            "does not exist",
        ),
        "wrong split": ([str(model), "--data", str(photos), "--split", "exam"], "exam"),
        "wrong threshold": ([str(model), *good, "--threshold", "2"], "2"),
        "no data option": ([str(model)], "--data"),
    }


@pytest.mark.parametrize(
    "what",
    [
        "no file",
        "a folder",
        "text",
        "empty",
        "truncated",
        "no data",
        "wrong preprocessing",
        "no preprocessing",
        "wrong split",
        "wrong threshold",
        "no data option",
    ],
)
def test_a_mistake_gives_one_line_and_exit_code_2(
    what: str, tmp_path: Path, model: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, message = wrong_uses(tmp_path, model, photos)[what]
    assert run(["evaluate", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1
    assert message in captured.err


def published() -> list[tuple[str, dict[str, float]]]:
    """AUC on the COCO, VOC and all photos of the test split, as ../shared/peers/README.md gives it."""
    if not (SHARED / "vww" / "manifest.csv").exists():
        return []
    return [
        ("vww_96_int8", {"coco": 0.887, "voc": 0.8571, "all": 0.8688}),
        ("colabnas_k_2_c_3", {"coco": 0.684, "voc": 0.715, "all": 0.7442}),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "expected"), published())
def test_published_figures_are_reproduced(
    name: str, expected: dict[str, float], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "evaluate",
        str(SHARED / "peers" / f"{name}.tflite"),
        "--data",
        str(SHARED / "vww"),
        "--preprocessing",
        str(ROOT / "examples" / "peers" / f"{name}.preprocessing.toml"),
        "--kernels",
        "xnnpack",  # as they were measured
        "--json",
    ]
    assert run(arguments) == 0
    figures = json.loads(capsys.readouterr().out)["figures"]
    assert {source: round(value["auc"], 4) for source, value in figures.items()} == expected
