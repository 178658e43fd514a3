"""Packing: once, whole or not at all, keyed by content, with labels joined afterwards."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wakeling.data import PackedSet, PhotoSet, open_photos, pack
from wakeling.data.decode import decode
from wakeling.errors import DataError
from wakeling.testing.reader_contract import photo_bytes


@pytest.fixture
def photos(tmp_path: Path) -> PhotoSet:
    """Twelve photos, four of them of a person; one is a copy of another."""
    for index in range(11):
        folder = tmp_path / "photos" / ("person" if index % 3 == 0 else "not_person")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{index}.png").write_bytes(photo_bytes(index))
    (tmp_path / "photos/not_person/copy.png").write_bytes(photo_bytes(1))
    return open_photos(tmp_path / "photos")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def packed(photos: PhotoSet, cache: Path, resolution: int = 16, channels: int = 3) -> PackedSet:
    return pack(photos, resolution=resolution, channels=channels, cache_dir=cache)


def stamps(cache: Path) -> dict[str, int]:
    return {str(file.relative_to(cache)): file.stat().st_mtime_ns for file in cache.glob("*/*")}


def spoil(photos: PhotoSet, name: str, content: bytes) -> PhotoSet:
    """The set with one file's content replaced."""
    (photos.root / name).write_bytes(content)
    return open_photos(photos.root)


def test_each_row_is_its_photo(photos: PhotoSet, cache: Path) -> None:
    for channels in (1, 3):
        result = packed(photos, cache, 16, channels)
        assert result.images.shape == (12, 16, 16, channels)
        assert (result.resolution, result.channels, len(result)) == (16, channels, 12)
        for row, example in enumerate(photos.examples):
            assert result.paths[row] == example.path
            assert result.label[row] == example.label
            assert result.split[row] == example.split
            content = (photos.root / example.path).read_bytes()
            assert np.array_equal(result.images[row], decode(content, 16, channels).pixels)
        assert result.sizes is not None
        assert (result.sizes == 12).all()


def test_second_time_decodes_nothing(photos: PhotoSet, cache: Path) -> None:
    calls: list[tuple[int, int]] = []
    first = pack(photos, resolution=16, channels=3, cache_dir=cache, progress=lambda *at: calls.append(at))
    before = stamps(cache)
    assert calls == [(0, 11), (11, 11)]
    again = pack(photos, resolution=16, channels=3, cache_dir=cache, progress=lambda *at: calls.append(at))
    assert len(calls) == 2
    assert stamps(cache) == before
    assert again.key == first.key
    assert np.array_equal(again.images[:], first.images[:])


def test_copies_are_kept_once(photos: PhotoSet, cache: Path) -> None:
    packed(photos, cache)
    (images,) = cache.glob("*/images.u8")
    assert images.stat().st_size == 11 * 16 * 16 * 3


def test_moved_files_and_new_labels_decode_nothing_but_change_the_key(photos: PhotoSet, cache: Path) -> None:
    first = packed(photos, cache)
    before = stamps(cache)
    (photos.root / "not_person/1.png").rename(photos.root / "person/renamed.png")
    second = packed(open_photos(photos.root), cache)
    assert stamps(cache) == before
    assert second.key != first.key
    assert second.label.sum() == first.label.sum() + 1
    other = tuple(replace(example, probability=0.25) for example in photos.examples)
    assert packed(replace(photos, examples=other), cache).key != first.key


def test_resolution_channels_and_content_have_packs_of_their_own(photos: PhotoSet, cache: Path) -> None:
    keys = {packed(photos, cache, resolution, channels).key for resolution in (16, 32) for channels in (1, 3)}
    changed = spoil(photos, "person/0.png", photo_bytes(99))
    keys.add(packed(changed, cache).key)
    assert len(keys) == 5
    assert len(list(cache.iterdir())) == 5


def test_subset_is_a_view_on_the_same_images(photos: PhotoSet, cache: Path) -> None:
    whole = packed(photos, cache)
    train = whole.subset("train")
    rows = np.flatnonzero(whole.split == "train")
    assert 0 < len(train) < len(whole)
    assert train.paths == tuple(whole.paths[row] for row in rows)
    assert np.array_equal(np.asarray(train.images), whole.images[rows])
    assert np.array_equal(train.take(np.array([2, 0, 2])), whole.images[rows[[2, 0, 2]]])
    assert train.take(np.array([1])).flags.c_contiguous
    assert train.key not in ("", whole.key)
    assert train.key == whole.subset("train").key
    assert len(whole.subset("nothing")) == 0


