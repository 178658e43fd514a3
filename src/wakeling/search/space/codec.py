"""Search spaces as TOML files: read, check, and the ready ones that ship with the package."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from wakeling.errors import SpecError, WakelingError, unknown_name
from wakeling.files import reading_text
from wakeling.search.space.staged import KINDS, Head, Stage, StagedSpace, Stem
from wakeling.spec import BLOCKS, Block, ClassifierHead, Network

FORMAT = "wakeling.search-space/1"
_READY = resources.files("wakeling.search.space") / "ready"


def ready_spaces() -> tuple[str, ...]:
    """The names of the spaces that ship with the package."""
    return tuple(sorted(entry.name[:-5] for entry in _READY.iterdir() if entry.name.endswith(".toml")))


def load_space(name_or_path: str) -> StagedSpace:
    """A ready space by its name, or the space of a TOML file; raises SpecError."""
    if name_or_path.endswith(".toml"):
        with reading_text(name_or_path, SpecError):
            return from_toml(Path(name_or_path).read_text(encoding="utf-8"))
    known = ready_spaces()
    name = name_or_path.replace("-", "_")
    if name not in known:
        raise SpecError(f"{unknown_name('search space', name_or_path, known)}; or give a .toml file")
    return from_toml((_READY / f"{name}.toml").read_text(encoding="utf-8"))


def ready_toml(name: str) -> str:
    """The text of a ready space, to start one's own from."""
    load_space(name)
    return (_READY / f"{name.replace('-', '_')}.toml").read_text(encoding="utf-8")


def from_toml(text: str) -> StagedSpace:
    """The space of a TOML text; raises SpecError, naming the place, where it makes no sense."""
    try:
        value = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # tomllib.TOMLDecodeError is a ValueError
        raise SpecError(f"not valid TOML: {error}") from None
    return from_json(value)


def to_json(space: StagedSpace) -> dict[str, Any]:
    """Plain JSON values; the inverse of `from_json`."""
    value: dict[str, Any] = _listed({"format": FORMAT, **dataclasses.asdict(space)})
    return value


def _listed(value: Any) -> Any:
    """The value with lists for tuples."""
    if isinstance(value, Mapping):
        return {key: _listed(item) for key, item in value.items()}
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


def to_toml(space: StagedSpace) -> str:
    """The text of the space's file; the inverse of `from_toml`. A knob with one choice has no list."""
    value = to_json(space)
    stages, tables = value.pop("stages"), {"stem": value.pop("stem"), "head": value.pop("head")}
    lines = _lines(value)
    for name, table in (("[stem]", tables["stem"]), *(("[[stages]]", stage) for stage in stages)):
        lines += ["", name, *_lines(table)]
    return "\n".join([*lines, "", "[head]", *_lines(tables["head"])]) + "\n"


def _lines(table: Mapping[str, Any]) -> list[str]:
    """Keys and values; JSON writes these values as TOML does."""
    return [
        f"{key} = {json.dumps(item[0] if isinstance(item, list) and len(item) == 1 else item)}"
        for key, item in table.items()
    ]


def from_json(value: Mapping[str, Any]) -> StagedSpace:
    """A space from plain values, as its TOML file has them; raises SpecError.

    A knob with one choice may be written without the list.
    """
    fields = dict(value)
    given = fields.pop("format", FORMAT)
    if given != FORMAT:
        raise SpecError(f"search space format is {given!r}; this version reads {FORMAT!r}")
    stages = fields.pop("stages", [])
    if not isinstance(stages, list | tuple):
        raise SpecError("stages must be a list of tables: write each as [[stages]]")
    parts: dict[str, Any] = {
        "stages": tuple(_part(Stage, item, f"stage {number}") for number, item in enumerate(stages, start=1))
    }
    for name, cls in (("stem", Stem), ("head", Head)):
        if name in fields:
            parts[name] = _part(cls, fields.pop(name), name)
    space: StagedSpace = _part(StagedSpace, fields, "search space", parts)
    check_networks(space)
    return space


