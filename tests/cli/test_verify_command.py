"""`wakeling verify` as a user runs it: agreement, a planted difference, mistakes."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from wakeling import spec
from wakeling.cli.main import run
from wakeling.export import tflite
from wakeling.graph import weight_shapes
from wakeling.pipeline.folder import RunFolder
from wakeling.quantize.float_model import FloatModel
from wakeling.quantize.model import QuantizedModel
from wakeling.testing.random_models import random_model
from wakeling.verify.report import from_json

MODEL = random_model(1)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def folder_of(tmp_path: Path, exported: QuantizedModel) -> RunFolder:
    """A run folder with MODEL's integers and the export of another model."""
    folder = RunFolder(tmp_path / "run")
    MODEL.save(folder.quantized)
    tflite.write(folder.tflite, exported)
    return folder


def other_model() -> QuantizedModel:
    key = next(iter(MODEL.weights))
    return dataclasses.replace(MODEL, weights={**MODEL.weights, key: -MODEL.weights[key]})


def test_a_quantized_model_agrees_with_its_own_export(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    MODEL.save(tmp_path / "model.npz")
    assert run(["verify", str(tmp_path / "model.npz"), "--json"]) == 0
    report = from_json(json.loads(capsys.readouterr().out))
    assert report.agrees
    assert report.images == 256 + 8
    assert report.content_hash == MODEL.content_hash
    assert report.arena_bytes is not None


def test_the_table_names_runtimes_and_the_arena(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_of(tmp_path, MODEL)
    assert run(["verify", str(folder.root)]) == 0
    text = capsys.readouterr().out
    assert "TensorFlow Lite Micro" in text
    assert "LiteRT (reference kernels)" in text
    assert "arena" in text
    assert "agree" in text


def test_photos_can_be_the_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from wakeling import spec
    from wakeling.fuse import fuse
    from wakeling.testing.random_models import quantize_randomly

    graph = fuse(spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=32))).graph
    quantize_randomly(graph, 0).save(tmp_path / "model.npz")
    arguments = ["verify", str(tmp_path / "model.npz"), "--data", "scenes:40", "--images", "260", "--json"]
    assert run(arguments) == 0
    assert json.loads(capsys.readouterr().out)["images"] == 260 + 8


def test_a_difference_is_exit_code_1_and_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_of(tmp_path, other_model())
    assert run(["verify", str(folder.root)]) == 1
    text = " ".join(capsys.readouterr().out.split())
    assert "golden differs from" in text
    assert "first in tensor" in text


def test_without_a_runtime_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of(tmp_path, MODEL)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert run(["verify", str(folder.root)]) == 2
    assert "wakeling[verify]" in capsys.readouterr().err


@pytest.mark.parametrize(
    "what", ["no file", "no model", "an empty folder", "too few images", "no tflite", "text as tflite"]
)
def test_a_mistake_gives_one_line_and_exit_code_2(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    MODEL.save(tmp_path / "model.npz")
    (tmp_path / "text").write_text("text")
    (tmp_path / "empty").mkdir()
    good, text = str(tmp_path / "model.npz"), str(tmp_path / "text")
    arguments, message = {
        "no file": ([str(tmp_path / "none.npz")], "does not exist"),
        "no model": ([text], "not a quantized model"),
        "an empty folder": ([str(tmp_path / "empty")], "finish its design run"),
        "too few images": ([good, "--images", "12"], "256"),
        "no tflite": ([good, "--tflite", str(tmp_path / "none.tflite")], "none.tflite"),
        "text as tflite": ([good, "--tflite", text], "not a .tflite file"),
    }[what]
    assert run(["verify", *arguments]) == 2
    captured = capsys.readouterr()
    assert len(captured.err.strip().splitlines()) == 1
    assert message in captured.err


def published(name: str) -> Path:
    path = Path(__file__).parents[2].parent / "shared" / "peers" / name
    if not path.exists():
        pytest.skip("the published models are not at hand")
    return path


def test_any_integer_file_is_verified_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file is read, computed by the golden interpreter, and compared with both runtimes' own run of it."""
    tflite.write(tmp_path / "foreign.tflite", MODEL)
    picture = tmp_path / "verified.svg"
    assert run(["verify", str(tmp_path / "foreign.tflite"), "--plot", str(picture), "--json"]) == 0
    report = from_json(json.loads(capsys.readouterr().out))
    assert report.agrees
    assert all(witness.tensors == len(MODEL.graph.nodes) + 1 for witness in report.witnesses)
    assert "Images compared" in picture.read_text()


def test_a_runtime_may_refuse_a_file_that_another_program_wrote(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """LiteRT refuses the published person detector; TFLM runs it, and agrees on every tensor."""
    assert run(["verify", str(published("person_detect.tflite")), "--json"]) == 0
    report = from_json(json.loads(capsys.readouterr().out))
    assert {witness.name: witness.status for witness in report.witnesses} == {
        "TensorFlow Lite Micro": "agree",
        "LiteRT (reference kernels)": "not measured",
    }


def test_files_that_cannot_be_verified_get_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.tflite"
    lowered = spec.lower(spec.make("mobilenet_v1", alpha=0.1, resolution=32), deployed=True)
    graph = dataclasses.replace(lowered, input_type="float32")
    rng = np.random.default_rng(0)
    arrays = {key: rng.normal(0, 1, shape).astype(np.float32) for key, shape in weight_shapes(graph).items()}
    floats = FloatModel(
        name="floats",
        graph=graph,
        weights={key: array for key, array in arrays.items() if not key.endswith("/bias")},
        biases={key: array for key, array in arrays.items() if key.endswith("/bias")},
        labels=("not_person", "person"),
    )
    tflite.write(path, floats)
    for arguments, message in (
        ([str(path)], "it computes in float32; only integers agree bit for bit"),
        ([str(path), "--tflite", str(path)], "leave --tflite out"),
        ([str(tmp_path / "missing.tflite")], "does not exist"),
    ):
        assert run(["verify", *arguments]) == 2
        err = capsys.readouterr().err
        assert message in err
        assert err.count("\n") == 1
