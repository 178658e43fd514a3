"""What a .tflite file says about itself: one JSON text under the metadata name `wakeling`.

The file's own metadata, not the model's integers; `export.tflite` writes it, `cli.evaluate` reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wakeling._version import __version__
from wakeling.errors import ModelFileError
from wakeling.export.read_file import read_model_file
from wakeling.quantize.float_model import FloatModel
from wakeling.quantize.model import PIXEL_FEEDS, QuantizedModel

NAME = "wakeling"
FORMAT = "wakeling.tflite/1"


def describe(model: QuantizedModel | FloatModel, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Labels, preprocessing, wakeling's version and the content hash; `extra` is added.

    `extra` holds plain JSON values; a name that this function sets itself is not overridden. A
    model without preprocessing records none.
    """
    preprocessing = model.preprocessing
    description = {
        **(extra or {}),
        "format": FORMAT,
        "wakeling_version": __version__,
        "name": model.name,
        "content_hash": model.content_hash,
        "labels": list(model.labels),
    }
    if preprocessing is not None:
        description["preprocessing"] = {
            "resolution": preprocessing.resolution,
            "channels": preprocessing.channels,
            "resize": preprocessing.resize,
            "input": PIXEL_FEEDS.get(model.graph.input_type, "minus128"),
        }
    return description


def to_bytes(description: Mapping[str, Any]) -> bytes:
    """The description as compact JSON with sorted keys: equal descriptions give equal bytes."""
    return json.dumps(description, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def read(content: bytes) -> dict[str, Any] | None:
    """The description in a .tflite file; None where another program wrote the file.

    Raises ModelFileError for a file that is not .tflite or whose description is no JSON object.
    """
    content_of = read_model_file(content).metadata
    return None if NAME not in content_of else parse(content_of[NAME])


def parse(text: bytes) -> dict[str, Any]:
    """The description as a file holds it; raises ModelFileError where it is none of ours."""
    try:
        description = json.loads(text)
    except (ValueError, RecursionError):
        raise ModelFileError("the file's wakeling metadata is damaged") from None
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise ModelFileError(f"the file's wakeling metadata is not of the format {FORMAT!r}")
    return description
