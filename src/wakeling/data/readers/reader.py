"""What a reader is: it recognizes a source and lists its photos; it decodes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wakeling.data.photos import Example, Kind, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What the user chose; a reader uses what concerns it."""

    wake_word: str = "person"
    area_threshold: float = 0.005
    image_folder: Path | None = None
    scene_count: int | None = None
    scene_seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a reader found: examples with labels and given splits, and files that it left out.

    Files are not opened yet, unless `examples` carry a `content_hash` already.
    """

    name: str
    root: Path
    examples: tuple[Example, ...]
    refused: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    kind: Kind = "photos"
    area_threshold: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One way to keep photos.

    `recognizes(source)` is cheap and looks at names only; `read(source, options)` raises DataError for
    a source that is wrong as a whole and refuses single files.
    """

    name: str
    summary: str
    recognizes: Callable[[str], bool]
    read: Callable[[str, ReadOptions], Reading]
