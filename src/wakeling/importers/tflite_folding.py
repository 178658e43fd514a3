"""Operators of a .tflite file that compute a constant, worked out at import.

Converters write SHAPE, STRIDED_SLICE and PACK to flatten a batch of unknown size, and DEQUANTIZE for
weights that are stored as float16 or int8. Semantics are those of TensorFlow Lite's reference kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from wakeling.errors import ModelFileError
from wakeling.export.flatbuffer import Scalar
from wakeling.export.model_file import (
    MOST_AXES,
    FileOperator,
    ModelFile,
    Subgraph,
    constant_values,
    shortened,
)
from wakeling.importers.imported_model import Folded
from wakeling.importers.tflite_tensors import Values

MOST_FOLDED = 2 * MOST_AXES
"""Values of a folded list of integers: they describe a shape."""


class Folding:
    """The constants of a file that its operators compute, by tensor index."""

    def __init__(self, file: ModelFile, graph: Subgraph) -> None:
        self.file = file
        self.graph = graph
        self.constants: dict[int, Values] = {}
        self.folded: dict[int, Folded] = {}
        self._values_left = 65_536 + 4 * file.size_bytes
        for number, operator in enumerate(graph.operators):
            rule = _RULES.get(operator.name)
            if rule is None or len(operator.outputs) != 1:
                continue
            values = rule(self, operator)
            if values is None:
                continue
            self._values_left -= values.size
            if self._values_left < 0:
                raise ModelFileError("it unpacks more constants than a file of its size can mean")
            self.constants[operator.outputs[0]] = values
            short = values.dtype.kind == "i" and values.size <= MOST_FOLDED
            what = values.tolist() if short else f"{values.size} {values.dtype} values"
            self.folded[number] = Folded(
                operator=operator.name, number=number, reason=f"computes a constant: {what}"
            )

    def constant(self, operator: FileOperator, position: int) -> Values | None:
        """The values of an input where it is constant, None otherwise."""
        if position >= len(operator.inputs) or operator.inputs[position] < 0:
            return None
        index = operator.inputs[position]
        if index in self.constants:
            return self.constants[index]
        return constant_values(self.file, self.graph.tensors[index])

    def short(self, operator: FileOperator, position: int) -> Values | None:
        """The same where it is a short list of integers."""
        values = self.constant(operator, position)
        if values is None or values.dtype.kind != "i" or values.size > MOST_FOLDED:
            return None
        return values.astype(np.int64)

    def option(self, operator: FileOperator, slot: int, kind: Scalar = "int32") -> Any:
        """A field of the operator's options (Any: as `kind` says)."""
        return 0 if operator.options is None else operator.options.scalar(slot, kind)


def _shape(folding: Folding, operator: FileOperator) -> Values | None:
    """A tensor's shape; the translation checks later that the file does not lie about it."""
    if len(operator.inputs) != 1 or operator.inputs[0] < 0:
        return None
    return np.array(folding.graph.tensors[operator.inputs[0]].shape, np.int64)


def _strided_slice(folding: Folding, operator: FileOperator) -> Values | None:
    values, *bounds = (folding.short(operator, position) for position in range(4))
    if values is None or values.ndim != 1 or any(bound is None or bound.size != 1 for bound in bounds):
        return None
    begin, end, stride = (int(bound.reshape(-1)[0]) for bound in bounds if bound is not None)
    if (
        stride < 1
        or folding.option(operator, 2)
        or folding.option(operator, 3)
        or folding.option(operator, 5, "bool")
    ):
        return None
    first = None if folding.option(operator, 0) & 1 else begin
    if folding.option(operator, 4) & 1:
        return values[begin] if -len(values) <= begin < len(values) else None
    return values[first : None if folding.option(operator, 1) & 1 else end : stride]


def _pack(folding: Folding, operator: FileOperator) -> Values | None:
    """Numbers side by side; only a list of single numbers is a shape."""
    parts = [folding.short(operator, position) for position in range(len(operator.inputs))]
    if not 0 < len(parts) <= MOST_AXES or any(part is None or part.ndim for part in parts):
        return None
    return np.array([int(part) for part in parts if part is not None], np.int64)


def _concatenation(folding: Folding, operator: FileOperator) -> Values | None:
    parts = [
        folding.short(operator, position) for position in range(min(len(operator.inputs), MOST_AXES + 1))
    ]
    if not 0 < len(parts) <= MOST_AXES or any(part is None or part.ndim != 1 for part in parts):
        return None
    return np.concatenate([part for part in parts if part is not None])


def _product(folding: Folding, operator: FileOperator) -> Values | None:
    """All numbers of a list multiplied, as in flattening by a known shape."""
    values = folding.short(operator, 0)
    if values is None or values.ndim != 1:
        return None
    product = 1
    for value in values.tolist():
        product *= value
    if not abs(product) < 2**31:
        raise ModelFileError(f"the product of the shape {values.tolist()} leaves int32")
    return np.array([product] if folding.option(operator, 0, "bool") else product, np.int64)


def _dequantize(folding: Folding, operator: FileOperator) -> Values | None:
    """Stored as float16, or as int8 with scales: float32 is what the layers compute with."""
    values = folding.constant(operator, 0)
    if values is None:
        return None
    if values.dtype.name == "float16":
        return values.astype(np.float32)
    tensor = folding.graph.tensors[operator.inputs[0]]
    found = tensor.quantization
    if values.dtype.name != "int8" or found is None:
        raise ModelFileError(
            f"DEQUANTIZE of the constant {shortened(tensor.name)!r}, {values.dtype.name}, is not read"
        )
    spread = [1] * values.ndim
    if len(found.scales) > 1:
        if not 0 <= found.axis < values.ndim or values.shape[found.axis] != len(found.scales):
            raise ModelFileError(f"constant {shortened(tensor.name)!r} has {len(found.scales)} scales")
        spread[found.axis] = len(found.scales)
    centered = values.astype(np.float64) - found.zero_points.reshape(spread)
    with np.errstate(over="ignore", invalid="ignore"):
        return (centered * found.scales.astype(np.float64).reshape(spread)).astype(np.float32)


_RULES: Mapping[str, Callable[[Folding, FileOperator], Values | None]] = MappingProxyType(
    {
        "SHAPE": _shape,
        "STRIDED_SLICE": _strided_slice,
        "PACK": _pack,
        "CONCATENATION": _concatenation,
        "REDUCE_PROD": _product,
        "DEQUANTIZE": _dequantize,
    }
)
