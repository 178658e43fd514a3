"""Runs interpreters in a child process, so that a crash, a hang or noise on stderr stays there.

Jobs go over as files in a temporary folder; `verify.child` is the program at the other end.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np

from wakeling.errors import MissingDependencyError, ModelFileError
from wakeling.verify.jobs import ArenaUse, Job, Outcome, Runtime

PACKAGES: Mapping[Runtime, tuple[str, str]] = MappingProxyType(
    {"tflm": ("tflite_micro", "tflite-micro"), "litert": ("ai_edge_litert", "ai-edge-litert")}
)
"""Each runtime's Python package and the name that pip knows it by."""

TITLES: Mapping[Runtime, str] = MappingProxyType({"tflm": "TensorFlow Lite Micro", "litert": "LiteRT"})

TIMEOUT_S = 1800.0

_ARENA_LINE = re.compile(r"Arena allocation (total|head|tail) (\d+) bytes")


def require(runtime: Runtime) -> None:
    """Raises MissingDependencyError where the runtime is not installed."""
    module, name = PACKAGES[runtime]
    if importlib.util.find_spec(module) is None:
        raise MissingDependencyError(name, "verify")


def run_job(runtime: Runtime, job: Job, *, timeout_s: float = TIMEOUT_S) -> Outcome:
    """`run_jobs` for a single job."""
    return run_jobs(runtime, [job], timeout_s=timeout_s)[0]


def run_jobs(runtime: Runtime, jobs: Sequence[Job], *, timeout_s: float = TIMEOUT_S) -> list[Outcome]:
    """Run all jobs in one child process, one after the other.

    Raises MissingDependencyError where the runtime is not installed, and ModelFileError where it
    refuses a model, crashes on it, or takes longer than `timeout_s` for all of them.
    """
    require(runtime)
    with tempfile.TemporaryDirectory(prefix="wakeling-") as name:
        folder = Path(name)
        for index, job in enumerate(jobs):
            _write_job(folder, index, job)
        (folder / "request.json").write_text(json.dumps({"runtime": runtime, "jobs": len(jobs)}))
        # -P keeps the current folder off the child's import path
        command = [sys.executable, "-P", "-m", "wakeling.verify.child", str(folder)]
        try:
            finished = subprocess.run(
                command, capture_output=True, timeout=timeout_s, check=False, env=_environment()
            )
        except subprocess.TimeoutExpired:
            raise ModelFileError(f"{TITLES[runtime]} took longer than {timeout_s:.0f} s; stopped") from None
        noise = finished.stderr.decode(errors="replace")
        arenas = iter(_arenas(noise))
        return [
            _read_outcome(folder, runtime, index, job, finished.returncode, noise, arenas)
            for index, job in enumerate(jobs)
        ]


def _environment() -> dict[str, str]:
    """This process's environment; the child multiplies no matrices, so NumPy need not start threads."""
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1"}


def _write_job(folder: Path, index: int, job: Job) -> None:
    (folder / f"{index}.tflite").write_bytes(job.content)
    np.save(folder / f"{index}.npy", np.asarray(job.images))
    options = {
        field.name: getattr(job, field.name)
        for field in dataclasses.fields(job)
        if field.name not in ("content", "images")
    }
    (folder / f"{index}.json").write_text(json.dumps(options))


def _read_outcome(
    folder: Path,
    runtime: Runtime,
    index: int,
    job: Job,
    code: int,
    noise: str,
    arenas: Iterator[ArenaUse],
) -> Outcome:
    refusal, answer = folder / f"{index}.error", folder / f"{index}.npz"
    if refusal.exists():
        raise ModelFileError(f"{TITLES[runtime]} refuses this model: {_one_line(refusal.read_text())}")
    if not answer.exists():
        raise ModelFileError(f"{TITLES[runtime]} {_fate(code)} on this model: {_last_line(noise)}")
    with np.load(answer, allow_pickle=False) as archive:
        outputs = archive["outputs"]
        tensors = {int(key): archive[key] for key in archive.files if key != "outputs"}
    return Outcome(outputs=outputs, tensors=tensors, arena=next(arenas, None) if job.measure_arena else None)


def _arenas(noise: str) -> list[ArenaUse]:
    """The arenas that TFLM reported, in order."""
    sizes: dict[str, list[int]] = {"total": [], "head": [], "tail": []}
    for part, size in _ARENA_LINE.findall(noise):
        sizes[part].append(int(size))
    return [
        ArenaUse(total_bytes=total, head_bytes=head, tail_bytes=tail)
        for total, head, tail in zip(*sizes.values(), strict=True)
    ]


def _fate(code: int) -> str:
    if code >= 0:
        return f"stopped with exit code {code}"
    return f"crashed ({signal.Signals(-code).name})"


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return (line if len(line) <= 160 else f"{line[:160]}…") or "it gives no reason"


def _last_line(noise: str) -> str:
    lines = [line for line in noise.splitlines() if line.strip()]
    return _one_line(lines[-1]) if lines else "it gives no reason"
