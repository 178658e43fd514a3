"""Pieces of C text: numbers, initializers, comments, the model's own prefix."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np

from wakeling.export.c.program import Array, Field

_WIDTH = 100
_PREFIX = re.compile(r"\b(wk_|WK_)")


def own_names(text: str, name: str) -> str:
    """Runtime text with `wk_` and `WK_` replaced by the model's prefix, so that two models can be linked."""
    prefixes = {"wk_": f"{name}_", "WK_": f"{name.upper()}_"}
    return _PREFIX.sub(lambda match: prefixes[match[1]], text)


def comment(text: str, indent: str = "") -> str:
    """A block comment, filled to the line's width."""
    lines: list[str] = []
    line = f"{indent}/*"
    for word in text.replace("*/", "* /").split():
        if len(line) + 1 + len(word) > _WIDTH - 3:
            lines.append(line)
            line = f"{indent} *"
        line += f" {word}"
    return "\n".join([*lines, f"{line} */"])


def numbers(array: Array) -> str:
    """The values of a table, in lines; the least int32 is written so that no compiler complains."""
    words = [_number(value) for value in np.asarray(array.values).ravel().tolist()]
    lines, line = [], "   "
    for word in words:
        if len(line) + len(word) + 2 > _WIDTH:
            lines.append(line)
            line = "   "
        line += f" {word},"
    return "\n".join([*lines, line])


def _number(value: float) -> str:
    if isinstance(value, float):
        return f"{value.hex()}f"
    return "(-2147483647 - 1)" if value == -(2**31) else str(value)


def initializer(fields: Mapping[str, Field], tables: Mapping[int, str], indent: str = "    ") -> str:
    """The members of a structure, in filled lines; `tables` has the name of each `Array` by its id."""
    lines, line = [], indent
    for member in _members(fields, tables):
        if line != indent and len(line) + len(member) + 1 > _WIDTH:
            lines.append(line.rstrip())
            line = indent
        line += f"{member} "
    return "\n".join([*lines, line.rstrip()])


def _members(fields: Mapping[str, Field], tables: Mapping[int, str]) -> Iterator[str]:
    for member, value in fields.items():
        if isinstance(value, Mapping):
            inner = [*_members(value, tables)]
            inner[0] = f".{member} = {{{inner[0]}"
            inner[-1] = f"{inner[-1].removesuffix(',')}}},"
            yield from inner
        else:
            yield f".{member} = {_scalar(value, tables)},"


def _scalar(value: int | float | str | Array | None, tables: Mapping[int, str]) -> str:
    if isinstance(value, Array):
        return tables[id(value)]
    if isinstance(value, str):
        return value
    return "NULL" if value is None else _number(value)


def string(text: str) -> str:
    """A C string literal of the text's UTF-8 bytes; octal escapes cannot swallow what follows."""
    characters = []
    for byte in text.encode():
        plain = 32 <= byte < 127 and chr(byte) not in '"\\?'
        characters.append(chr(byte) if plain else f"\\{byte:03o}")
    return f'"{"".join(characters)}"'
