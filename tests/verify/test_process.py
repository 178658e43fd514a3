"""The child process: refusals, crashes and hangs become one line; nothing is left behind."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wakeling.errors import MissingDependencyError, ModelFileError
from wakeling.export import tflite
from wakeling.testing.random_models import random_images, random_model
from wakeling.verify import litert, process
from wakeling.verify.child import feed
from wakeling.verify.images import extreme_images, noise_images
from wakeling.verify.jobs import FEEDS, KERNELS, Job, Runtime
from wakeling.verify.process import run_job, run_jobs

MODEL = random_model(1)
IMAGES = random_images(MODEL, 2, 0).view(np.int8)


@pytest.mark.parametrize("runtime", ["tflm", "litert"])
@pytest.mark.parametrize("size", [9, 100, 900])
def test_a_truncated_file_is_refused_in_one_line(runtime: Runtime, size: int) -> None:
    with pytest.raises(ModelFileError, match=r"TensorFlow Lite Micro|LiteRT") as raised:
        run_job(runtime, Job(content=tflite.to_bytes(MODEL)[:size], images=IMAGES))
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 300


def test_damaged_files_never_take_this_process_down() -> None:
    content = tflite.to_bytes(MODEL)
    rng = np.random.default_rng(0)
    for _ in range(3):
        damaged = bytearray(content)
        for _ in range(20):
            damaged[rng.integers(8, len(content))] = int(rng.integers(256))
        try:
            run_job("litert", Job(content=bytes(damaged), images=IMAGES), timeout_s=60)
        except ModelFileError as problem:
            message = str(problem)
        else:
            message = "ran"
        assert "\n" not in message


def replace_child(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let the child run another program."""
    original = subprocess.run

    def run(command: list[str], **options: Any) -> Any:
        return original([sys.executable, "-c", program, command[-1]], **options)

    monkeypatch.setattr(process.subprocess, "run", run)


def test_a_crash_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_child(monkeypatch, "import os; os.abort()")
    with pytest.raises(ModelFileError, match=r"crashed \(SIGABRT\)"):
        run_job("tflm", Job(content=b"", images=IMAGES))


def test_an_early_exit_is_named_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_child(monkeypatch, "import sys; print('out of luck', file=sys.stderr); sys.exit(7)")
    with pytest.raises(ModelFileError, match="exit code 7 on this model: out of luck"):
        run_job("litert", Job(content=b"", images=IMAGES))


def test_a_hang_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_child(monkeypatch, "import time; time.sleep(60)")
    with pytest.raises(ModelFileError, match="took longer than"):
        run_job("tflm", Job(content=b"", images=IMAGES), timeout_s=0.5)


def test_a_missing_runtime_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"wakeling\[verify\]"):
        run_job("tflm", Job(content=b"", images=IMAGES))


def test_nothing_is_left_in_the_temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    run_job("tflm", Job(content=tflite.to_bytes(MODEL), images=IMAGES, measure_arena=True))
    with pytest.raises(ModelFileError):
        run_job("litert", Job(content=b"", images=IMAGES))
    assert list(tmp_path.iterdir()) == []


def test_each_job_gets_its_own_arena() -> None:
    contents = [tflite.to_bytes(random_model(seed)) for seed in (1, 2, 3)]
    jobs = [
        Job(
            content=content,
            images=random_images(random_model(seed), 1, 0).view(np.int8),
            measure_arena=seed != 2,
        )
        for seed, content in zip((1, 2, 3), contents, strict=True)
    ]
    together = [outcome.arena for outcome in run_jobs("tflm", jobs)]
    assert together[1] is None
    assert together[0] == run_job("tflm", jobs[0]).arena
    assert together[2] == run_job("tflm", jobs[2]).arena
    assert together[0] != together[2]


@pytest.mark.parametrize("kernels", KERNELS)
def test_all_of_litert_kernels_run(kernels: Any) -> None:
    pixels = random_images(MODEL, 3, 0)
    found = litert.run_images(tflite.to_bytes(MODEL), pixels, feed="minus128", kernels=kernels)
    reference = litert.run(tflite.to_bytes(MODEL), (pixels ^ 128).view(np.int8)).outputs
    assert found.shape == reference.shape
    assert np.abs(found.astype(int) - reference).max() <= (0 if kernels == "reference" else 4)


def test_feeds_are_what_their_names_say() -> None:
    pixels = np.arange(256, dtype=np.uint8)
    assert feed(pixels, "raw", np.float32, 1.0, 0).tolist() == list(range(256))
    assert feed(pixels, "raw", np.uint8, 1 / 255, 0).tolist() == list(range(256))
    assert feed(pixels, "minus128", np.int8, 0.5, 3).tolist() == list(range(-128, 128))
    np.testing.assert_allclose(feed(pixels, "unit", np.float32, 1.0, 0), pixels / 255, rtol=1e-6)
    np.testing.assert_allclose(feed(pixels, "signed_unit", np.float32, 1.0, 0), pixels / 127.5 - 1, atol=1e-6)
    assert set(FEEDS) == {"raw", "minus128", "unit", "signed_unit"}


def test_real_values_are_quantized_by_the_inputs_scale() -> None:
    pixels = np.arange(256, dtype=np.uint8)
    assert feed(pixels, "unit", np.int8, 1 / 255, -128).tolist() == list(range(-128, 128))
    assert feed(pixels, "unit", np.uint8, 1 / 255, 0).tolist() == list(range(256))


def test_extreme_images_are_extreme() -> None:
    images = extreme_images((20, 17, 3))
    assert images.shape == (8, 20, 17, 3)
    assert images.dtype == np.uint8
    assert (images[0] == 0).all()
    assert (images[1] == 255).all()
    assert set(images[3].ravel().tolist()) == {0, 255}
    assert len({image.tobytes() for image in images}) == 8
    np.testing.assert_array_equal(images, extreme_images((20, 17, 3)))
    assert extreme_images((1, 1, 1)).shape == (8, 1, 1, 1)
    assert len(np.unique(noise_images((9, 9, 1), 40, 0))) == 256
