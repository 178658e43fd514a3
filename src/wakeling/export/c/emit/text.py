"""Pieces of C text: numbers, initializers, comments, the model's own prefix."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from wakeling.export.c.program import Array, Field
from wakeling.export.c_array import escaped

_WIDTH = 100
_PREFIX = re.compile(r'(?<!#include )"(?:[^"\\\n]|\\.)*"|\b(wk_|WK_)')
"""A prefix, or a string in which it stays."""
_LONGEST_LINE = 110


def own_names(text: str, name: str) -> str:
    """Runtime text with `wk_` and `WK_` replaced by the model's prefix, so that two models can be linked.

    Strings stay as they are, and lines that a longer prefix made too long are folded.
    """
    prefixes = {"wk_": f"{name}_", "WK_": f"{name.upper()}_"}
    renamed = _PREFIX.sub(lambda match: prefixes[match[1]] if match[1] else match[0], text)
    return folded(renamed)


def folded(text: str) -> str:
    """Text whose lines have at most 110 columns, broken between words where no string is cut."""
    return "\n".join(line for long in text.split("\n") for line in _fold(long))


_BREAKS = re.compile(r'"(?:[^"\\]|\\.)*"|(?<=\S) (?=\S)|\((?=\w)')
"""Strings, and where a line may end: at a space, or behind a parenthesis."""


def _fold(line: str) -> Iterator[str]:
    start = len(line) - len(line.lstrip())
    in_comment = line.lstrip().startswith(("/*", "* "))
    is_macro = line.startswith("#")
    indent = " " * (start - line[start : start + 2].count("* ")) + " * " if in_comment else " " * (start + 8)
    while len(line) > _LONGEST_LINE:
        found = [match for match in _BREAKS.finditer(line) if len(indent) < match.end() < _LONGEST_LINE]
        spaces = [match for match in found if match[0] == " "]
        ends = spaces or [match for match in found if match[0] == "(" and not (in_comment or is_macro)]
        if not ends:
            break
        yield line[: ends[-1].end()].rstrip() + (" \\" if is_macro else "")
        line = indent + line[ends[-1].end() :]
    yield line


def plain(text: str) -> str:
    """Text for a comment: ASCII, on one line, and neither the end of the comment nor the start of one."""
    ascii_only = "".join(c if 32 <= ord(c) < 127 else "?" for c in " ".join(text.split()))
    return ascii_only.replace("*/", "* /").replace("/*", "/ *")


def comment(text: str, indent: str = "") -> str:
    """A block comment, filled to the line's width."""
    lines = textwrap.wrap(plain(text), _WIDTH - 6 - len(indent), break_on_hyphens=False)
    return f"{indent}/* " + f"\n{indent} * ".join(lines) + " */"


def numbers(array: Array) -> str:
    """The values of a table, in lines; the least int32 is written so that no compiler complains."""
    return filled(f"{_number(value)}," for value in np.asarray(array.values).ravel().tolist())


def _number(value: float) -> str:
    if isinstance(value, float):
        return f"{value.hex()}f"
    return "(-2147483647 - 1)" if value == -(2**31) else str(value)


def initializer(fields: Mapping[str, Field], tables: Mapping[int, str], indent: str = "    ") -> str:
    """The members of a structure, in filled lines; `tables` has the name of each `Array` by its id."""
    return filled(_members(fields, tables), indent)


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


def string(text: str, width: int = _WIDTH) -> str:
    """C string literals, one a line, of a text."""
    lines, line = [], ""
    for character in escaped(text):
        if len(line) + len(character) + 2 > width:
            lines.append(line)
            line = ""
        line += character
    return "\n".join(f'"{line}"' for line in [*lines, line])


def filled(words: Iterable[str], indent: str = "    ") -> str:
    """Words in lines of the text's width; a word of several lines keeps them."""
    lines, line = [], indent
    for word in words:
        if line != indent and len(line) + len(word) + 1 > _WIDTH:
            lines.append(line.rstrip())
            line = indent
        line += word.replace("\n", f"\n{indent}") + " "
    return "\n".join([*lines, line.rstrip()])


def real(value: float) -> str:
    """A C constant of a float32 number: nine digits tell all of them apart."""
    digits = f"{value:.9g}"
    return f"{digits}f" if "." in digits or "e" in digits else f"{digits}.0f"
