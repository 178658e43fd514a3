"""The files of a pack: pictures one after the other in `images.u8`, what they are in `index.json`.

Written into a folder beside and renamed when whole, so that a pack is there completely or not at all.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeling.data.pictures import Picture
from wakeling.files import write_json

FORMAT = "wakeling.pack/1"
IMAGES, INDEX = "images.u8", "index.json"
_PART = ".part"
_STALE_SECONDS = 24 * 3600

Shape = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One distinct picture by the digest of its content; `row` is None where it was refused."""

    content_hash: str
    row: int | None
    reason: str = ""
    detail: str = ""
    width: int = 0
    height: int = 0
    label: int | None = None
    area_fraction: float | None = None


def write_pack(folder: Path, shape: Shape, pictures: Iterable[tuple[str, Picture]]) -> None:
    """Write (content digest, picture) pairs, each (height, width, channels) = `shape`, as `folder`.

    When anything goes wrong, Ctrl-C included, `folder` is as it was. Raises OSError.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale(folder.parent)
    with _temporary_folder(folder) as temporary:
        rows: list[Row] = []
        written = 0
        with (temporary / IMAGES).open("wb") as stream:
            for content_hash, picture in pictures:
                if picture.image is not None:
                    assert picture.image.shape == shape
                    stream.write(picture.image.tobytes())
                rows.append(
                    Row(
                        content_hash=content_hash,
                        row=None if picture.image is None else written,
                        reason=picture.reason,
                        detail=picture.detail,
                        width=picture.width,
                        height=picture.height,
                        label=picture.label,
                        area_fraction=picture.area_fraction,
                    )
                )
                written += picture.image is not None
        content = {"format": FORMAT, "shape": [written, *shape], "rows": [asdict(row) for row in rows]}
        write_json(temporary / INDEX, content)
        _put_in_place(temporary, folder, shape)


def read_index(folder: Path, shape: Shape) -> dict[str, Row] | None:
    """The rows of a pack by content digest; None when it is absent, damaged or of another shape."""
    try:
        content = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        rows = {entry["content_hash"]: Row(**entry) for entry in content["rows"]}
        count = sum(row.row is not None for row in rows.values())
        whole = (folder / IMAGES).stat().st_size == count * int(np.prod(shape))
        known = content["format"] == FORMAT and content["shape"] == [count, *shape]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return rows if whole and known else None


def open_images(folder: Path, count: int, shape: Shape) -> NDArray[np.uint8]:
    """The pictures as a read-only memory map, (count, height, width, channels)."""
    return np.memmap(folder / IMAGES, dtype=np.uint8, mode="r", shape=(count, *shape))


@contextlib.contextmanager
def _temporary_folder(folder: Path) -> Iterator[Path]:
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=_PART))
    try:
        temporary.chmod(0o755)
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _put_in_place(temporary: Path, folder: Path, shape: Shape) -> None:
    """Rename, unless another run has put a whole pack there meanwhile; a damaged one gives way."""
    if read_index(folder, shape) is not None:
        return
    if folder.exists():
        shutil.rmtree(folder)
    try:
        temporary.rename(folder)
    except OSError:
        if read_index(folder, shape) is None:
            raise


def _remove_stale(cache_dir: Path) -> None:
    """Remove what killed runs left behind, a day later, so that no running one is disturbed."""
    for left in cache_dir.glob(f".*{_PART}"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(left)
