"""A whole design run, small: from drawn scenes to a verified model, interrupted and not."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from tests.pipeline.runs import HERE, Interrupts
from wakeling.errors import DoesNotFitError
from wakeling.pipeline import DesignRequest, design
from wakeling.quantize.model import QuantizedModel
from wakeling.report import ReportData
from wakeling.search import GridSpace

REQUEST = DesignRequest(
    data="scenes:240",
    board="arduino-nano-33-ble-sense",
    space=GridSpace(
        families=("mobilenet_v1", "mobilenet_v2"),
        alphas=(0.1,),
        resolutions=(32,),
        channels=(1, 3),
        depths=(0.5,),
    ),
    finalists=2,
    rung_epochs=(1,),
    epochs=2,
    quantization_epochs=1,
    threads=1,
    verify_images=16,
    minutes=1,
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """The folder of an uninterrupted run."""
    root = tmp_path_factory.mktemp("whole") / "out"
    outcome = design(REQUEST, root, cache=cache, circumstances=HERE, listener=Interrupts())
    assert outcome.report.verification is not None
    assert {witness.status for witness in outcome.report.verification.witnesses} <= {"agree", "not measured"}
    return root


def test_the_run_leaves_everything_that_it_promises(finished: Path) -> None:
    root = finished
    names = {path.name for path in root.iterdir()}
    assert names >= {
        "model.tflite",
        "model_data.c",
        "model_data.h",
        "network.toml",
        "cost.json",
        "verification.json",
        "evaluation.json",
        "report.json",
        "report.html",
    }
    assert {"model.h", "model.c", "model_weights.c"} <= {path.name for path in (root / "c").iterdir()}
    assert not [name for name in names if name.endswith(".part")]
    assert not list((root / "checkpoints").glob("*.pt*")), "checkpoints of a finished run are dead weight"


def test_the_report_says_what_the_files_hold(finished: Path) -> None:
    root = finished
    report = ReportData.from_json(json.loads((root / "report.json").read_text()))
    assert report.verdict.fits
    assert report.data.kind == "scenes"
    assert "drawn" in (root / "report.html").read_text()
    sizes = {file.path: file.size_bytes for file in report.files}
    assert sizes["model.tflite"] == (root / "model.tflite").stat().st_size
    assert {candidate.status for candidate in report.candidates} >= {"winner", "tried"}
    assert {(entry.model, entry.split) for entry in report.evaluations} == {
        ("float", "val"),
        ("int8", "val"),
        ("float", "test"),
        ("int8", "test"),
    }
    assert report.verification is not None
    assert report.verification.images >= 16


@pytest.mark.parametrize("moment", ["training on", "trial 1/", "epoch 1/2", "Quantizing", "Accuracy"])
def test_an_interrupted_run_resumes_and_ends_with_the_same_model(
    moment: str, finished: Path, cache: Path, tmp_path: Path
) -> None:
    root = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        design(REQUEST, root, cache=cache, circumstances=HERE, listener=Interrupts(moment))
    design(REQUEST, root, cache=cache, circumstances=HERE, resume=True)
    assert (root / "model.tflite").read_bytes() == (finished / "model.tflite").read_bytes()
    model, other = (QuantizedModel.load(folder / "quantized.npz") for folder in (root, finished))
    assert model.content_hash == other.content_hash


def test_a_finished_run_is_not_done_again(finished: Path, cache: Path) -> None:
    root = finished
    before = (root / "quantized.npz").stat().st_mtime_ns
    listener = Interrupts()
    design(REQUEST, root, cache=cache, circumstances=HERE, resume=True, listener=listener)
    assert (root / "quantized.npz").stat().st_mtime_ns == before
    assert not any(line.startswith(("Training ", "Search")) for line in listener.lines)


def test_nothing_fits_writes_nothing(tmp_path: Path, cache: Path) -> None:
    request = DesignRequest(data="scenes:240", board="arduino-nano-33-ble-sense", frame_ms=0.2)
    with pytest.raises(DoesNotFitError, match="closest is mobilenet_v"):
        design(request, tmp_path / "out", cache=cache, circumstances=HERE)
    assert not (tmp_path / "out").exists()


def test_an_arena_that_fits_nowhere_writes_nothing(tmp_path: Path, cache: Path) -> None:
    # between the arena that is planned for a 32-bit board and the larger one measured on this computer
    reserve = 20 * 1024 - 11_600
    tight = dataclasses.replace(
        REQUEST, board="nucleo-l010rb", reserve_ram_bytes=reserve, reserve_flash_bytes=4 * 1024
    )
    with pytest.raises(DoesNotFitError, match="under TensorFlow Lite Micro; closest is mobilenet_v"):
        design(tight, tmp_path / "out", cache=cache, circumstances=HERE)
    assert not (tmp_path / "out").exists()
