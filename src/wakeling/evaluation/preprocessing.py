"""What a model wants to be fed and what its outputs mean, where the file itself does not say.

A small TOML beside the model, wakeling's own metadata in it, or a guess from the input's type.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast, get_args

from wakeling.errors import ModelFileError, unknown_name
from wakeling.verify.jobs import FEEDS, Feed

ChannelOrder = Literal["gray", "rgb", "bgr"]
OutputKind = Literal["probabilities", "logits", "scores"]

SUFFIX = ".preprocessing.toml"

DEFAULT_FEEDS: Mapping[str, Feed] = MappingProxyType({"int8": "minus128", "uint8": "raw", "float32": "unit"})
"""What each input type is fed where nothing says otherwise."""

_CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"input": FEEDS, "channels": get_args(ChannelOrder), "output": get_args(OutputKind)}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPreprocessing:
    """How to feed a classifier and read it.

    `input` is how a pixel p becomes the input's value (raw: p, minus128: p − 128, unit: p / 255,
    signed_unit: p / 127.5 − 1); `wake_word_output` the index of the wake word's output; `output`
    what the outputs are: probabilities, logits (softmax makes probabilities of them), or scores of
    any size, of which only the order means something; `origin` where this was learned.
    """

    input: Feed
    channels: ChannelOrder
    wake_word_output: int
    output: OutputKind
    origin: str


def read_toml(path: Path) -> dict[str, Any]:
    """The checked entries of a preprocessing file; raises ModelFileError with one clear line."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelFileError(f"preprocessing file {path} does not exist") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ModelFileError(f"preprocessing file {path} is not valid TOML: {problem}") from None
    known = {*_CHOICES, "wake_word_output"}
    for key, value in entries.items():
        if key not in known:
            raise ModelFileError(f"{path}: {unknown_name('entry', key, known)}")
        if key in _CHOICES and value not in _CHOICES[key]:
            raise ModelFileError(f"{path}: {unknown_name(key, str(value), _CHOICES[key])}")
    output = entries.get("wake_word_output", 0)
    if not isinstance(output, int) or isinstance(output, bool) or output < 0:
        raise ModelFileError(f"{path}: wake_word_output must be the number of an output, 0 or more")
    return entries


def resolve(
    *,
    model: Path,
    given: Path | None,
    metadata: Mapping[str, Any] | None,
    dtype: str,
    channels: int,
    outputs: int,
) -> ModelPreprocessing:
    """The preprocessing of a model: `given`, else the file beside it, else its metadata, else a guess.

    What a TOML leaves out is guessed too. Raises ModelFileError where an entry does not fit the
    model's channels or outputs.
    """
    beside = model.with_name(model.stem + SUFFIX)
    if given is not None or beside.exists():
        path = given or beside
        entries, origin = read_toml(path), str(path)
    elif metadata is not None and ("preprocessing" in metadata or "labels" not in metadata):
        entries, origin = _from_metadata(metadata), "the model's metadata"
    else:
        entries, origin = {}, f"a guess from the {dtype} input; write a {beside.name} to say otherwise"
    default_channels: ChannelOrder = "gray" if channels == 1 else "rgb"
    found = ModelPreprocessing(
        input=cast(Feed, entries.get("input", DEFAULT_FEEDS[dtype])),
        channels=cast(ChannelOrder, entries.get("channels", default_channels)),
        wake_word_output=entries.get("wake_word_output", outputs - 1),
        output=cast(OutputKind, entries.get("output", "probabilities")),
        origin=origin,
    )
    if (found.channels == "gray") != (channels == 1):
        raise ModelFileError(f"{origin} says {found.channels} but the model's input has {channels} channels")
    if found.wake_word_output >= outputs:
        raise ModelFileError(
            f"{origin} says output {found.wake_word_output}, but the model has {outputs} (counted from 0)"
        )
    return found


def _from_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Our own files' metadata (`export.metadata`) in the terms of the TOML."""
    try:
        feed, labels = metadata["preprocessing"]["input"], metadata["labels"]
    except (KeyError, TypeError):
        raise ModelFileError("the model's wakeling metadata lacks its preprocessing or labels") from None
    if feed not in FEEDS or not isinstance(labels, list) or not labels:
        raise ModelFileError("the model's wakeling metadata is damaged: preprocessing or labels")
    return {"input": feed, "wake_word_output": len(labels) - 1}
