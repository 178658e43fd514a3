"""What a file holds, seen without decoding it: an image or not, and the digest of its bytes."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from wakeling.data.photos import Refusal

Progress = Callable[[int, int], None]
"""Called with (done, total) while something long runs."""

MAX_FILE_BYTES = 512 * 1024 * 1024
"""Files above this are refused unread: no photo is that large, a video often is."""

NOT_FOUND = "not found"
NOT_A_FILE = "not a regular file"
EMPTY = "empty file"
NOT_AN_IMAGE = "not an image"
UNREAD_FORMAT = "image format that is not read"
TOO_LARGE = "file too large"
UNREADABLE = "cannot be read"

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    *(
        (b"P" + kind + space, "PPM")
        for kind in (b"1", b"2", b"3", b"4", b"5", b"6")
        for space in (b"\n", b" ", b"\r", b"\t")
    ),
)
_HEIF_BRANDS = {b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"avif", b"avis"}

_Input = TypeVar("_Input")
_Output = TypeVar("_Output")


def image_format(start: bytes) -> str | None:
    """Pillow's name of the image format that begins with these bytes, None for anything else.

    Only the content counts: a PNG that is called .jpg is a PNG.
    """
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    return next((name for signature, name in _SIGNATURES if start.startswith(signature)), None)


def digest(content: bytes) -> str:
    """The digest that stands for a file's bytes: 128 bits of BLAKE2b, in hexadecimal."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def examine(root: Path, path: str) -> str | Refusal:
    """The digest of the photo `path` below `root`, or why it is no photo."""
    try:
        return _examine(root / path, path)
    except OSError as error:
        missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
        reason = NOT_FOUND if missing else UNREADABLE
        return Refusal(path=path, reason=reason, detail="" if missing else (error.strerror or ""))
    except ValueError as error:
        return Refusal(path=path, reason=NOT_FOUND, detail=str(error))


def _examine(file: Path, path: str) -> str | Refusal:
    # A pipe would block in open(), so its kind is asked first.
    status = os.stat(file)  # noqa: PTH116 - half the cost of Path.stat over many files
    if not stat.S_ISREG(status.st_mode):
        return Refusal(path=path, reason=NOT_A_FILE)
    if status.st_size == 0:
        return Refusal(path=path, reason=EMPTY)
    with open(file, "rb", buffering=0) as stream:  # noqa: PTH123 - as above
        start = stream.read(16)
        if image_format(start) is None:
            return _no_image(path, start)
        if status.st_size > MAX_FILE_BYTES:
            limit = f"{status.st_size} bytes, at most {MAX_FILE_BYTES}"
            return Refusal(path=path, reason=TOO_LARGE, detail=limit)
        return digest(start + stream.readall())


def _no_image(path: str, start: bytes) -> Refusal:
    if start[4:8] == b"ftyp" and start[8:12] in _HEIF_BRANDS:
        return Refusal(path=path, reason=UNREAD_FORMAT, detail="HEIC or AVIF; convert it to JPEG or PNG")
    return Refusal(path=path, reason=NOT_AN_IMAGE, detail=f"the file starts with {start[:8]!r}")


def examine_all(root: Path, paths: Sequence[str], *, progress: Progress | None = None) -> list[str | Refusal]:
    """`examine` for every path, in order, on a few threads."""
    with closing(in_threads(lambda path: examine(root, path), paths)) as found:
        return list(counted(found, len(paths), progress))


def counted(items: Iterable[_Output], total: int, progress: Progress | None) -> Iterator[_Output]:
    """Pass `items` on and report every 64th and the last one."""
    if progress is not None and total:
        progress(0, total)
    for done, item in enumerate(items, start=1):
        yield item
        if progress is not None and (done % 64 == 0 or done == total):
            progress(done, total)


def in_threads(work: Callable[[_Input], _Output], items: Sequence[_Input]) -> Generator[_Output, None, None]:
    """`work` on every item, results in order, a bounded number of them in memory at a time.

    Closing it cancels what has not begun.
    """
    workers = max(1, min(8, os.cpu_count() or 1))
    block = 64 * workers
    pool = ThreadPoolExecutor(max_workers=workers)
    try:
        ahead = pool.map(work, items[:block])
        for start in range(0, len(items), block):
            now, ahead = ahead, pool.map(work, items[start + block : start + 2 * block])
            yield from now
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
