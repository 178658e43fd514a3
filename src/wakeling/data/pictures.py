"""Examples in, small square pictures out: photos are decoded on threads, scenes drawn in processes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from wakeling.data.contents import digest, in_threads
from wakeling.data.decode import RefusedPhotoError, decode, decoder_name, shrink
from wakeling.data.photos import Example, Kind, PhotoSet
from wakeling.data.readers.scenes import seed_and_index
from wakeling.errors import DataError

FEW_SCENES = 256
"""Up to here scenes are drawn in this process: starting others would take longer."""

_SCENES_A_TASK = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A decoded picture, (resolution, resolution, channels) uint8, or the reason why there is none.

    `width` and `height` are the original's; `label` and `area_fraction` are set where making the
    picture tells them, as with scenes.
    """

    image: NDArray[np.uint8] | None
    reason: str = ""
    detail: str = ""
    width: int = 0
    height: int = 0
    label: int | None = None
    area_fraction: float | None = None


Pictures = Generator[Picture, None, None]


def make_pictures(photos: PhotoSet, examples: Sequence[Example], resolution: int, channels: int) -> Pictures:
    """A picture for each of `examples`, in order; close it to end the threads or processes early."""
    return _MAKERS[photos.kind](photos, examples, resolution, channels)


def maker_name(kind: Kind, resolution: int) -> str:
    """What makes the pictures, for cache keys."""
    if kind == "scenes":
        from wakeling.data import scenes

        return f"scenes {scenes.SCENES_VERSION} at {drawing_size(resolution)}, {decoder_name()}"
    return decoder_name()


def _decode_photos(photos: PhotoSet, examples: Sequence[Example], resolution: int, channels: int) -> Pictures:
    def work(example: Example) -> Picture:
        content = _content(photos, example)
        try:
            decoded = decode(content, resolution, channels)
        except RefusedPhotoError as error:
            return Picture(image=None, reason=error.reason, detail=error.detail)
        return Picture(image=decoded.pixels, width=decoded.width, height=decoded.height)

    yield from in_threads(work, examples)


def _content(photos: PhotoSet, example: Example) -> bytes:
    """The photo's bytes, which must still be those that were listed: the cache is named after them."""
    try:
        content = (photos.root / example.path).read_bytes()
    except OSError as error:
        raise DataError(
            f"{example.path!r} vanished while the photos were read ({error.strerror or error}); run again"
        ) from None
    if digest(content) != example.content_hash:
        raise DataError(
            f"{example.path!r} changed while the photos were read; run again when nothing writes there"
        )
    return content


def _draw_scenes(photos: PhotoSet, examples: Sequence[Example], resolution: int, channels: int) -> Pictures:
    tasks = [(*seed_and_index(example.path), resolution, channels) for example in examples]
    workers = max(1, min(8, os.cpu_count() or 1))
    drawn = 0
    if len(tasks) > FEW_SCENES and workers > 1:
        try:
            for picture in _draw_in_processes(tasks, workers):
                yield picture
                drawn += 1
        except BrokenProcessPool:
            pass  # a script without a main guard, or memory ran out: go on alone below
    for task in tasks[drawn:]:
        yield draw_scene(task)


def _draw_in_processes(tasks: Sequence[tuple[int, int, int, int]], workers: int) -> Pictures:
    # Forked children of a process with threads (torch's) can hang; spawned ones cannot.
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_with_parent)
    try:
        with _interrupts_blocked():  # what starts here inherits it: Ctrl-C is for the parent alone
            drawn = pool.map(draw_scene, tasks, chunksize=_SCENES_A_TASK)
        yield from drawn
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _end_with_parent() -> None:
    """End this process when its parent has been killed, which could not end it any more."""
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Hold Ctrl-C back until the block ends, where the system can."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def draw_scene(task: tuple[int, int, int, int]) -> Picture:
    """Draw one scene; `task` is (seed, index, resolution, channels). Runs in any process."""
    from wakeling.data import scenes

    seed, index, resolution, channels = task
    scene = scenes.render(seed, index, drawing_size(resolution))
    return Picture(
        image=shrink(scene.image, resolution, channels),
        width=scene.image.shape[1],
        height=scene.image.shape[0],
        label=scene.label,
        area_fraction=scene.person_area_fraction,
    )


def drawing_size(resolution: int) -> int:
    """Scenes are drawn at 128 pixels, or the next doubling that is not below the resolution."""
    size = 128
    while size < resolution:
        size *= 2
    return size


_Maker = Callable[[PhotoSet, Sequence[Example], int, int], Pictures]
_MAKERS: Mapping[Kind, _Maker] = MappingProxyType({"photos": _decode_photos, "scenes": _draw_scenes})
