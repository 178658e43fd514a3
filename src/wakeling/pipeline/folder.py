"""The folder of one run: where each result lies, and who may write there."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wakeling.errors import RunError
from wakeling.files import PART_SUFFIX, read_json, write_json
from wakeling.pipeline.request import DesignRequest, check_same, from_json

FORMAT = "wakeling.run/1"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Paths inside a run folder; `root` need not exist yet."""

    root: Path

    @property
    def request(self) -> Path:
        """What was asked for; its presence makes the folder a run."""
        return self.root / "run.json"

    @property
    def plan(self) -> Path:
        """Which candidates train for how many epochs, on how many threads."""
        return self.root / "plan.json"

    @property
    def study(self) -> Path:
        """Every trial of the search, as an Optuna study in SQLite."""
        return self.root / "study.db"

    @property
    def search(self) -> Path:
        """The finished search as plain data."""
        return self.root / "search.json"

    @property
    def winner(self) -> Path:
        """What the search found, and for how long that trains."""
        return self.root / "winner.json"

    @property
    def supernet(self) -> Path:
        """The trained supernet, where one judges."""
        return self.root / "supernet.npz"

    @property
    def network(self) -> Path:
        """The chosen network as a readable file."""
        return self.root / "network.toml"

    @property
    def trained(self) -> Path:
        """The float model."""
        return self.root / "trained.npz"

    @property
    def quantized(self) -> Path:
        """The int8 model that the golden interpreter runs."""
        return self.root / "quantized.npz"

    @property
    def quantization_history(self) -> Path:
        """The epochs that trained with fake quantization."""
        return self.root / "quantization.json"

    @property
    def tflite(self) -> Path:
        """The model for TensorFlow Lite Micro."""
        return self.root / "model.tflite"

    @property
    def c_header(self) -> Path:
        """The header of the model as a C array."""
        return self.root / "model_data.h"

    @property
    def c_source(self) -> Path:
        """The model as a C array."""
        return self.root / "model_data.c"

    @property
    def c_code(self) -> Path:
        """The folder of the model as C of our own, for the board's core."""
        return self.root / "c"

    @property
    def cost(self) -> Path:
        """The cost report of the chosen network."""
        return self.root / "cost.json"

    @property
    def verification(self) -> Path:
        """Whether every runtime computed the same numbers."""
        return self.root / "verification.json"

    @property
    def evaluation(self) -> Path:
        """Accuracies, float and int8."""
        return self.root / "evaluation.json"

    @property
    def report_json(self) -> Path:
        """Everything on the report page as JSON."""
        return self.root / "report.json"

    @property
    def report(self) -> Path:
        """The report page."""
        return self.root / "report.html"

    @property
    def checkpoints(self) -> Path:
        """Where unfinished trainings keep their states."""
        return self.root / "checkpoints"

    def checkpoint(self, name: str) -> Path:
        """Where an unfinished training keeps its state."""
        return self.checkpoints / f"{name}.pt"


@contextlib.contextmanager
def open_run(root: Path, request: DesignRequest, *, resume: bool) -> Iterator[RunFolder]:
    """A run folder that belongs to this process until the block ends.

    Raises RunError where the folder holds something else, holds a run and `resume` is False,
    holds a run with another request, or is in use by another process. Writes nothing before that.
    """
    check_free(root, request, resume=resume)
    folder = RunFolder(root)
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(f"{root} is in use by another wakeling process; wait for it or stop it") from None
        for leftover in root.rglob(f"*{PART_SUFFIX}"):  # of a process that was killed while it wrote
            leftover.unlink()
        if not folder.request.exists():
            write_json(folder.request, {"format": FORMAT, "request": request.to_json()})
        yield folder


def check_free(root: Path, request: DesignRequest, *, resume: bool) -> None:
    """Raise RunError where a run may not begin (or go on) in `root`; writes nothing."""
    folder = RunFolder(root)
    if root.exists() and not root.is_dir():
        raise RunError(f"--out {root} is a file; give a folder")
    if folder.request.exists():
        if not resume:
            raise RunError(f"{root} already holds a run; go on with --resume, or give another --out")
        check_same(_read_request(folder), request)
    elif root.exists() and any(path.name != ".lock" for path in root.iterdir()):
        raise RunError(f"{root} holds files that are no wakeling run; give another --out")


def _read_request(folder: RunFolder) -> DesignRequest:
    value = read_json(folder.request, RunError)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise RunError(f"{folder.request} was not written by this version of wakeling; give another --out")
    return from_json(value.get("request"))
