"""Frozen dataclasses to plain JSON values and back, driven by their type annotations.

Covers what the hand-overs of a design run are made of: strings, numbers, booleans, None, literals, unions,
tuples of one kind, string-keyed mappings and dataclasses. Nothing else is guessed.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, Union  # Any: plain JSON values have no narrower type

from wakeling.errors import RunError


def encode(value: object, where: str) -> Any:
    """Plain JSON values of `value`; `where` names it in errors.

    Raises RunError for a number that is not finite (JSON has none) and for an unknown type.
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        number = float(value)
        if not math.isfinite(number):
            raise RunError(f"{where} is {number}; JSON holds finite numbers, or null for 'not measured'")
        return number
    if isinstance(value, tuple | list):
        return [encode(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        return {str(key): encode(item, f"{where}.{key}") for key, item in value.items()}
    if dataclasses.is_dataclass(value):
        return {
            field.name: encode(getattr(value, field.name), f"{where}.{field.name}")
            for field in dataclasses.fields(value)
        }
    raise RunError(f"{where} is a {type(value).__name__}, which JSON cannot hold; give plain data")


def decode(kind: Any, value: Any, where: str) -> Any:
    """The value of type `kind` that `encode` turned into `value`.

    Raises RunError, naming the place, for a missing or unknown field and for a wrong type.
    """
    origin = typing.get_origin(kind)
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, value, where)
    if origin is Literal:
        if value not in typing.get_args(kind):
            raise RunError(f"{where} is {value!r}; allowed: {', '.join(map(str, typing.get_args(kind)))}")
        return value
    if origin in (Union, types.UnionType):
        return _decode_union(typing.get_args(kind), value, where)
    if origin is tuple and isinstance(value, list):
        return tuple(
            decode(typing.get_args(kind)[0], item, f"{where}[{index}]") for index, item in enumerate(value)
        )
    if origin is Mapping and isinstance(value, dict):
        item_kind = typing.get_args(kind)[1]
        return {key: decode(item_kind, item, f"{where}.{key}") for key, item in value.items()}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if origin is None and type(value) is kind:
        return value
    raise RunError(f"{where} is a {type(value).__name__}; expected {kind}")


def _decode_union(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    if type(value) in kinds:
        return value
    others = [kind for kind in kinds if kind is not type(None)]
    return decode(others[0], value, where)


def _decode_dataclass(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise RunError(f"{where} is a {type(value).__name__}; expected the fields of {kind.__name__}")
    hints = _hints(kind)
    unknown = sorted(set(value) - set(hints))
    if unknown:
        raise RunError(f"{where} has the unknown field {unknown[0]!r}; known: {', '.join(sorted(hints))}")
    required = {field.name for field in dataclasses.fields(kind) if _is_required(field)}
    missing = sorted(required - set(value))
    if missing:
        raise RunError(f"{where} lacks the field {missing[0]!r}; needed: {', '.join(sorted(required))}")
    return kind(**{name: decode(hints[name], item, f"{where}.{name}") for name, item in value.items()})


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)
