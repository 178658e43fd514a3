"""Changes a .tflite file through the schema's generated object API, for tests that need a broken one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wakeling.export.schema import schema


def unpacked(content: bytes) -> Any:
    """The file's tables as objects; only for files that we trust."""
    tflite = schema()
    return tflite.ModelT.InitFromObj(tflite.Model.GetRootAs(content, 0))


def packed(file: Any) -> bytes:
    """The bytes of such objects."""
    import flatbuffers

    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(file.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def changed(content: bytes, change: Callable[[Any], None]) -> bytes:
    """The file with a change made to its tables."""
    file = unpacked(content)
    change(file)
    return packed(file)
