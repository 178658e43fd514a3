"""Listing the files of a folder: hidden ones left out, links followed once, a fixed order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from wakeling.errors import DataError


def require_folder(source: str) -> Path:
    """`source` as a folder; DataError when it is none."""
    folder = Path(source)
    if not folder.is_dir():
        raise DataError(f"{source!r} is not a folder")
    return folder


def folders_and_files(folder: Path) -> tuple[list[str], list[str]]:
    """The names of the folders and of the other entries in `folder`, sorted, hidden ones left out."""
    with os.scandir(folder) as entries:
        visible = sorted((entry.name, entry.is_dir()) for entry in entries if not entry.name.startswith("."))
    return (
        [name for name, is_folder in visible if is_folder],
        [name for name, is_folder in visible if not is_folder],
    )


def walk_files(folder: Path, prefix: str, above: frozenset[str] = frozenset()) -> Iterator[str]:
    """The paths of all files below `folder`, each with `prefix` before it, in a fixed order.

    A link back to a folder that is being walked is not followed again.
    """
    here = os.path.realpath(folder)
    if here in above:
        return
    folders, files = folders_and_files(folder)
    for name in files:
        yield f"{prefix}{name}"
    for name in folders:
        yield from walk_files(folder / name, f"{prefix}{name}/", above | {here})


def printable(path: str) -> bool:
    """Whether a file's name is proper text; others can be neither shown nor written to JSON."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(path: str) -> str:
    """`path` as proper text, with `?` for what is none."""
    return path.encode(errors="replace").decode()
