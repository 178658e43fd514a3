"""Networks as JSON values and as readable TOML; both round-trip."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wakeling.errors import SpecError, unknown_name
from wakeling.files import reading_text
from wakeling.spec import toml
from wakeling.spec.blocks import Block, block_from_json, block_to_json
from wakeling.spec.families import make
from wakeling.spec.network import Network

FORMAT = "wakeling.network/1"
_KEYS = ("format", "name", "family", "knobs", "resolution", "channels", "blocks")
_REQUIRED = ("name", "resolution", "channels", "blocks")


def to_json(network: Network) -> dict[str, Any]:
    """The network as plain JSON values."""
    origin = {} if network.family is None else {"family": network.family, "knobs": dict(network.knobs)}
    return {
        "format": FORMAT,
        "name": network.name,
        "resolution": network.resolution,
        "channels": network.channels,
        "blocks": [block_to_json(block) for block in network.blocks],
        **origin,
    }


def from_json(value: Mapping[str, Any]) -> Network:
    """The inverse of `to_json`.

    A file that names a family and its knobs needs no more; what else it says must agree with
    them. Raises SpecError.
    """
    if not isinstance(value, Mapping):
        raise SpecError(f"a network file holds a table; given {type(value).__name__}")
    for key in value:
        if key not in _KEYS:
            raise SpecError(unknown_name("key of a network file", key, _KEYS))
    if value.get("format", FORMAT) != FORMAT:
        raise SpecError(f"network format is {value['format']!r}; this version reads {FORMAT!r}")
    return _from_family(value) if "family" in value else _from_blocks(value)


def _from_family(value: Mapping[str, Any]) -> Network:
    family, knobs = value["family"], value.get("knobs", {})
    if not isinstance(family, str) or not isinstance(knobs, Mapping):
        raise SpecError("family must be a name and knobs a table, such as alpha = 0.25")
    network = make(family, **knobs)
    given = {key: value[key] for key in ("resolution", "channels") if key in value}
    if "blocks" in value:
        given["blocks"] = _blocks(value["blocks"])
    for key, item in given.items():
        if item != getattr(network, key):
            raise SpecError(
                f"{key} of the file is not what {family} with its knobs has; "
                "change the knobs, or remove family and knobs to write a network of your own"
            )
    return dataclasses.replace(network, name=value.get("name", network.name))


def _from_blocks(value: Mapping[str, Any]) -> Network:
    if "knobs" in value:
        raise SpecError("knobs are given without a family; add family, or remove knobs")
    for key in _REQUIRED:
        if key not in value:
            raise SpecError(f"a network file without a family needs {', '.join(_REQUIRED)}; {key} is missing")
    return Network(
        name=value["name"],
        resolution=value["resolution"],
        channels=value["channels"],
        blocks=_blocks(value["blocks"]),
    )


def _blocks(value: Any) -> tuple[Block, ...]:
    if not isinstance(value, list):
        raise SpecError("blocks must be a list of tables, each with the key 'block'")
    return tuple(block_from_json(item, f"block {index}") for index, item in enumerate(value))


def to_toml(network: Network) -> str:
    """The network as a TOML file for people."""
    return toml.dumps(to_json(network))


def from_toml(text: str) -> Network:
    """The inverse of `to_toml`; raises SpecError."""
    try:
        value = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # tomllib.TOMLDecodeError is a ValueError
        raise SpecError(f"not valid TOML: {error}") from None
    return from_json(value)


def _from_json_text(text: str) -> Network:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SpecError(f"not valid JSON: {error}") from None
    return from_json(value)


_READERS = {".toml": from_toml, ".json": _from_json_text}


def load(path: str | Path) -> Network:
    """The network of a .toml or .json file; raises SpecError that starts with the path."""
    path = Path(path)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise SpecError(f"{path}: a network file ends with {' or '.join(_READERS)}")
    with reading_text(str(path), SpecError):
        return reader(path.read_text(encoding="utf-8"))
