"""`wakeling verify --target` as a user runs it: agreement, a planted difference, mistakes."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from wakeling.cli.main import run
from wakeling.export import tflite
from wakeling.export.c import CompiledModel, compile_model
from wakeling.testing.random_models import random_model
from wakeling.verify.c import proof as proving
from wakeling.verify.c import qemu_runner, toolchain
from wakeling.verify.c.proof_report import from_json

MODEL = random_model(4)


@pytest.fixture
def model(tmp_path: Path) -> str:
    MODEL.save(tmp_path / "model.npz")
    return str(tmp_path / "model.npz")


def test_a_model_is_proven_on_an_m4(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", model, "--target", "cortex-m4", "--images", "2"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for words in (
        "instructions, measured under emulation",
        "weights and tables +",
        "stack (high-water mark)",
        "run by unicorn",
        "compiled by zig",
        "exact elimination:",
        "bit for bit in all 17 layers on 10 images",
    ):
        assert words in text


def test_json_and_a_picture_of_any_int8_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tflite.write(tmp_path / "foreign.tflite", MODEL)
    picture = tmp_path / "proof.svg"
    arguments = ["verify", str(tmp_path / "foreign.tflite"), "--target", "portable", "--images", "1"]
    arguments += ["--keep-constant-channels", "--ram", "64KiB", "--json", "--plot", str(picture)]
    assert run(arguments) == 0
    proof = from_json(json.loads(capsys.readouterr().out))
    assert proof.agrees
    assert proof.target == "portable"
    assert proof.eliminated is None
    assert proof.images == 9
    assert "MACs" in picture.read_text()


def test_a_layer_that_differs_is_exit_code_1_and_is_named(
    model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*arguments: Any, **options: Any) -> CompiledModel:
        compiled = compile_model(*arguments, **options)
        name = "model_weights.c"
        text = re.sub(
            r"(model_layer_1_weights\[\d+\] = {\s*)(-?\d+)",
            lambda found: f"{found[1]}{int(found[2]) ^ 64}",
            compiled.files[name],
            count=1,
        )
        assert text != compiled.files[name]
        return dataclasses.replace(compiled, files={**compiled.files, name: text})

    monkeypatch.setattr(proving, "compile_model", broken)
    assert run(["verify", model, "--target", "portable", "--keep-constant-channels"]) == 1
    text = " ".join(capsys.readouterr().out.split())
    tensor = next(node.name for node in MODEL.graph.nodes[1:2])
    assert f"differs from golden in layer 1, {tensor!r}" in text


def test_a_limit_is_held_against_what_was_measured(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", model, "--target", "cortex-m4", "--images", "1", "--ram", "100"]) == 0
    assert "MORE than the 100 B asked for" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "cortex-m44"], "unknown target 'cortex-m44'; known: cortex-m4"),
        (["--target", "cortex-m55", "--emulator", "unicorn"], "QEMU has boards with Helium"),
        (["--target", "cortex-m4", "--emulator", "quemu"], "unknown emulator 'quemu'; known: qemu"),
        (["--target", "cortex-m4", "--compiler", "gc"], "unknown compiler 'gc'; known: gcc"),
        (["--target", "cortex-m4", "--ram", "lots"], "size 'lots' is not understood"),
        (["--target", "cortex-m55", "--emulator", "host"], "leave --emulator host out"),
        (["--emulator", "qemu"], "name its core too: --target cortex-m4"),
        (["--keep-constant-channels"], "--keep-constant-channels is for generated C"),
        (["--images", "3"], "at least 256"),
        (["--target", "cortex-m4", "--images", "0"], "0 is not in the range"),
    ],
)
def test_a_mistake_gives_one_line_and_exit_code_2(
    arguments: list[str], message: str, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", model, *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1
    assert message in captured.err


def test_a_missing_tool_is_named_with_its_package(
    model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    toolchain.gcc.cache_clear()
    monkeypatch.setattr(shutil, "which", lambda name: None)
    for arguments, package in (
        (["--target", "cortex-m55"], qemu_runner.PACKAGE),
        (["--target", "cortex-m4", "--compiler", "gcc"], toolchain.GCC_PACKAGE),
    ):
        assert run(["verify", model, *arguments]) == 2
        assert f"apt-get install {package}" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="signals are another matter there")
def test_ctrl_c_leaves_no_files_and_no_process(model: str, tmp_path: Path) -> None:
    """Interrupted while the program is built: exit code 130, one line, and the folder is gone."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    # a shell that starts the tests in the background has them ignore the signal
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = f"{heed}; from wakeling.cli.main import main; main()"
    command = [sys.executable, "-c", program, "verify", model, "--target", "cortex-m4"]
    process = subprocess.Popen(
        command, env={**os.environ, "TMPDIR": str(folder)}, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 60
        while not list(folder.glob("wakeling-*/*")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert errors.strip().splitlines() == ["wakeling: interrupted"]
    assert list(folder.iterdir()) == []
