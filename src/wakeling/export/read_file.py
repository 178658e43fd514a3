"""Reads a .tflite file of unknown origin into frozen values; everything that reads one comes here.

The fields and their numbers are those of TensorFlow Lite's schema (version 3). Bounds are checked by
`export.flatbuffer`, references between tables here; what operators mean is in `importers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wakeling.errors import ModelFileError
from wakeling.export.builtin_names import BUILTIN_NAMES, CUSTOM
from wakeling.export.flatbuffer import Table, damaged, root
from wakeling.export.model_file import (
    MOST_AXES,
    FileOperator,
    FileQuantization,
    FileTensor,
    ModelFile,
    Subgraph,
    shortened,
)
from wakeling.export.schema import FILE_IDENTIFIER, SCHEMA_VERSION

MAX_BYTES = 256 << 20
_TYPES = (
    "float32 float16 int32 uint8 int64 string bool int16 complex64 int8 float64 complex128 uint64 "
    "resource variant uint32 uint16 int4 bfloat16 int2 uint4 float8_e4m3fn float8_e5m2"
)

TYPE_NAMES = tuple(_TYPES.split())
"""The element types by their code (the schema's `TensorType`)."""


def read_bytes(path: Path) -> bytes:
    """The content of a model file; raises ModelFileError where there is none, or far too much."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ModelFileError(f"{path} has {size} bytes; a microcontroller's model has far fewer")
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelFileError(f"{path} does not exist") from None
    except IsADirectoryError:
        raise ModelFileError(f"{path} is a folder; name a .tflite file") from None


def read_model_file(content: bytes) -> ModelFile:
    """The tables of a .tflite file.

    Raises ModelFileError, one line, for whatever else the bytes are: another format, truncated,
    offsets that leave the file, indices of tensors, buffers or operator codes that do not exist.
    """
    model = root(content, FILE_IDENTIFIER)
    version = int(model.scalar(0, "uint32"))
    if version != SCHEMA_VERSION:
        raise ModelFileError(f"it has schema version {version}; version {SCHEMA_VERSION} is read")
    buffers = tuple(_buffer(table, number) for number, table in enumerate(model.tables(4)))
    codes = tuple(_operator_code(table) for table in model.tables(1))
    return ModelFile(
        description=model.text(3),
        subgraphs=tuple(_subgraph(table, codes, len(buffers)) for table in model.tables(2)),
        buffers=buffers,
        metadata=_metadata(model, buffers),
        size_bytes=len(content),
    )


def _buffer(table: Table, number: int) -> npt.NDArray[np.uint8]:
    if int(table.scalar(1, "uint64")) > 1:
        raise ModelFileError(f"buffer {number} lies outside the flatbuffer, as in files above 2 GB; not read")
    data = table.vector(0, np.uint8)
    return np.zeros(0, np.uint8) if data is None else data


def _operator_code(table: Table) -> tuple[str, int]:
    """Name and version; files from before 2020 have the code in the first field only."""
    code = max(int(table.scalar(0, "int8")), int(table.scalar(3, "int32")))
    version = int(table.scalar(2, "int32", 1))
    if code == CUSTOM:
        return f"CUSTOM {shortened(table.text(1))!r}", version
    known = 0 <= code < len(BUILTIN_NAMES)
    return BUILTIN_NAMES[code] if known else f"operator code {code}", version


def _subgraph(table: Table, codes: tuple[tuple[str, int], ...], buffers: int) -> Subgraph:
    tensors = tuple(_tensor(entry, buffers) for entry in table.tables(0))
    return Subgraph(
        name=table.text(4),
        tensors=tensors,
        operators=tuple(_operator(entry, codes, len(tensors)) for entry in table.tables(3)),
        inputs=_indices(table, 1, len(tensors), lowest=0),
        outputs=_indices(table, 2, len(tensors), lowest=0),
    )


def _tensor(table: Table, buffers: int) -> FileTensor:
    name, shape = table.text(3), table.values(0) or ()
    element, buffer = int(table.scalar(1, "int8")), int(table.scalar(2, "uint32"))
    label = shortened(name)
    if len(shape) > MOST_AXES or any(size < 0 for size in shape):
        raise damaged(f"tensor {label!r} has the shape {shape[:MOST_AXES]}")
    if not 0 <= element < len(TYPE_NAMES):
        raise damaged(f"tensor {label!r} has the unknown type {element}")
    if buffer >= max(buffers, 1):
        raise damaged(f"tensor {label!r} refers to buffer {buffer} of {buffers}")
    signature = table.values(7)
    return FileTensor(
        name=name,
        shape=shape,
        signature=signature if signature is not None and len(signature) == len(shape) else shape,
        element=TYPE_NAMES[element],
        buffer=buffer,
        quantization=_quantization(table.table(4), label),
        is_variable=bool(table.scalar(5, "bool")),
        is_sparse=table.table(6) is not None,
    )


def _quantization(table: Table | None, label: str) -> FileQuantization | None:
    if table is None:
        return None
    scales, zero_points = table.vector(2, np.float32), table.vector(3, np.int64)
    if scales is None or not len(scales):
        return None
    if zero_points is None:
        zero_points = np.zeros(len(scales), np.int64)
    if len(zero_points) != len(scales):
        raise damaged(f"tensor {label!r} has {len(scales)} scales but {len(zero_points)} zero points")
    return FileQuantization(scales=scales, zero_points=zero_points, axis=int(table.scalar(6, "int32")))


def _operator(table: Table, codes: tuple[tuple[str, int], ...], tensors: int) -> FileOperator:
    code = int(table.scalar(0, "uint32"))
    if code >= len(codes):
        raise damaged(f"an operator refers to operator code {code} of {len(codes)}")
    name, version = codes[code]
    return FileOperator(
        name=name,
        version=version,
        inputs=_indices(table, 1, tensors, lowest=-1),
        outputs=_indices(table, 2, tensors, lowest=0),
        options=table.table(4),
        options_type=int(table.scalar(3, "uint8")),
    )


def _indices(table: Table, slot: int, count: int, *, lowest: int) -> tuple[int, ...]:
    """Tensor indices, each from `lowest` to `count` − 1."""
    indices = table.values(slot) or ()
    for index in indices:
        if not lowest <= index < count:
            raise damaged(f"it refers to tensor {index} of {count}")
    return indices


def _metadata(model: Table, buffers: tuple[npt.NDArray[np.uint8], ...]) -> Mapping[str, bytes]:
    """Named texts; of two with one name the first counts."""
    entries: dict[str, bytes] = {}
    for table in model.tables(6):
        name, buffer = table.text(0), int(table.scalar(1, "uint32"))
        if buffer >= len(buffers):
            raise damaged(f"metadata {shortened(name)!r} refers to buffer {buffer} of {len(buffers)}")
        if name not in entries:
            model.source.spend(len(buffers[buffer]) // 16)
            entries[name] = buffers[buffer].tobytes()
    return entries
