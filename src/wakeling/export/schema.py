"""The TFLite schema's Python classes, from whichever installed library carries them.

Both libraries ship the same generated module; nothing here reads or writes files.
"""

from __future__ import annotations

import functools
import importlib
from types import ModuleType
from typing import Any

from wakeling.errors import MissingDependencyError, ModelFileError

FILE_IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3

_SOURCES = (
    "ai_edge_litert.schema_py_generated",
    "tflite_micro.tensorflow.lite.micro.python.schema_py_generated",
)


@functools.cache
def schema() -> ModuleType:
    """The generated module; raises MissingDependencyError where no library brings it."""
    for name in _SOURCES:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise MissingDependencyError("flatbuffers with ai-edge-litert or tflite-micro", "export")


def read_model(content: bytes) -> Any:
    """The `ModelT` of a .tflite file's bytes (Any: the generated classes have no types).

    Raises ModelFileError where the bytes are no flatbuffer of this schema.
    """
    tflite = schema()
    if len(content) < 8 or content[4:8] != FILE_IDENTIFIER:
        raise ModelFileError("this is not a .tflite file: it lacks the identifier TFL3 at byte 4")
    try:
        return tflite.ModelT.InitFromObj(tflite.Model.GetRootAs(content, 0))
    except Exception as problem:  # a broken offset surfaces as one of many exceptions
        raise ModelFileError(
            f"this .tflite file is damaged or truncated ({type(problem).__name__})"
        ) from None
