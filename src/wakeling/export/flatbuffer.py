"""Reads a flatbuffer of unknown origin: every offset and length is checked before it is followed.

Tables, vectors and strings by the binary format's own rules (flatbuffers' "Internals" page); which
fields a .tflite file has is in `export.model_file`. Nothing here allocates more than the file holds.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from wakeling.errors import ModelFileError

MOST_ITEMS = 1_000_000
"""Tables and list entries of one file: a network for a microcontroller has a few thousand."""

Scalar = Literal["bool", "int8", "uint8", "int32", "uint32", "uint64", "float32"]

_SCALARS: dict[Scalar, struct.Struct] = {
    "bool": struct.Struct("<?"),
    "int8": struct.Struct("<b"),
    "uint8": struct.Struct("<B"),
    "int32": struct.Struct("<i"),
    "uint32": struct.Struct("<I"),
    "uint64": struct.Struct("<Q"),
    "float32": struct.Struct("<f"),
}
_OFFSET = _SCALARS["uint32"]
_SIGNED_OFFSET = _SCALARS["int32"]
_SHORT = struct.Struct("<H")

_HEADER_BYTES = 4
"""A vtable's own size and its object's size, before the first field."""


class Source:
    """The bytes of a file, and how many more tables and list entries may be read from them.

    Offsets point forwards only, so they cannot form a ring, but many of them can point at one
    table, which again holds many: what is read in total is bounded too.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.items_left = min(MOST_ITEMS, 1024 + len(content))

    def number(self, form: struct.Struct, position: int) -> Any:  # Any: int, float or bool, as `form` says
        """The number at a position; raises ModelFileError where the file ends before it."""
        if not 0 <= position <= len(self.content) - form.size:
            raise damaged(f"byte {position} lies outside its {len(self.content)} bytes")
        return form.unpack_from(self.content, position)[0]

    def target(self, position: int) -> int:
        """Where the offset at a position points to."""
        return position + int(self.number(_OFFSET, position))

    def spend(self, items: int) -> None:
        """Count items that are about to be read; raises ModelFileError where there are too many."""
        self.items_left -= items
        if self.items_left < 0:
            raise damaged("it refers to more tables and values than its size can hold")


def damaged(reason: str) -> ModelFileError:
    """The error for bytes that break the format."""
    return ModelFileError(f"this .tflite file is damaged or truncated: {reason}")


def root(content: bytes, identifier: bytes) -> Table:
    """The root table; raises ModelFileError where the identifier is missing."""
    if len(content) < 8 or content[4:8] != identifier:
        raise ModelFileError(f"this is not a .tflite file: it lacks {identifier.decode()} at byte 4")
    source = Source(content)
    return table_at(source, source.target(0))


def table_at(source: Source, position: int) -> Table:
    """The table at a position, its vtable checked."""
    source.spend(1)
    vtable = position - int(source.number(_SIGNED_OFFSET, position))
    vtable_size = int(source.number(_SHORT, vtable))
    size = int(source.number(_SHORT, vtable + 2))
    whole = vtable_size >= _HEADER_BYTES and vtable + vtable_size <= len(source.content)
    if not whole or size < 4 or position + size > len(source.content):
        raise damaged(f"the table at byte {position} does not fit into the file")
    return Table(source=source, position=position, size=size, vtable=vtable, vtable_size=vtable_size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table; fields are numbered from 0 in the order of the schema.

    Every method raises ModelFileError where what the field refers to lies outside the file.
    """

    source: Source
    position: int
    size: int
    vtable: int
    vtable_size: int

    def _field(self, slot: int, size: int) -> int | None:
        """Where a field of `size` bytes lies; None where the table leaves it out."""
        entry = _HEADER_BYTES + 2 * slot
        if entry + 2 > self.vtable_size:
            return None
        offset = int(self.source.number(_SHORT, self.vtable + entry))
        if offset == 0:
            return None
        if offset < 4 or offset + size > self.size:
            raise damaged(f"field {slot} of the table at byte {self.position} lies outside it")
        return self.position + offset

    def scalar(self, slot: int, kind: Scalar, default: float = 0) -> Any:  # Any: as `kind` says
        """A number, or its default where the table leaves it out."""
        form = _SCALARS[kind]
        position = self._field(slot, form.size)
        return default if position is None else self.source.number(form, position)

    def table(self, slot: int) -> Table | None:
        """A table that this one refers to."""
        position = self._field(slot, 4)
        return None if position is None else table_at(self.source, self.source.target(position))

    def vector(self, slot: int, dtype: npt.DTypeLike) -> npt.NDArray[Any] | None:
        """A list of numbers as a read-only view of the file."""
        position = self._field(slot, 4)
        if position is None:
            return None
        kind = np.dtype(dtype).newbyteorder("<")
        start, count = self._span(position, kind.itemsize)
        return np.frombuffer(self.source.content, kind, count, start) if count else np.zeros(0, kind)

    def values(self, slot: int) -> tuple[int, ...] | None:
        """A short list of int32, such as a shape."""
        view = self.vector(slot, np.int32)
        if view is None:
            return None
        self.source.spend(len(view))
        return tuple(view.tolist())

    def text(self, slot: int) -> str:
        """A text; bytes that are no UTF-8 are replaced, and a missing one is empty."""
        position = self._field(slot, 4)
        if position is None:
            return ""
        start, count = self._span(position, 1)
        self.source.spend(count // 16)
        return self.source.content[start : start + count].decode("utf-8", errors="replace")

    def tables(self, slot: int) -> tuple[Table, ...]:
        """A list of tables; empty where the field is missing."""
        position = self._field(slot, 4)
        if position is None:
            return ()
        start, count = self._span(position, 4)
        self.source.spend(count)
        places = range(start, start + 4 * count, 4)
        return tuple(table_at(self.source, self.source.target(place)) for place in places)

    def _span(self, position: int, item_bytes: int) -> tuple[int, int]:
        """Where the vector that a field points at begins, and how many items it has."""
        start = self.source.target(position)
        count = int(self.source.number(_OFFSET, start))
        if start + 4 + count * item_bytes > len(self.source.content):
            raise damaged(f"the list at byte {start} claims {count} items, more than the file holds")
        return start + 4, count
