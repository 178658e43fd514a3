"""Reads boards: those that ship with wakeling by name, a user's own by its path."""

from __future__ import annotations

import dataclasses
import functools
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from wakeling.boards.board import SIMD, SOURCED, Board
from wakeling.boards.power import Power
from wakeling.errors import BoardError, WakelingError, unknown_name
from wakeling.files import reading_text
from wakeling.units import KIB, MIB, parse_bytes

FORMAT = "wakeling.board/1"
_REQUIRED = ("name", "title", "chip", "core", "clock", "ram", "flash")
_OPTIONAL = ("format", "simd", "verified", "sources", "notes", "power")
_POWERS = ("active", "low", "high")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CLOCK = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(k|M|G)?Hz\s*")
_CLOCK_FACTORS = {None: 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000}
_CLOCK_RANGE = (1_000_000, 5_000_000_000)
_POWER = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(u|m)?W\s*")
_POWER_FACTORS = {"u": 0.001, "m": 1, None: 1000}
_POWER_RANGE_MW = (0.001, 100_000.0)
_MEMORY_RANGE = (KIB, 1024 * MIB)


@functools.cache
def board_names() -> tuple[str, ...]:
    """The boards that ship with wakeling, in alphabetical order."""
    files = resources.files("wakeling.boards").iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


def load_board(name_or_path: str | Path) -> Board:
    """A shipped board by its name, or a user's own by the path of its .toml file.

    Raises BoardError in one line: unknown name, unreadable file, missing, unknown or wrong key.
    """
    text = str(name_or_path)
    if text.lower().endswith(".toml"):
        return _read(Path(name_or_path), text)
    if text not in board_names():
        advice = "or give the path of a .toml file"
        raise BoardError(unknown_name("board", text, board_names(), advice))
    return _read(Path(str(resources.files("wakeling.boards") / f"{text}.toml")), text)


def _read(path: Path, where: str) -> Board:
    with reading_text(f"board {where}", BoardError):
        return from_toml(path.read_text(encoding="utf-8"))


def from_toml(text: str) -> Board:
    """The board that a TOML file describes; raises BoardError."""
    try:
        value = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # tomllib.TOMLDecodeError is a ValueError
        raise BoardError(f"not valid TOML: {error}") from None
    _check_keys(value)
    simd = value.get("simd", "none")
    if simd not in SIMD:
        raise BoardError(unknown_name("simd", str(simd), SIMD))
    if not _NAME.fullmatch(value["name"]):
        raise BoardError(f"name is {value['name']!r}; write it in kebab case, such as my-board-2")
    return Board(
        name=value["name"],
        title=value["title"],
        chip=value["chip"],
        core=value["core"],
        clock_hz=_clock_hz(value["clock"]),
        ram_bytes=_memory_bytes("ram", value["ram"]),
        flash_bytes=_memory_bytes("flash", value["flash"]),
        simd=simd,
        verified=value.get("verified", False),
        sources=dict(value.get("sources", {})),
        notes=value.get("notes", ""),
        power=_power(value["power"]) if "power" in value else None,
    )


def _check_keys(value: Mapping[str, Any]) -> None:
    for key in value:
        if key not in (*_REQUIRED, *_OPTIONAL):
            raise BoardError(unknown_name("key", key, (*_REQUIRED, *_OPTIONAL)))
    for key in _REQUIRED:
        if key not in value:
            raise BoardError(f"the key {key!r} is missing; a board needs {', '.join(_REQUIRED)}")
    if value.get("format", FORMAT) != FORMAT:
        raise BoardError(f"format is {value['format']!r}; this version reads {FORMAT!r}")
    kinds = {"verified": bool, "sources": dict, "power": dict}
    for key, item in value.items():
        kind = kinds.get(key, str)
        if not isinstance(item, kind) or (item == "" and key != "notes"):
            article = {bool: "true or false", dict: "a table", str: "text in quotes"}[kind]
            raise BoardError(f"{key} is {item!r}; it must be {article}")
    for key, source in value.get("sources", {}).items():
        if key not in SOURCED or not isinstance(source, str):
            raise BoardError(f"sources holds text for {', '.join(SOURCED)}; given {key} = {source!r}")


def _clock_hz(text: str) -> int:
    match = _CLOCK.fullmatch(text)
    hertz = float(match.group(1)) * _CLOCK_FACTORS[match.group(2)] if match else 0.0
    low, high = _CLOCK_RANGE
    if not low <= hertz <= high:
        raise BoardError(f"clock is {text!r}; write for example '64 MHz' (1 MHz to 5 GHz)")
    return round(hertz)


def _power(value: Mapping[str, Any]) -> Power:
    for key in value:
        if key not in (*_POWERS, "source"):
            raise BoardError(f"[power] {unknown_name('key', key, (*_POWERS, 'source'))}")
    source = value.get("source")
    if not isinstance(source, str) or not source:
        raise BoardError("[power] needs a source: who measured it, and doing what")
    if "active" not in value:
        raise BoardError('[power] needs active, such as active = "44 mW"')
    active = _milliwatts("active", value["active"])
    low, high = (_milliwatts(key, value.get(key, value["active"])) for key in ("low", "high"))
    if not low <= active <= high:
        raise BoardError(f"[power] active is {value['active']!r}; it must lie from low to high")
    return Power(active_mw=active, low_mw=low, high_mw=high, source=source)


def _milliwatts(key: str, text: object) -> float:
    match = _POWER.fullmatch(text) if isinstance(text, str) else None
    milliwatts = float(match.group(1)) * _POWER_FACTORS[match.group(2)] if match else 0.0
    low, high = _POWER_RANGE_MW
    if not low <= milliwatts <= high:
        raise BoardError(f"[power] {key} is {text!r}; write for example '44 mW' (1 uW to 100 W)")
    return milliwatts


def _memory_bytes(key: str, text: str) -> int:
    try:
        size_bytes = parse_bytes(text)
    except WakelingError as error:
        raise BoardError(f"{key}: {error}") from None
    low, high = _MEMORY_RANGE
    if not low <= size_bytes <= high:
        raise BoardError(f"{key} is {text!r}; it must be from 1 KiB to 1024 MiB")
    return size_bytes


def to_json(board: Board) -> dict[str, Any]:
    """The board as plain JSON values; `power` only where it is known."""
    power = {} if board.power is None else {"power": dataclasses.asdict(board.power)}
    return {
        "name": board.name,
        "title": board.title,
        "chip": board.chip,
        "core": board.core,
        "simd": board.simd,
        "clock_hz": board.clock_hz,
        "ram_bytes": board.ram_bytes,
        "flash_bytes": board.flash_bytes,
        "verified": board.verified,
        "sources": dict(board.sources),
        "notes": board.notes,
        **power,
    }