def check_networks(space: StagedSpace) -> None:
    """Raise SpecError, naming the parameter, where one of the choices makes no network of blocks."""
    head = ClassifierHead()
    alone: list[tuple[str, tuple[Any, ...], Callable[[Any], object]]] = [
        ("classes", (space.classes,), lambda value: ClassifierHead(classes=value)),
        ("resolution", space.resolutions, lambda value: _network(head, resolution=value)),
        ("channels", space.channels, lambda value: _network(head, channels=value)),
    ]
    parts: list[tuple[str, tuple[str, ...], tuple[str, ...], Stem | Stage]] = [
        ("stem", ("standard_conv",), ("kernel", "stride"), space.stem)
    ]
    parts += [
        (f"stage{number}", stage.block, ("kernel", "stride", "expansion"), stage)
        for number, stage in enumerate(space.stages, start=1)
    ]
    for name, kinds, knobs, part in parts:
        for kind, knob in itertools.product(kinds, knobs):
            if knob in KINDS[kind]:
                alone.append((f"{name}.{knob}", getattr(part, knob), functools.partial(_block, kind, knob)))
    for name, choices, make in alone:
        for choice in choices:
            with _naming(space, name, choice):
                make(choice)
    first = tuple(0 for _ in space.parameters)
    for place, parameter in enumerate(space.parameters):
        for index, choice in enumerate(parameter.choices):
            with _naming(space, parameter.name, choice):
                space.network(_used(space, first, place, index))


@contextlib.contextmanager
def _naming(space: StagedSpace, name: str, choice: object) -> Iterator[None]:
    """Turns any error inside into one that names the parameter and its choice."""
    try:
        yield
    except WakelingError as error:
        raise SpecError(f"search space {space.name}: {name} = {choice!r}: {error}") from None


def _network(head: ClassifierHead, *, resolution: int = 96, channels: int = 1) -> Network:
    """A network of a head alone: what is wrong with it is wrong with its input."""
    return Network(name="input", resolution=resolution, channels=channels, blocks=(head,))


def _block(kind: str, knob: str, value: Any) -> Block:
    """A block that is sound but for this knob."""
    return BLOCKS[kind](**{"filters": 8, knob: value})


def _used(space: StagedSpace, point: tuple[int, ...], place: int, index: int) -> tuple[int, ...]:
    """The point with one choice changed, and the deepest stages, so that the choice is used."""
    changed = [
        len(parameter.choices) - 1 if parameter.name.endswith(".depth") else value
        for parameter, value in zip(space.parameters, point, strict=True)
    ]
    changed[place] = index
    return tuple(changed)


def _part(cls: type[Any], value: Any, where: str, made: Mapping[str, Any] | None = None) -> Any:
    """A dataclass from a table; lists become tuples, single choices tuples of one."""
    if not isinstance(value, Mapping):
        raise SpecError(f"{where} must be a table; given {value!r}")
    made = made or {}
    known = {entry.name: entry for entry in dataclasses.fields(cls)}
    written = [name for name in known if name not in made]
    for key in value:
        if key not in written:
            raise SpecError(f"{where}: {unknown_name('key', key, written)}")
    for name, entry in known.items():
        if entry.default is dataclasses.MISSING and name not in value and name not in made:
            raise SpecError(f"{where} lacks the key {name!r}")
    read = {key: _choices(item, known[key], f"{where}: {key}") for key, item in value.items()}
    try:
        return cls(**read, **made)
    except WakelingError as error:
        text = str(error)
        raise SpecError(text if text.startswith(("search space", where)) else f"{where}: {text}") from None


_SCALARS: Mapping[str, type[Any]] = {"name": str, "title": str, "divisor": int, "classes": int}
_ITEMS: Mapping[str, tuple[type[Any], ...]] = {
    "tuple[int, ...]": (int,),
    "tuple[float, ...]": (int, float),
    "tuple[str, ...]": (str,),
    "tuple[bool, ...]": (bool,),
}


def _choices(value: Any, entry: dataclasses.Field[Any], where: str) -> Any:
    """The value of one key, of the type that its field has."""
    if entry.name in _SCALARS:
        return _of_type(value, (_SCALARS[entry.name],), where)
    types = _ITEMS[str(entry.type)]
    items = value if isinstance(value, list | tuple) else [value]
    return tuple(_of_type(item, types, where) for item in items)


def _of_type(value: Any, types: tuple[type[Any], ...], where: str) -> Any:
    is_switch = isinstance(value, bool)
    if is_switch != (bool in types) or not isinstance(value, types):
        names = " or ".join(kind.__name__ for kind in types)
        raise SpecError(f"{where}: {value!r} is not of type {names}")
    return value
