"""Decode and resize every photo once, into a uint8 memory map that is kept for the next time.

A pack's folder, `<cache_dir>/<key>/`, is named after the photos' bytes, the resolution, the channels and
the decoder, and nothing else: labels and splits are joined on reading, so changing them decodes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from wakeling.data.cache import Row, Shape, open_images, read_index, write_pack
from wakeling.data.contents import Progress, counted
from wakeling.data.decode import quiet_pillow, shrink
from wakeling.data.photos import UNLABELED, Example, ImageView, PackedSet, PhotoSet, Refusal
from wakeling.data.pictures import Picture, Pictures, drawing_size, make_pictures, maker_name
from wakeling.errors import DataError
from wakeling.units import format_bytes

MIN_RESOLUTION, MAX_RESOLUTION = 8, 1024

_Value = TypeVar("_Value", int, float)


def pack(
    photos: PhotoSet,
    *,
    resolution: int,
    channels: int,
    cache_dir: Path,
    progress: Progress | None = None,
) -> PackedSet:
    """`photos` as (N, resolution, resolution, channels) uint8, from the cache when it is there.

    Photos that cannot be decoded are left out and stand in `refused`. Raises DataError when none is left,
    when a file changed since it was listed, and when the cache folder cannot be written.
    """
    if channels not in (1, 3):
        raise DataError(f"{channels} channels are not possible; choose 3 (RGB) or 1 (gray)")
    if not MIN_RESOLUTION <= resolution <= MAX_RESOLUTION:
        raise DataError(
            f"resolution {resolution} is not possible; choose {MIN_RESOLUTION} to {MAX_RESOLUTION} pixels"
        )
    shape = (resolution, resolution, channels)
    distinct = _distinct(photos.examples)
    folder = _folder(cache_dir, photos, distinct, shape)
    rows = read_index(folder, shape) or _build(folder, photos, distinct, shape, progress)
    return _join(photos, rows, folder, shape)


def _distinct(examples: Sequence[Example]) -> Mapping[str, Example]:
    """One example for each content, in the order of the digests."""
    found = {example.content_hash: example for example in examples}
    return {content_hash: found[content_hash] for content_hash in sorted(found)}


def _build(
    folder: Path,
    photos: PhotoSet,
    distinct: Mapping[str, Example],
    shape: Shape,
    progress: Progress | None,
) -> Mapping[str, Row]:
    drawn = (drawing_size(shape[0]), drawing_size(shape[0]), 3)
    if photos.kind == "scenes" and shape != drawn:
        making = _shrunk_scenes(folder.parent, photos, distinct, drawn, shape, progress)
    else:
        making = make_pictures(photos, tuple(distinct.values()), shape[0], shape[2])
    try:
        with quiet_pillow(), closing(making) as pictures:
            named = zip(distinct, counted(pictures, len(distinct), progress), strict=True)
            write_pack(folder, shape, named)
    except OSError as error:
        needed = format_bytes(len(distinct) * int(np.prod(shape)))
        raise DataError(
            f"cannot keep the decoded photos in {folder.parent}: {error.strerror or error}; "
            f"{needed} are needed there"
        ) from None
    rows = read_index(folder, shape)
    if rows is None:
        raise DataError(f"the decoded photos in {folder} were changed while they were written; run again")
    return rows


def _shrunk_scenes(
    cache_dir: Path,
    photos: PhotoSet,
    distinct: Mapping[str, Example],
    drawn: Shape,
    shape: Shape,
    progress: Progress | None,
) -> Pictures:
    """The scenes at a smaller size, from the pack at the size at which they are drawn.

    Drawing a scene takes ten times as long as shrinking it, and a search wants many sizes.
    """
    folder = _folder(cache_dir, photos, distinct, drawn)
    rows = read_index(folder, drawn) or _build(folder, photos, distinct, drawn, progress)
    store = open_images(folder, len(rows), drawn)
    for content_hash in distinct:
        row = rows[content_hash]
        assert row.row is not None, "a scene can always be drawn"
        yield Picture(
            image=shrink(store[row.row], shape[0], shape[2]),
            width=row.width,
            height=row.height,
            label=row.label,
            area_fraction=row.area_fraction,
        )


def _folder(cache_dir: Path, photos: PhotoSet, distinct: Mapping[str, Example], shape: Shape) -> Path:
    """Where the pack of these contents at this shape lies."""
    return cache_dir / _digest((maker_name(photos.kind, shape[0]), str(shape), *distinct))


def _join(photos: PhotoSet, rows: Mapping[str, Row], folder: Path, shape: Shape) -> PackedSet:
    """The pack's pictures with the labels, splits and paths of `photos`."""
    kept: list[tuple[Example, Row, int]] = []
    refused = list(photos.refused)
    for example in photos.examples:
        row = rows[example.content_hash]
        if row.row is None:
            refused.append(Refusal(path=example.path, reason=row.reason, detail=row.detail))
        else:
            kept.append((example, row, row.row))
    if not kept:
        raise DataError(
            f"none of the {len(refused)} photos of {photos.name!r} can be decoded; {refused[-1].line()}"
        )
    store = open_images(folder, sum(row.row is not None for row in rows.values()), shape)
    order = np.array([position for _, _, position in kept], dtype=np.int64)
    labels = [_first(example.label, row.label) for example, row, _ in kept]
    splits = [example.split or UNLABELED for example, _, _ in kept]
    fractions = [_first(example.area_fraction, row.area_fraction) for example, row, _ in kept]
    probabilities = [example.probability for example, _, _ in kept]
    sources = tuple(example.source or "" for example, _, _ in kept)
    return PackedSet(
        labels=photos.labels,
        images=ImageView(store, order),
        label=np.array([-1 if label is None else label for label in labels], dtype=np.int64),
        probability=_floats(probabilities),
        split=np.array(splits),
        paths=tuple(example.path for example, _, _ in kept),
        sources=sources,
        refused=tuple(refused),
        area_fraction=_floats(fractions),
        sizes=np.array([(row.width, row.height) for _, row, _ in kept], dtype=np.int32),
        key=_digest(
            (folder.name, *map(repr, zip(order.tolist(), labels, splits, probabilities, strict=True)))
        ),
        name=photos.name,
        kind=photos.kind,
        notes=photos.notes,
    )


def _floats(values: Sequence[float | None]) -> NDArray[np.float32]:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float32)


def _first(*candidates: _Value | None) -> _Value | None:
    return next((candidate for candidate in candidates if candidate is not None), None)


def _digest(parts: Iterable[str]) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()
