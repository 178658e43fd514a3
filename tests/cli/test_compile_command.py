"""`wakeling compile` as a user runs it: every kind of model and project, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.export.c.test_projects import model_of
from wakeling.cli.firmware_folder import MANIFEST
from wakeling.cli.main import run
from wakeling.data.decode import decode
from wakeling.export import tflite
from wakeling.export.c import compile_model, target_of
from wakeling.export.c.decision import decision_of
from wakeling.export.c.projects import PROJECTS
from wakeling.files import write_json
from wakeling.pipeline.folder import RunFolder
from wakeling.quantize import golden

MODEL = model_of()


@pytest.fixture
def model(tmp_path: Path) -> str:
    MODEL.save(tmp_path / "model.npz")
    return str(tmp_path / "model.npz")


def facts_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert run(["compile", *arguments, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert isinstance(facts, dict)
    return facts


def test_it_says_what_was_made_and_what_to_do_next(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "firmware"
    arguments = ["compile", model, "--target", "cortex-m4", "--out", str(out), "--camera", "rgb565:40x30"]
    assert run(arguments) == 0
    text = capsys.readouterr().out
    compiled = compile_model(MODEL, target_of("cortex-m4"))
    assert f"MACs: {compiled.about.macs:,}" in text
    assert compiled.elimination is not None
    assert compiled.elimination.summary in text
    for word in (
        "flash of tables",
        "arena in RAM",
        "camera",
        "decision: output 1",
        "a drawn person",
        "written: ",
    ):
        assert word in text
    assert str(out / "README.md") in text
    for name, source in compiled.files.items():
        assert (out / name).read_text() == source
    assert run(arguments) == 0  # a second run replaces what the first one wrote


@pytest.mark.parametrize("kind", sorted(PROJECTS))
def test_every_project_is_written_with_a_manifest_of_its_files(
    tmp_path: Path, model: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "firmware"
    arguments = (model, "--target", "cortex-m4", "--out", str(out), "--project", kind, "--name", "finder")
    facts = facts_of(capsys, *arguments)
    manifest = json.loads((out / MANIFEST).read_text())["files"]
    there = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert there == {*manifest, MANIFEST}
    assert sorted(manifest) == facts["files"]
    assert facts["name"] == "finder"


def test_a_tflite_file_a_run_and_an_npz_give_the_same_c(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = RunFolder(tmp_path / "run")
    MODEL.save(folder.quantized)
    tflite.write(folder.tflite, MODEL)
    hashes = []
    for number, given in enumerate((model, str(folder.root), str(folder.tflite))):
        out = tmp_path / str(number)
        hashes.append(facts_of(capsys, given, "--target", "portable", "--out", str(out))["arena_bytes"])
    weights = {(tmp_path / str(number) / "model_weights.c").read_bytes() for number in range(3)}
    assert len(weights) == 1
    assert len(set(hashes)) == 1


def test_the_threshold_is_the_runs_unless_one_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = RunFolder(tmp_path / "run")
    MODEL.save(folder.quantized)
    tflite.write(folder.tflite, MODEL)
    write_json(folder.evaluation, {"threshold": 0.71})
    arguments = (str(folder.root), "--target", "portable", "--out", str(tmp_path / "out"))

    def on(*more: str) -> object:
        decision = facts_of(capsys, *arguments, *more)["decision"]
        assert isinstance(decision, dict)
        return decision["on"]

    assert on() == decision_of(MODEL, threshold=0.71).on
    assert on("--threshold", "0.25") == decision_of(MODEL, threshold=0.25).on
    write_json(folder.evaluation, {"threshold": "high"})
    assert run(["compile", *arguments]) == 2
    assert "give --threshold" in capsys.readouterr().err


def test_a_photo_of_ones_own_is_the_test_picture(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    photo = tmp_path / "garden.png"
    Image.fromarray(rng.integers(0, 256, (37, 61, 3), np.uint8)).save(photo)
    facts = facts_of(
        capsys, model, "--target", "portable", "--out", str(tmp_path / "out"), "--picture", str(photo)
    )
    pixels = decode(photo.read_bytes(), 16, 3).pixels
    expected = golden.run(MODEL, golden.to_input(MODEL, pixels[None]))[0]
    assert facts["expected_output"] == expected.tolist()
    assert "garden.png" in str(facts["test_picture"])


def test_another_program_says_beside_its_file_which_output_wakes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "foreign.tflite"
    tflite.write(path, MODEL)
    beside = tmp_path / "foreign.preprocessing.toml"
    beside.write_text("wake_word_output = 0\n")
    arguments = (str(path), "--target", "portable", "--out", str(tmp_path / "out"))
    decision = facts_of(capsys, *arguments)["decision"]
    assert isinstance(decision, dict)
    assert decision["output"] == 0
    beside.write_text('channels = "bgr"\n')
    assert run(["compile", *arguments, "--camera", "rgb888:32x32"]) == 2
    assert "blue, green, red" in capsys.readouterr().err
    beside.write_text('input = "unit"\n')
    assert run(["compile", *arguments, "--camera", "rgb888:32x32"]) == 2
    assert "leave --camera out" in capsys.readouterr().err


def test_an_output_of_reals_has_no_decision_unless_one_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model_of(reals=True).save(tmp_path / "reals.npz")
    arguments = (str(tmp_path / "reals.npz"), "--target", "portable", "--out", str(tmp_path / "out"))
    assert facts_of(capsys, *arguments)["decision"] is None
    assert run(["compile", *arguments, "--threshold", "0.5"]) == 2
    assert "int8 or uint8 outputs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (["--target", "cortex-m44"], 2, "known: cortex-m4"),
        (["--project", "ardunio"], 2, "known: arduino"),
        (["--project", "baremetal", "--target", "cortex-m0plus"], 2, "no emulated board"),
        (["--project", "tflm", "--camera", "gray8:32x32"], 2, "no camera and no decision"),
        (["--name", "int"], 2, "cannot be the prefix"),
        (["--name", "string"], 2, "would clash"),
        (["--ram", "much"], 2, "not understood"),
        (["--ram", "100"], 1, "--ram gave 100"),
        (["--camera", "rgb565"], 2, "write FORMAT:WIDTHxHEIGHT"),
        (["--camera", "jpeg:320x240"], 2, "unknown pixel format"),
        (["--threshold", "2"], 2, "threshold"),
        (["--release", "0.9"], 2, "the release at most the threshold"),
        (["--smooth", "many"], 2, "the smoothing 'many'"),
        (["--wake-output", "7"], 2, "there is no output 7"),
        (["--picture", "none.jpg"], 2, "none.jpg does not exist"),
        (["--picture", "."], 2, "cannot be read"),
        (["--picture", "{model}"], 2, "not an image"),
        (["--out", "{model}"], 2, "is a file; give a folder"),
    ],
)
def test_a_mistake_gives_one_line_and_writes_nothing(
    tmp_path: Path,
    model: str,
    more: list[str],
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = [part.replace("{model}", model) for part in more]
    out = tmp_path / "firmware"
    assert run(["compile", model, "--target", "cortex-m4", "--out", str(out), *given]) == code
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert captured.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.npz"]


def test_models_that_cannot_be_compiled_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.tflite").write_text("text")
    (tmp_path / "empty").mkdir()
    for given, message in (
        ("none.npz", "does not exist"),
        ("text.tflite", "not a .tflite file"),
        ("empty", "finish its design run"),
    ):
        out = tmp_path / "firmware"
        assert run(["compile", str(tmp_path / given), "--target", "portable", "--out", str(out)]) == 2
        err = capsys.readouterr().err
        assert message in err
        assert err.count("\n") == 1
        assert not out.exists()


def test_changed_files_are_kept(tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "firmware"
    arguments = ["compile", model, "--target", "portable", "--out", str(out)]
    assert run(arguments) == 0
    (out / "model.c").write_text("int mine;\n")
    capsys.readouterr()
    assert run(arguments) == 2
    assert "model.c" in capsys.readouterr().err
    assert (out / "model.c").read_text() == "int mine;\n"
    assert run([*arguments, "--force"]) == 0
    assert (tmp_path / "firmware.before-1" / "model.c").read_text() == "int mine;\n"
    assert "firmware.before-1" in capsys.readouterr().out


@pytest.mark.slow
def test_every_published_model_is_compiled_for_every_kind_of_core(tmp_path: Path) -> None:
    peers = Path(__file__).parents[2].parent / "shared" / "peers"
    if not peers.exists():
        pytest.skip("the published models are not at hand")
    for path in sorted(peers.glob("*.tflite")):
        if path.name == "vww_96_float.tflite":
            continue
        for target in ("portable", "cortex-m4", "cortex-m55"):
            out = str(tmp_path / "out")
            assert run(["compile", str(path), "--target", target, "--out", out]) == 0, path
