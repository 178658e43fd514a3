"""The same photos at every input that networks of a space have: what a supernet learns from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wakeling.data import open_photos, pack
from wakeling.data.photos import TRAIN, VAL
from wakeling.errors import DataError
from wakeling.train.targets import Photos

PhotosAt = Callable[[int, int], tuple[Photos, Photos]]
"""Train and val photos by resolution and channels, packed at that input."""

_DRAW_SEED = 11
"""Of the draw of some of the photos; a constant, as every input and process must draw the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedPhotos:
    """A `PhotosAt` of a data source (`data.open_photos`): labeled train and val photos, packed once.

    `train_images` and `val_images` draw so many of each, the same ones at every input (None: all).
    It can be pickled and hashed.
    """

    data: str
    cache_dir: Path
    train_images: int | None = None
    val_images: int | None = None

    def __call__(self, resolution: int, channels: int) -> tuple[Photos, Photos]:
        """Train and val photos at this input; raises DataError where they cannot be read."""
        packed = pack(
            open_photos(self.data), resolution=resolution, channels=channels, cache_dir=self.cache_dir
        )
        random = np.random.default_rng(_DRAW_SEED)
        parts = []
        for split, count in ((TRAIN, self.train_images), (VAL, self.val_images)):
            rows = np.flatnonzero((packed.split == split) & (packed.label >= 0))
            parts.append(packed.pick(np.sort(random.permutation(rows)[:count])))
        return parts[0], parts[1]


class PhotoSets:
    """Asks for each input once, and checks that it is the same photos in the same order."""

    def __init__(self, photos: PhotosAt) -> None:
        self._photos = photos
        self._known: dict[tuple[int, int], tuple[Photos, Photos]] = {}

    def at(self, resolution: int, channels: int) -> tuple[Photos, Photos]:
        """Train and val photos of this input; raises DataError where they do not fit the others."""
        key = (resolution, channels)
        if key not in self._known:
            sets = self._photos(resolution, channels)
            for what, photos in zip(("train", "val"), sets, strict=True):
                _check_shape(photos, key, what)
            for first in list(self._known.values())[:1]:
                for what, photos, other in zip(("train", "val"), sets, first, strict=True):
                    _check_same(photos, other, key, what)
            self._known[key] = sets
        return self._known[key]


def _check_shape(photos: Photos, key: tuple[int, int], what: str) -> None:
    resolution, channels = key
    if len(photos.label) == 0:
        raise DataError(f"the {what} set is empty; a supernet needs train and val photos")
    given, wanted = tuple(photos.images.shape[1:]), (resolution, resolution, channels)
    if given != wanted:
        raise DataError(f"{what} images are {given}; asked for {wanted}: pack the photos at each input")


def _check_same(photos: Photos, other: Photos, key: tuple[int, int], what: str) -> None:
    if tuple(photos.labels) != tuple(other.labels) or not np.array_equal(photos.label, other.label):
        raise DataError(
            f"the {what} photos at {key[0]} pixels and {key[1]} channels are not those of the other "
            "inputs; a supernet needs the same photos in the same order at each"
        )
