"""The readers by name. To add one: a file here with a `READER`, a line in `READERS`, the contract suite."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from wakeling.data.readers import class_folders, coco, manifest, scenes
from wakeling.data.readers.reader import Reader, Reading, ReadOptions
from wakeling.errors import DataError, unknown_name

__all__ = ["READERS", "ReadOptions", "Reader", "Reading", "choose_reader"]

READERS: Mapping[str, Reader] = MappingProxyType(
    {reader.name: reader for reader in (scenes.READER, manifest.READER, coco.READER, class_folders.READER)}
)
"""Every reader, in the order in which they are asked whether they recognize a source."""


def choose_reader(source: str, name: str | None = None) -> Reader:
    """The reader called `name`, else the first that recognizes `source`.

    Raises DataError when the name is unknown, the source does not exist or nobody recognizes it.
    """
    if name is not None:
        if name not in READERS:
            raise DataError(unknown_name("reader", name, READERS))
        return READERS[name]
    chosen = next((reader for reader in READERS.values() if reader.recognizes(source)), None)
    if chosen is not None:
        return chosen
    if not Path(source).exists():
        raise DataError(
            f"no photos at {source!r}: there is no such file or folder; give a folder, a CSV or JSON file, "
            "or 'scenes' for the built-in drawn scenes"
        )
    raise DataError(
        f"{source!r} is not understood as photos; give a folder with one sub-folder a class, "
        "a manifest .csv or a COCO .json"
    )
