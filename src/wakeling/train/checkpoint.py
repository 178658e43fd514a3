"""Checkpoints: the whole state of a training run after an epoch, written so that a kill is harmless.

Two files are kept, the newest and the one before it. Each is written beside its place and then
renamed, and read with its checksums, so a damaged newest one costs an epoch and not the run.
Random numbers need no state: each epoch's come from the seed and the epoch's number.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from wakeling.errors import RunError
from wakeling.train.history import EpochRecord, record_from_json, record_to_json
from wakeling.train.model import read_npz, write_npz

FORMAT = "wakeling.checkpoint/1"

_DAMAGE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,  # zipfile's for a compression method or encryption that damage made up
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checkpoint:
    """The state after `epoch` finished epochs.

    `run` names graph, recipe and data; `threads` is the count that the run uses; `arrays` holds
    the module (`module/…`), the averaged weights (`average/…`) and the optimizer
    (`optimizer/index/name`).
    """

    run: str
    epoch: int
    threads: int
    history: tuple[EpochRecord, ...]
    arrays: Mapping[str, NDArray[Any]]


def previous_path(path: Path) -> Path:
    """Where the checkpoint before the newest one is kept."""
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write the newest checkpoint; the one that was there becomes the previous one."""
    header = {
        "format": FORMAT,
        "run": checkpoint.run,
        "epoch": checkpoint.epoch,
        "threads": checkpoint.threads,
        "history": [record_to_json(record) for record in checkpoint.history],
    }
    following = path.with_name(f"{path.stem}.next{path.suffix}")
    write_npz(following, header, checkpoint.arrays)
    if path.exists():
        path.replace(previous_path(path))
    following.replace(path)


def load_checkpoint(path: Path, run: str) -> Checkpoint | None:
    """The newest readable checkpoint of `run`, or None where there is none yet.

    Raises RunError where the files belong to another run, or where all that exist are damaged.
    """
    places = [place for place in (path, previous_path(path)) if place.exists()]
    for place in places:
        try:
            found = _read(place)
        except _DAMAGE:
            continue
        if found.run != run:
            raise RunError(
                f"{place} was made by another network, recipe or data set; "
                "start over without --resume, or name another folder"
            )
        return found
    if places:
        raise RunError(f"{path} is damaged and cannot be resumed; start over without --resume")
    return None


def remove_checkpoint(path: Path) -> None:
    """Remove the newest and the previous checkpoint, where there are any."""
    path.unlink(missing_ok=True)
    previous_path(path).unlink(missing_ok=True)


def _read(path: Path) -> Checkpoint:
    header, arrays = read_npz(path)
    if header.get("format") != FORMAT:
        raise ValueError(json.dumps(header.get("format")))
    return Checkpoint(
        run=header["run"],
        epoch=int(header["epoch"]),
        threads=int(header["threads"]),
        history=tuple(record_from_json(record) for record in header["history"]),
        arrays=arrays,
    )
