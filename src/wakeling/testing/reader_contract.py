"""What every data reader must do: subclass `ReaderContract` in a test module and pytest runs all of it.

A subclass lays out the same endless row of photos in its own way; the suite reads them back.
"""

from __future__ import annotations

import abc
import io
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from wakeling.data import PackedSet, PhotoSet, open_photos, pack
from wakeling.data.photos import SPLITS, TEST, TRAIN, UNLABELED, VAL
from wakeling.data.readers import READERS, choose_reader
from wakeling.errors import DataError

COUNT = 60


def photo_bytes(index: int, *, size: int = 12) -> bytes:
    """A small PNG that differs from that of every other index."""
    from PIL import Image

    pixels = np.random.default_rng(index).integers(0, 256, (size, size, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def photo_label(index: int) -> int:
    """The label of the photo `index`: every third one shows a person."""
    return int(index % 3 == 0)


class ReaderContract(abc.ABC):
    """The suite; a subclass names its reader and lays photos out for it."""

    reader_name: str

    @abc.abstractmethod
    def make(self, folder: Path, count: int) -> str:
        """Lay out the photos 0 to `count` - 1 in the empty `folder`, without splits; return the source.

        Each file is called so that `index_of` finds its number, holds `photo_bytes(index)` and has the
        label `photo_label(index)`, the wake word being person.
        """

    @abc.abstractmethod
    def spoil(self, folder: Path) -> str | None:
        """Break a photo of the source in `folder`; return its path, or None where there are no files."""

    def index_of(self, path: str) -> int:
        """The number of the photo at `path`."""
        return int(Path(path).stem.removeprefix("photo-"))

    def label(self, index: int) -> int:
        """The label that the photo `index` must get."""
        return photo_label(index)

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """An empty folder for the source."""
        folder = tmp_path / "source"
        folder.mkdir()
        return folder

    def test_is_registered_and_recognizes_its_own(self, folder: Path) -> None:
        """Its name stands in the table and it is the one chosen for its layout."""
        source = self.make(folder, COUNT)
        assert READERS[self.reader_name].name == self.reader_name
        assert READERS[self.reader_name].summary
        assert choose_reader(source).name == self.reader_name
        assert choose_reader(source, self.reader_name).name == self.reader_name

    def test_lists_every_photo_once(self, folder: Path) -> None:
        """No photo is lost or doubled, and each has the digest of its content."""
        photos = open_photos(self.make(folder, COUNT))
        assert sorted(self.index_of(example.path) for example in photos.examples) == list(range(COUNT))
        assert len({example.content_hash for example in photos.examples}) == COUNT
        assert photos.refused == ()

    def test_labels_are_right(self, folder: Path, tmp_path: Path) -> None:
        """The wake word is 1, everything else is 0, and the wake word's name comes last."""
        packed = _packed(self.make(folder, COUNT), tmp_path)
        assert packed.labels == ("not_person", "person")
        for path, label in zip(packed.paths, packed.label, strict=True):
            assert label == self.label(self.index_of(path)), path

    def test_splits_are_disjoint(self, folder: Path) -> None:
        """Every photo has one split, and no content stands in two."""
        photos = open_photos(self.make(folder, 4 * COUNT))
        places: dict[str, set[str | None]] = defaultdict(set)
        for example in photos.examples:
            assert example.split in SPLITS
            places[example.content_hash].add(example.split)
        assert all(len(splits) == 1 for splits in places.values())
        assert {example.split for example in photos.examples} == {TRAIN, VAL, TEST}

    def test_nothing_moves_when_photos_are_added(self, folder: Path, tmp_path: Path) -> None:
        """The photos that were there keep their split and their label."""
        more = tmp_path / "more"
        more.mkdir()
        before = _places(open_photos(self.make(folder, COUNT)))
        after = _places(open_photos(self.make(more, 2 * COUNT)))
        assert len(after) == 2 * COUNT
        assert {content: after[content] for content in before} == before

    def test_corrupt_file_is_refused_and_listed(self, folder: Path, tmp_path: Path) -> None:
        """One broken file costs that file only."""
        source = self.make(folder, COUNT)
        broken = self.spoil(folder)
        packed = _packed(source, tmp_path)
        assert [refusal.path for refusal in packed.refused] == ([] if broken is None else [broken])
        assert len(packed) + len(packed.refused) == COUNT
        assert all(refusal.reason for refusal in packed.refused)
        if broken is None:
            assert packed.kind == "scenes"

    def test_reads_the_same_twice_and_writes_nothing(self, folder: Path) -> None:
        """Reading is repeatable and leaves the source as it is."""
        source = self.make(folder, COUNT)
        before = _contents(folder)
        assert open_photos(source) == open_photos(source)
        assert _contents(folder) == before

    def test_unknown_wake_word_is_one_clear_line(self, folder: Path) -> None:
        """The error names the word that was given."""
        with pytest.raises(DataError, match="zeppelin") as caught:
            open_photos(self.make(folder, COUNT), wake_word="zeppelin")
        assert "\n" not in str(caught.value)

    def test_labeled_photos_are_never_unlabeled(self, folder: Path, tmp_path: Path) -> None:
        """A photo with a label trains, chooses or measures."""
        packed = _packed(self.make(folder, COUNT), tmp_path)
        assert not (packed.split == UNLABELED).any()
        assert (packed.label >= 0).all()


def _packed(source: str, tmp_path: Path) -> PackedSet:
    return pack(open_photos(source), resolution=16, channels=3, cache_dir=tmp_path / "cache")


def _places(photos: PhotoSet) -> dict[str, tuple[str | None, int | None]]:
    return {example.content_hash: (example.split, example.label) for example in photos.examples}


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
