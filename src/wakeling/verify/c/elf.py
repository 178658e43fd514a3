"""Reads a 32-bit little-endian ELF file: symbols, section sizes, and what is loaded where.

Building one is in `verify.c.build`, running one in the runners.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wakeling.errors import TargetError

_HEADER = struct.Struct("<16xHHIIIIIHHHHHH")
_PROGRAM = struct.Struct("<IIIIIIII")
_SECTION = struct.Struct("<IIIIIIIIII")
_SYMBOL = struct.Struct("<IIIBBH")
_LOAD, _SYMBOL_TABLE, _FUNCTION, _ALLOCATED = 1, 2, 2, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Bytes that are loaded at an address."""

    address: int
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Where a section is when the program runs, and its size."""

    address: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Elf:
    """A program. `symbols` are addresses, of functions without the Thumb bit; `functions` are the
    functions among them by their address, with their size.
    """

    entry: int
    segments: tuple[Segment, ...]
    sections: Mapping[str, Section]
    symbols: Mapping[str, int]
    functions: Mapping[int, tuple[str, int]]

    def section_bytes(self, *names: str) -> int:
        """Bytes of sections together; one that is not there has none."""
        return sum(self.sections[name].bytes for name in names if name in self.sections)

    def function_at(self, address: int) -> str:
        """The function that an address lies in, as its name."""
        for start, (name, size) in self.functions.items():
            if start <= address < start + max(size, 1):
                return name
        return f"0x{address:08x}"


def read_elf(content: bytes) -> Elf:
    """Parse a file's bytes; raises TargetError for what is no 32-bit little-endian ELF file."""
    if content[:6] != b"\x7fELF\x01\x01":
        raise TargetError("the linker wrote no 32-bit little-endian ELF file")
    _, _, _, entry, program, section, _, _, program_size, programs, size, count, names = _HEADER.unpack_from(
        content
    )
    loads = (_PROGRAM.unpack_from(content, program + index * program_size) for index in range(programs))
    segments = tuple(
        Segment(address=physical, content=content[offset : offset + held])
        for kind, offset, _, physical, held, _, _, _ in loads
        if kind == _LOAD and held
    )
    table = [_SECTION.unpack_from(content, section + index * size) for index in range(count)]
    symbols: dict[str, int] = {}
    functions: dict[int, tuple[str, int]] = {}
    for name, value, length, is_function in _symbols(content, table):
        symbols[name] = value & ~1 if is_function else value
        if is_function:
            functions[value & ~1] = (name, length)
    return Elf(
        entry=entry & ~1,
        segments=segments,
        sections={
            _text(content, table[names][4] + entry_[0]): Section(address=entry_[3], bytes=entry_[5])
            for entry_ in table
            if entry_[2] & _ALLOCATED
        },
        symbols=symbols,
        functions=functions,
    )


def _symbols(content: bytes, table: list[tuple[int, ...]]) -> Iterator[tuple[str, int, int, bool]]:
    for section in table:
        if section[1] != _SYMBOL_TABLE:
            continue
        strings = table[section[6]][4]
        for offset in range(section[4], section[4] + section[5], _SYMBOL.size):
            name, value, length, info, _, _ = _SYMBOL.unpack_from(content, offset)
            if name:
                yield _text(content, strings + name), value, length, info & 15 == _FUNCTION


def _text(content: bytes, start: int) -> str:
    return content[start : content.index(b"\0", start)].decode(errors="replace")
