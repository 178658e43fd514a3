"""A calibrated engine as a TOML file: what `wakeling calibrate` writes and `--engine my.toml` reads."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wakeling.cost.latency.costs import UNITS, EngineCosts
from wakeling.errors import LatencyError, unknown_name
from wakeling.files import reading_text

FORMAT = "wakeling.engine/1"
_TABLES = ("cycles", "mix", "deviations")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFile:
    """An engine that was calibrated on a board, with how many measured times, starting from `base`."""

    name: str
    base: str
    board: str
    measurements: int
    costs: EngineCosts


def engine_to_toml(engine: EngineFile) -> str:
    """The file's text; numbers keep all their digits, so reading it gives an equal engine."""
    costs = engine.costs
    lines = [
        "# Written by `wakeling calibrate`: clock cycles of each kind of work on this board.",
        f'format = "{FORMAT}"',
        f"name = {_text(engine.name)}",
        f"base = {_text(engine.base)}",
        f"board = {_text(engine.board)}",
        f"core = {_text(costs.core)}",
        f"measurements = {engine.measurements}",
        f"misaligned = {costs.misaligned!r}",
        f"level = {costs.level!r}",
        f"inflation = {costs.inflation!r}",
    ]
    for table in _TABLES:
        lines += ["", f"[{table}]", *(f"{key} = {value!r}" for key, value in getattr(costs, table).items())]
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    """A TOML string; names hold neither quotes nor control characters once these are replaced."""
    safe = "".join(letter if letter.isprintable() and letter not in '"\\' else "_" for letter in value)
    return f'"{safe}"'


def read_engine(path: Path) -> EngineFile:
    """The engine in a file; raises LatencyError in one line."""
    with reading_text(f"engine {path}", LatencyError):
        return engine_from_toml(path.read_text(encoding="utf-8"))


def engine_from_toml(text: str) -> EngineFile:
    """The inverse of `engine_to_toml`; raises LatencyError."""
    try:
        value = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise LatencyError(f"not valid TOML: {error}") from None
    if value.get("format") != FORMAT:
        raise LatencyError(f"format is {value.get('format')!r}; this version reads {FORMAT!r}")
    tables = {table: _table(value, table) for table in _TABLES}
    missing = [unit for unit in UNITS if unit not in tables["cycles"]]
    if missing:
        raise LatencyError(f"[cycles] lacks {', '.join(missing)}")
    return EngineFile(
        name=_string(value, "name"),
        base=_string(value, "base"),
        board=_string(value, "board"),
        measurements=int(_number(value, "measurements")),
        costs=EngineCosts(
            engine=_string(value, "name"),
            core=_string(value, "core"),
            cycles=tables["cycles"],
            misaligned=_number(value, "misaligned"),
            level=_number(value, "level"),
            mix=tables["mix"],
            deviations=tables["deviations"],
            inflation=_number(value, "inflation"),
        ),
    )


def _string(value: dict[str, Any], key: str) -> str:
    found = value.get(key)
    if not isinstance(found, str) or not found:
        raise LatencyError(f"{key} is {found!r}; it must be text in quotes")
    return found


def _number(value: dict[str, Any], key: str) -> float:
    found = value.get(key)
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < math.inf:
        raise LatencyError(f"{key} is {found!r}; it must be a number, at least 0")
    return float(found)


def _table(value: dict[str, Any], name: str) -> dict[str, float]:
    table = value.get(name)
    if not isinstance(table, dict):
        raise LatencyError(f"the table [{name}] is missing")
    for key in table:
        if key not in UNITS:
            raise LatencyError(f"[{name}] {unknown_name('kind of work', key, UNITS)}")
    return {key: _number(table, key) for key in table}