@pytest.mark.parametrize("damage", ["short", "long", "no index", "bad index", "other index", "no images"])
def test_damaged_pack_is_made_anew(photos: PhotoSet, cache: Path, damage: str) -> None:
    expected = np.array(packed(photos, cache).images[:])
    (folder,) = cache.iterdir()
    images, index = folder / "images.u8", folder / "index.json"
    {
        "short": lambda: os.truncate(images, 100),
        "long": lambda: images.write_bytes(images.read_bytes() + b"!"),
        "no index": index.unlink,
        "bad index": lambda: index.write_text(index.read_text()[:-50]),
        "other index": lambda: index.write_text(json.dumps({"format": "something else", "rows": []})),
        "no images": images.unlink,
    }[damage]()
    assert np.array_equal(packed(photos, cache).images[:], expected)
    assert [child.name for child in cache.iterdir()] == [folder.name]


def test_refused_photos_are_listed_with_their_reason(photos: PhotoSet, cache: Path) -> None:
    whole = (photos.root / "person/0.png").read_bytes()
    broken = spoil(photos, "person/0.png", whole[:-80])
    for _ in range(2):  # made, then from the cache
        result = packed(broken, cache)
        assert len(result) == 11
        (refusal,) = result.refused
        assert (refusal.path, refusal.reason) == ("person/0.png", "truncated or corrupt")
        assert "person/0.png" not in result.paths


def test_nothing_decodable_is_an_error(tmp_path: Path, cache: Path) -> None:
    for name in ("person", "not_person"):
        (tmp_path / "set" / name).mkdir(parents=True)
        (tmp_path / "set" / name / "a.png").write_bytes(photo_bytes(1)[:60])
    with pytest.raises(DataError, match=r"none of the 2 photos of 'set' can be decoded"):
        packed(open_photos(tmp_path / "set"), cache)


def test_photo_that_changes_meanwhile_stops_the_packing(photos: PhotoSet, cache: Path) -> None:
    (photos.root / "person/0.png").write_bytes(photo_bytes(50))
    with pytest.raises(DataError, match=r"'person/0\.png' changed while the photos were read"):
        packed(photos, cache)
    (photos.root / "person/0.png").unlink()
    with pytest.raises(DataError, match=r"'person/0\.png' vanished while the photos were read"):
        packed(photos, cache)
    assert list(cache.iterdir()) == []


def test_interrupt_leaves_nothing_behind(photos: PhotoSet, cache: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack(photos, resolution=16, channels=3, cache_dir=cache, progress=interrupt)
    assert list(cache.iterdir()) == []
    assert len(packed(photos, cache)) == 12


def test_killed_run_leaves_no_pack_and_its_leftover_goes_a_day_later(photos: PhotoSet, cache: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from wakeling.data import open_photos, pack\n"
        "die = lambda done, total: os.kill(os.getpid(), signal.SIGKILL) if done else None\n"
        "photos, cache = open_photos(sys.argv[1]), Path(sys.argv[2])\n"
        "pack(photos, resolution=16, channels=3, cache_dir=cache, progress=die)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(photos.root), str(cache)], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = cache.iterdir()
    assert left.name.startswith(".")
    assert len(packed(photos, cache)) == 12
    assert left.exists()
    a_day_ago = time.time() - 25 * 3600
    os.utime(left, (a_day_ago, a_day_ago))
    packed(photos, cache, 32)
    assert not left.exists()


def test_folder_that_cannot_be_written_is_one_clear_line(photos: PhotoSet, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DataError, match=r"cannot keep the decoded photos in .*file/cache: Not a directory"):
        packed(photos, tmp_path / "file" / "cache")


def test_full_disk_is_one_clear_line_and_leaves_nothing(photos: PhotoSet, cache: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(DataError, match=r"cannot keep the decoded photos in .*33\.0 KiB are needed"):
            packed(photos, cache, 32)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize(("resolution", "channels"), [(16, 2), (16, 4), (7, 3), (0, 3), (-5, 1), (5000, 3)])
def test_impossible_shape_is_refused(photos: PhotoSet, cache: Path, resolution: int, channels: int) -> None:
    with pytest.raises(DataError, match=r"(is|are) not possible"):
        packed(photos, cache, resolution, channels)
    assert not cache.exists()
