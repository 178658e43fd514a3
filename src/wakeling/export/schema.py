"""The TFLite schema's Python classes, from whichever installed library carries them.

Both libraries ship the same generated module. It serves to write files only: it trusts every offset,
so files are read by `export.model_file`.
"""

from __future__ import annotations

import functools
import importlib
from types import ModuleType

from wakeling.errors import MissingDependencyError

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
