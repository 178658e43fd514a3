"""The file of measured times that `wakeling calibrate` takes: CSV or TOML, one time a row.

Each row names a network as every command does, its milliseconds and, where the time is one layer's, the
layer. What is made of the times is in `cost.latency.calibration`.
"""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wakeling.cli.network_choice import KNOB_TYPES
from wakeling.errors import LatencyError, unknown_name
from wakeling.files import reading_text

REQUIRED = ("network", "ms")
COLUMNS = (*REQUIRED, "layer", "board", "engine", *KNOB_TYPES)
"""What a row may hold; everything but the network and its milliseconds may be left out."""

MOST_ROWS = 10_000
TOML_KEY = "times"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One time as the file has it; `where` names its line for messages, '' stands for left out."""

    where: str
    network: str
    ms: float
    layer: str = ""
    board: str = ""
    engine: str = ""
    knobs: Mapping[str, float] = field(default_factory=dict)


def read_timings(path: Path) -> tuple[Row, ...]:
    """The rows of a .csv or .toml file; raises LatencyError in one line."""
    readers: Mapping[str, Callable[[str], Iterator[tuple[str, Mapping[str, Any]]]]] = {
        ".csv": _csv_rows,
        ".toml": _toml_rows,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise LatencyError(f"{path}: times are read from a .csv or a .toml file")
    with reading_text(str(path), LatencyError):
        text = path.read_text(encoding="utf-8-sig")
        rows = tuple(_row(where, value) for where, value in reader(text))
    if not 0 < len(rows) <= MOST_ROWS:
        raise LatencyError(f"{path}: it has {len(rows)} times; it must have from 1 to {MOST_ROWS}")
    return rows


def network_of(row: Row, folder: Path) -> str:
    """What the row's network is called from here: a file is looked for beside the file of times first."""
    beside = folder / row.network
    return str(beside) if beside.is_file() else row.network


def _csv_rows(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(text.splitlines(), skipinitialspace=True)
    names = reader.fieldnames or ()
    for name in REQUIRED:
        if name not in names:
            raise LatencyError(
                f"the column {name!r} is missing; the first line must name {', '.join(REQUIRED)}"
            )
    try:
        for value in reader:
            if None in value:
                raise LatencyError(f"line {reader.line_num} has more cells than the first line has names")
            yield f"line {reader.line_num}", {name: cell or "" for name, cell in value.items()}
    except csv.Error as error:
        raise LatencyError(f"line {reader.line_num}: {error}") from None


def _toml_rows(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        value = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise LatencyError(f"not valid TOML: {error}") from None
    rows = value.get(TOML_KEY)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise LatencyError(f"it must have tables [[{TOML_KEY}]] with {' and '.join(REQUIRED)}")
    for index, row in enumerate(rows, start=1):
        yield f"time {index}", row


def _row(where: str, value: Mapping[str, Any]) -> Row:
    for name in value:
        if name not in COLUMNS:
            raise LatencyError(f"{where}: {unknown_name('column', str(name), COLUMNS)}")
    words = {name: str(value.get(name, "")).strip() for name in COLUMNS}
    for name in REQUIRED:
        if not words[name]:
            raise LatencyError(f"{where}: {name} is missing")
    ms = _number(where, "ms", words["ms"], float)
    if not 0 < ms < math.inf:
        raise LatencyError(f"{where}: ms is {words['ms']}; it must be a number above 0")
    return Row(
        where=where,
        network=words["network"],
        ms=ms,
        layer=words["layer"],
        board=words["board"],
        engine=words["engine"],
        knobs={
            name: _number(where, name, words[name], kind) for name, kind in KNOB_TYPES.items() if words[name]
        },
    )


def _number(where: str, name: str, text: str, kind: Callable[[str], float]) -> float:
    try:
        return kind(text)
    except ValueError:
        raise LatencyError(f"{where}: {name} is {text!r}; it must be a number") from None
