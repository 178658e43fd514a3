"""The photos that a score looks at: a small batch of them, and how it is drawn from a photo set.

Scores are for comparing networks, so every network of a comparison sees the same photos.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wakeling.data import Example, PhotoSet, pack
from wakeling.data.photos import TRAIN
from wakeling.errors import DataError

IMAGES = 64
"""Photos that a score looks at where nobody says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Labeled photos: `images` (N, height, width, channels) uint8, `labels` (N,) int64."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.labels.shape != (len(self.images),):
            raise DataError(
                f"a batch is images (N, height, width, channels) and N labels; given shapes "
                f"{self.images.shape} and {self.labels.shape}"
            )
        if len(self.images) < 2:
            raise DataError(f"a score compares photos; given {len(self.images)}, give at least 2")

    def __len__(self) -> int:
        return len(self.images)


def real_values(batch: Batch) -> Tensor:
    """The photos as float32 (N, channels, height, width); a pixel is (value − 128) / 128."""
    images = torch.from_numpy(np.ascontiguousarray(batch.images)).permute(0, 3, 1, 2)
    return images.to(torch.float32).sub_(128.0).mul_(1 / 128).contiguous()


def draw_batch(
    photos: PhotoSet,
    *,
    resolution: int,
    channels: int,
    cache_dir: Path,
    count: int = IMAGES,
    seed: int = 0,
) -> Batch:
    """`count` photos of the train split, half of them of each class where the labels are known.

    The choice depends on the photo set, `count` and `seed`, and not on the resolution. Raises
    DataError where there are not enough photos.
    """
    chosen = _chosen(photos, count, seed)
    packed = pack(
        replace(photos, examples=chosen), resolution=resolution, channels=channels, cache_dir=cache_dir
    )
    rows = np.flatnonzero(packed.label >= 0)
    return Batch(images=np.asarray(packed.images[rows]), labels=packed.label[rows])


def _chosen(photos: PhotoSet, count: int, seed: int) -> tuple[Example, ...]:
    """Some examples; scenes have no labels before they are drawn and are taken as they come."""
    random = np.random.default_rng(seed)
    usable = [example for example in photos.examples if example.split == TRAIN]
    if photos.kind == "scenes":
        classes = [usable]
    else:
        classes = [[example for example in usable if example.label == label] for label in (0, 1)]
    share, more = divmod(count, len(classes))
    chosen: list[Example] = []
    for number, members in enumerate(classes):
        wanted = share + (number < more)
        if len(members) < wanted:
            raise DataError(
                f"{photos.name} has {len(members)} photos {_kind(len(classes), number)} to score on, and "
                f"{wanted} are wanted; ask for fewer images"
            )
        picked = random.permutation(len(members))[:wanted]
        chosen += [members[index] for index in sorted(picked.tolist())]
    return tuple(chosen)


def _kind(classes: int, number: int) -> str:
    return "in its train split" if classes == 1 else f"labeled {number} in its train split"
