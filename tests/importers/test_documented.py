"""The how-to names what is read, and its example runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from wakeling.export import tflite
from wakeling.importers import read_tflite
from wakeling.importers.tflite import TRANSLATORS
from wakeling.importers.tflite_folding import _RULES as FOLDED
from wakeling.testing.random_models import random_model

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "read-other-models.md"


def test_the_page_names_every_operator_that_is_read_or_folded() -> None:
    text = PAGE.read_text(encoding="utf-8")
    read = text.split("These operators are read:")[1].split("\n\n")[0]
    names = set(re.findall(r"\b[A-Z][A-Z0-9_]+\b", read))
    assert names == set(TRANSLATORS)
    folded = text.split("## What changes on the way")[1].split("##")[0]
    for name in FOLDED:
        assert name in folded


def test_the_example_writes_a_file_that_computes_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    model = random_model(4)
    tflite.write(tmp_path / "model.tflite", model)
    monkeypatch.chdir(tmp_path)
    exec(compile(example, str(PAGE), "exec"), {})
    again = read_tflite(tmp_path / "again.tflite").quantized
    first = read_tflite(tmp_path / "model.tflite").quantized
    assert again is not None
    assert first is not None
    assert again.content_hash == first.content_hash


def test_showing_and_costing_a_file_needs_no_runtime(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    tflite.write(path, random_model(4))
    program = f"""
import sys
for name in ("flatbuffers", "ai_edge_litert", "tflite_micro", "torch", "matplotlib"):
    sys.modules[name] = None  # importing it raises ImportError
from wakeling.cli.main import run
sys.exit(run(["show", {str(path)!r}]) or run(["cost", {str(path)!r}]))
"""
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, timeout=60)
    assert finished.returncode == 0, finished.stderr.decode()
    assert b"computes with" in finished.stdout
