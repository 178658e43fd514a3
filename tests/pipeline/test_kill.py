"""kill -9 at random moments: the run resumes and ends with the very same files."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ARGUMENTS = (
    *("design", "--data", "scenes:400", "--board", "arduino-nano-33-ble-sense", "--resume"),
    *("--families", "mobilenet_v1,mobilenet_v2", "--alphas", "0.1", "--resolutions", "32,40"),
    *("--channels", "1", "--depths", "0.5", "--finalists", "3", "--rung-epochs", "2,4"),
    *("--epochs", "40", "--quantization-epochs", "10", "--threads", "1"),
)
KILLS = 5


def _start(root: Path, cache: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "wakeling", *ARGUMENTS, "--out", str(root), "--cache", str(cache)]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )


def _finish(process: subprocess.Popen[bytes]) -> str:
    _, error = process.communicate(timeout=600)
    assert process.returncode == 0, error.decode()
    return error.decode()


@pytest.mark.slow
def test_killed_five_times_the_run_ends_with_the_same_model(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    started = time.monotonic()
    _finish(_start(tmp_path / "whole", cache))
    seconds = time.monotonic() - started
    draws = random.Random(int(os.environ.get("WAKELING_KILL_SEED", "1")))
    moments = [draws.uniform(0.05, 0.19) * seconds for _ in range(KILLS)]
    for moment in moments:
        with _start(tmp_path / "killed", cache) as process:
            try:
                process.wait(timeout=moment)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL  # together the moments are shorter than one run
    shown = ", ".join(f"{moment:.1f}" for moment in moments)
    print(f"killed after {shown} s; uninterrupted {seconds:.1f} s")
    _finish(_start(tmp_path / "killed", cache))
    for name in ("model.tflite", "quantized.npz", "network.toml", "cost.json"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    leftovers = [
        path.name for path in (tmp_path / "killed").rglob("*") if path.name.endswith((".pt", ".part"))
    ]
    assert leftovers == []
