"""What a .tflite file holds, as frozen values.

`export.read_file` makes them of a file's bytes; what the operators mean is in `importers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.errors import ModelFileError
from wakeling.export.flatbuffer import Table, damaged

MOST_AXES = 8
"""TFLite's kernels take no more."""

_DTYPES: Mapping[str, np.dtype[Any]] = {
    name: np.dtype(name).newbyteorder("<")
    for name in ("int8", "uint8", "int16", "int32", "int64", "float16", "float32", "bool")
}
"""Element types whose constants can be read."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FileQuantization:
    """Scales and zero points of a tensor, one for all or one for each index along `axis`."""

    scales: npt.NDArray[np.float32]
    zero_points: npt.NDArray[np.int64]
    axis: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FileTensor:
    """One tensor of a file; `shape` with its batch axis, `signature` with −1 where a size is open."""

    name: str
    shape: tuple[int, ...]
    signature: tuple[int, ...]
    element: str
    buffer: int
    quantization: FileQuantization | None
    is_variable: bool
    is_sparse: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FileOperator:
    """One operator of a file: its name in TFLite, and its tensors by index (−1: left out).

    `options` is the table of its built-in options; `options_type` says which kind (the schema's
    `BuiltinOptions`, 0: none).
    """

    name: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Table | None
    options_type: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subgraph:
    """Tensors, operators in execution order, and which tensors are inputs and outputs."""

    name: str
    tensors: tuple[FileTensor, ...]
    operators: tuple[FileOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelFile:
    """A whole file; every index in it is in range, and buffers are views of its bytes."""

    description: str
    subgraphs: tuple[Subgraph, ...]
    buffers: tuple[npt.NDArray[np.uint8], ...]
    metadata: Mapping[str, bytes]
    size_bytes: int


def only_subgraph(file: ModelFile) -> Subgraph:
    """The one subgraph with one input and one output; raises ModelFileError for any other file."""
    if len(file.subgraphs) != 1:
        raise ModelFileError(f"it holds {len(file.subgraphs)} subgraphs; a classifier has one")
    (graph,) = file.subgraphs
    for what, indices in (("input", graph.inputs), ("output", graph.outputs)):
        if len(indices) != 1:
            raise ModelFileError(f"it has {len(indices)} {what}s; an image classifier has one")
    return graph


def shortened(name: str) -> str:
    """A name as a message can hold it."""
    return name if len(name) <= 60 else f"{name[:57]}..."


def constant_values(file: ModelFile, tensor: FileTensor) -> npt.NDArray[Any] | None:
    """The values that a tensor has in the file, in its shape; None for one that is computed.

    A view of the file. Raises ModelFileError where its buffer has not exactly the bytes that its
    shape and type take, or its type cannot be read.
    """
    content = file.buffers[tensor.buffer] if file.buffers else np.zeros(0, np.uint8)
    if not len(content) or tensor.is_variable:
        return None
    label = shortened(tensor.name)
    dtype = _DTYPES.get(tensor.element)
    if tensor.is_sparse or dtype is None:
        kind = "sparse" if tensor.is_sparse else tensor.element
        raise ModelFileError(f"constant {label!r} is {kind}; read are {', '.join(_DTYPES)}, dense")
    needed = dtype.itemsize
    for size in tensor.shape:
        needed *= size
    if needed != len(content):
        raise damaged(
            f"constant {label!r} of shape {tensor.shape} takes {needed} bytes; it has {len(content)}"
        )
    return content.view(dtype).reshape(tensor.shape)
