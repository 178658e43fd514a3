"""Writes the little TOML that network files need, one block a line; the reader is `tomllib`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def dumps(value: Mapping[str, Any]) -> str:
    """Top-level keys, then tables; a list of tables becomes one inline table a line.

    Values are strings, booleans, whole numbers, finite floats, lists of tables and tables of
    such scalars. Keys are bare (letters, digits, `_`).
    """
    lines = [f"{key} = {_top_level(item)}" for key, item in value.items() if not isinstance(item, Mapping)]
    for key, item in value.items():
        if isinstance(item, Mapping):
            lines += ["", f"[{key}]", *(f"{name} = {_scalar(part)}" for name, part in item.items())]
    return "\n".join(lines) + "\n"


def _top_level(value: Any) -> str:
    if not isinstance(value, list):
        return _scalar(value)
    rows = [", ".join(f"{key} = {_scalar(part)}" for key, part in row.items()) for row in value]
    return "\n".join(["[", *(f"    {{ {row} }}," for row in rows), "]"])


def _scalar(value: str | bool | int | float) -> str:
    """JSON writes these as TOML does, but for DEL, which TOML wants escaped."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("\x7f", "\\u007f")
