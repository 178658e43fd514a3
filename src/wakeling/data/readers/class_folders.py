"""Class folders: `person/…` and `not_person/…`, below `train`, `val` and `test` where there are such."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wakeling.data.labels import label_of, require_wake_word
from wakeling.data.photos import UNLABELED, Example, Refusal
from wakeling.data.readers.folders import folders_and_files, printable, require_folder, shown, walk_files
from wakeling.data.readers.reader import Reader, Reading, ReadOptions
from wakeling.data.splits import SPLIT_SPELLINGS
from wakeling.errors import DataError

OUTSIDE = "outside the class folders"
BAD_NAME = "name is not UTF-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class _ClassFolder:
    path: str
    class_name: str | None
    split: str | None


def read(source: str, options: ReadOptions) -> Reading:
    """List the photos below each class folder, at any depth.

    Raises DataError when there is no photo in a class folder or no folder of the wake word's name.
    """
    root = require_folder(source)
    folders, stray = _class_folders(root)
    listed = [
        (path, folder) for folder in folders for path in walk_files(root / folder.path, f"{folder.path}/")
    ]
    if not listed:
        raise DataError(
            f"{source!r} holds no photos in class folders; put them into one folder a class, "
            f"for example {options.wake_word}/ and not_{options.wake_word}/"
        )
    names = {shown(folder.class_name) for _, folder in listed if folder.class_name}
    require_wake_word(options.wake_word, names, repr(source))
    return Reading(
        name=shown(root.resolve().name),
        root=root,
        examples=tuple(
            Example(path=path, label=label_of(folder.class_name, options.wake_word), split=folder.split)
            for path, folder in listed
            if printable(path)
        ),
        refused=tuple(
            [Refusal(path=shown(path), reason=OUTSIDE) for path in stray]
            + [Refusal(path=shown(path), reason=BAD_NAME) for path, _ in listed if not printable(path)]
        ),
    )


def _class_folders(root: Path) -> tuple[list[_ClassFolder], list[str]]:
    """The class folders below `root`, and the files that lie beside them."""
    tops, stray = folders_and_files(root)
    if not _are_splits(root, tops):
        return [_folder(name, name, None) for name in tops], stray
    found = []
    for top in tops:
        split = SPLIT_SPELLINGS[top.casefold()]
        if split == UNLABELED:
            found.append(_folder(top, top, None))
            continue
        names, files = folders_and_files(root / top)
        found.extend(_folder(f"{top}/{name}", name, split) for name in names)
        stray.extend(f"{top}/{name}" for name in files)
    return found, stray


def _folder(path: str, name: str, split: str | None) -> _ClassFolder:
    if SPLIT_SPELLINGS.get(name.casefold()) == UNLABELED:
        return _ClassFolder(path=path, class_name=None, split=UNLABELED)
    return _ClassFolder(path=path, class_name=name, split=split)


def _are_splits(root: Path, tops: list[str]) -> bool:
    """Whether the top folders are splits: all are called so, and one of them holds folders itself."""
    if not all(top.casefold() in SPLIT_SPELLINGS for top in tops):
        return False
    labeled = (top for top in tops if SPLIT_SPELLINGS[top.casefold()] != UNLABELED)
    return any(folders_and_files(root / top)[0] for top in labeled)


def recognizes(source: str) -> bool:
    """Any folder."""
    return Path(source).is_dir()


READER = Reader(
    name="class-folders",
    summary="one folder a class, below train/val/test folders if you have them",
    recognizes=recognizes,
    read=read,
)
