"""A supernet as an evaluator of a search: a trial in, its network's score out, nothing trained.

It can be pickled: a worker process or machine reads the supernet's file and packs the photos once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from wakeling.search.trial import Outcome, Trial
from wakeling.supernet.model import TrainedSupernet
from wakeling.supernet.network import Supernet, supernet_of
from wakeling.supernet.photos import PhotosAt, PhotoSets
from wakeling.supernet.scoring import score
from wakeling.train.threads import torch_threads


@dataclass(frozen=True, slots=True, kw_only=True)
class SupernetEvaluator:
    """Scores the network of a trial by the supernet in the file `path`; the trial's rung is no matter.

    `photos` must be a module's function or a frozen dataclass with `__call__`, so that it can be
    hashed and pickled. `val_images` scores on the first of the val photos only (None: on all).
    """

    path: Path
    photos: PhotosAt
    val_images: int | None = None
    threads: int = 1

    def __call__(self, trial: Trial) -> Outcome:
        """Score, and measures `auc` and `seconds`; raises ModelFileError without the supernet."""
        supernet, calibration_images = _supernet(self.path, _written_ns(self.path))
        with torch_threads(self.threads):
            return score(
                supernet,
                trial.point,
                _photo_sets(self.photos),
                calibration_images=calibration_images,
                val_images=self.val_images,
            )


def _written_ns(path: Path) -> int:
    """When the file was written, so that a newer one is read anew; 0 where there is none to read."""
    return path.stat().st_mtime_ns if path.exists() else 0


@cache
def _supernet(path: Path, written_ns: int) -> tuple[Supernet, int]:
    trained = TrainedSupernet.load(path)
    return supernet_of(trained), trained.recipe.calibration_images


@cache
def _photo_sets(photos: PhotosAt) -> PhotoSets:
    return PhotoSets(photos)
