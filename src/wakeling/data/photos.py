"""The data's dataclasses: labeled photos on disk, and the same photos decoded into one array.

Nothing here reads a file or needs Pillow. `sources.py` makes a `PhotoSet`, `packing.py` a `PackedSet`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

TRAIN, VAL, TEST, UNLABELED = "train", "val", "test", "unlabeled"
SPLITS = (TRAIN, VAL, TEST, UNLABELED)
"""Every split, in the order in which tables show them."""

Kind = Literal["photos", "scenes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One photo: where it is, what it shows, what it may be used for.

    `path` is relative to the set's root, with forward slashes (`scene:SEED:INDEX` for drawn scenes).
    `label` is 1 for the wake word, 0 for anything else, None where nobody said. `probability` is a
    soft label in 0..1, `area_fraction` the part of the photo that the largest box of the wake word
    covers, `content_hash` the digest of the file's bytes, `other` the manifest's further columns as
    (column, text) pairs.
    """

    path: str
    label: int | None = None
    split: str | None = None
    probability: float | None = None
    group: str | None = None
    source: str | None = None
    area_fraction: float | None = None
    content_hash: str = ""
    other: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A file that is not used: `reason` comes from a short list, `detail` says more where it can."""

    path: str
    reason: str
    detail: str = ""

    def line(self) -> str:
        """The refusal on one line, for people."""
        return f"{self.path}: {self.reason}" + (f" ({self.detail})" if self.detail else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoSet:
    """Photos with labels and splits, not decoded yet.

    `labels` is ("not_X", "X"), the wake word last; `area_threshold` is the part of a photo that a box
    must cover to make it positive, None where no boxes were read; `notes` are remarks for the user.
    """

    name: str
    root: Path
    labels: tuple[str, str]
    examples: tuple[Example, ...]
    refused: tuple[Refusal, ...] = ()
    kind: Kind = "photos"
    notes: tuple[str, ...] = ()
    reader: str = ""
    area_threshold: float | None = None


@dataclass(frozen=True, slots=True)
class ImageView:
    """Some rows of an image array, in a chosen order, copied only when they are indexed."""

    store: NDArray[np.uint8]
    rows: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        """(images, height, width, channels)."""
        return (len(self.rows), *self.store.shape[1:])

    @property
    def ndim(self) -> int:
        """Always 4."""
        return self.store.ndim

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """Always uint8."""
        return self.store.dtype

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> NDArray[np.uint8]:  # Any: whatever NumPy takes as an index
        if isinstance(index, tuple):
            picked: NDArray[np.uint8] = self.store[self.rows[index[0]]]
            rest = index[1:]
            result = picked[rest] if np.ndim(self.rows[index[0]]) == 0 else picked[(slice(None), *rest)]
        else:
            result = self.store[self.rows[index]]
        return np.asarray(result)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:  # NumPy's protocol
        if copy is False:
            raise ValueError("the rows of an ImageView cannot be had without a copy")
        return self.store[self.rows].astype(dtype or self.store.dtype, copy=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedSet:
    """Photos decoded and resized, one row a photo.

    `images` is (N, height, width, channels) uint8, mostly on disk; `label` is int64 with -1 for
    unlabeled; `probability` float32 with NaN where there is none; `split` holds the names of `SPLITS`.
    `area_fraction` (float32, NaN where unknown) is the part of the picture that the wake word covers,
    `sizes` (N, 2) int32 the width and height of the originals in pixels.
    `key` changes whenever anything that training could see changes.
    """

    labels: tuple[str, str]
    images: NDArray[np.uint8] | ImageView
    label: NDArray[np.int64]
    probability: NDArray[np.float32]
    split: NDArray[np.str_]
    paths: tuple[str, ...]
    sources: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    area_fraction: NDArray[np.float32] | None = None
    sizes: NDArray[np.int32] | None = None
    key: str = ""
    name: str = ""
    kind: Kind = "photos"
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.label)

    @property
    def resolution(self) -> int:
        """Pixels a side."""
        return self.images.shape[1]

    @property
    def channels(self) -> int:
        """3 for RGB, 1 for gray."""
        return self.images.shape[3]

    def take(self, indices: ArrayLike) -> NDArray[np.uint8]:
        """The images at `indices` as a new contiguous (n, height, width, channels) array."""
        store, rows = _store_and_rows(self.images)
        wanted = np.asarray(indices, dtype=np.int64)
        return np.take(store, wanted if rows is None else rows[wanted], axis=0)

    def subset(self, split: str) -> PackedSet:
        """The photos of one split, as a view on the same images."""
        return self.pick(np.flatnonzero(self.split == split))

    def labeled(self) -> PackedSet:
        """The photos that have a label, as a view on the same images."""
        return self.pick(np.flatnonzero(self.label >= 0))

    def pick(self, indices: ArrayLike) -> PackedSet:
        """The photos at `indices`, in that order, as a view on the same images."""
        wanted = np.asarray(indices, dtype=np.int64)
        store, rows = _store_and_rows(self.images)
        digest = hashlib.blake2b(wanted.astype("<i8").tobytes(), key=self.key.encode()[:64], digest_size=16)
        return replace(
            self,
            images=ImageView(store, wanted if rows is None else rows[wanted]),
            label=self.label[wanted],
            probability=self.probability[wanted],
            split=self.split[wanted],
            paths=tuple(self.paths[index] for index in wanted),
            sources=tuple(self.sources[index] for index in wanted) if self.sources else (),
            area_fraction=None if self.area_fraction is None else self.area_fraction[wanted],
            sizes=None if self.sizes is None else self.sizes[wanted],
            key=digest.hexdigest(),
        )


def _store_and_rows(
    images: NDArray[np.uint8] | ImageView,
) -> tuple[NDArray[np.uint8], NDArray[np.int64] | None]:
    return (images.store, images.rows) if isinstance(images, ImageView) else (images, None)
