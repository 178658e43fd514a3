"""What a .tflite file says of the tensors that an operator names: shapes, types, scales, constants.

The checks that every operator shares; the graph that comes of them is in `tflite_translation`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.errors import ModelFileError
from wakeling.export.flatbuffer import Scalar
from wakeling.export.model_file import (
    MOST_AXES,
    FileOperator,
    FileQuantization,
    FileTensor,
    ModelFile,
    Subgraph,
    constant_values,
    shortened,
)
from wakeling.ops import ElementType, Shape
from wakeling.quantize.tensors import LIMITS, TensorQuant

Values = npt.NDArray[Any]  # Any: of whatever type the file says

ACTIVATION_TYPES: tuple[ElementType, ...] = ("int8", "uint8", "float32")
"""Element types of tensors that are computed."""

MOST_VALUES = 1 << 26
"""Values of one tensor; a microcontroller holds a thousandth of it."""


class FileTensors:
    """The tensors of one file; `constants` holds what is folded (by index) besides what the file holds.

    Every method raises ModelFileError where the file says what cannot be.
    """

    def __init__(self, file: ModelFile, graph: Subgraph, constants: Mapping[int, Values]) -> None:
        self.file = file
        self.graph = graph
        self._constants = constants
        self._values_left = 65_536 + 16 * file.size_bytes

    def tensor(self, operator: FileOperator, position: int) -> FileTensor:
        """The tensor at an input position; raises ModelFileError where it is left out."""
        return self.graph.tensors[self.index(operator, position)]

    def index(self, operator: FileOperator, position: int) -> int:
        """Its index in the file."""
        if position >= len(operator.inputs) or operator.inputs[position] < 0:
            raise ModelFileError(f"it lacks its input {position}")
        return operator.inputs[position]

    def has(self, operator: FileOperator, position: int) -> bool:
        """Whether there is an input at a position."""
        return position < len(operator.inputs) and operator.inputs[position] >= 0

    def shape(self, index: int) -> Shape:
        """A computed tensor's shape without its batch axis, which must be 1."""
        tensor = self.graph.tensors[index]
        if not tensor.shape or tensor.shape[0] != 1:
            raise ModelFileError(
                f"tensor {shortened(tensor.name)!r} has the shape {tensor.shape}; "
                "the first axis must be a batch of 1 throughout"
            )
        count = math.prod(tensor.shape)
        if not 1 <= count <= MOST_VALUES:
            raise ModelFileError(
                f"tensor {shortened(tensor.name)!r} has {count} values; read are 1 to {MOST_VALUES}"
            )
        return tensor.shape[1:]

    def element(self, index: int) -> ElementType:
        """A computed tensor's element type."""
        tensor = self.graph.tensors[index]
        for known in ACTIVATION_TYPES:
            if tensor.element == known:
                return known
        label = shortened(tensor.name)
        raise ModelFileError(f"tensor {label!r} is {tensor.element}; read are {', '.join(ACTIVATION_TYPES)}")

    def quant(self, index: int) -> TensorQuant | None:
        """Scale and zero point of a tensor, None for a float32 one."""
        tensor = self.graph.tensors[index]
        element = self.element(index)
        if element == "float32":
            return None
        label = shortened(tensor.name)
        found = tensor.quantization
        if found is None or len(found.scales) != 1:
            count = 0 if found is None else len(found.scales)
            raise ModelFileError(f"tensor {label!r} is {element} but has {count} scales instead of one")
        check_scales(found, label)
        zero_point = int(found.zero_points[0])
        low, high = LIMITS[element]
        if not low <= zero_point <= high:
            raise ModelFileError(f"tensor {label!r} is {element} but has the zero point {zero_point}")
        return TensorQuant(scale=float(found.scales[0]), zero_point=zero_point)

    def constant(self, operator: FileOperator, position: int) -> Values | None:
        """The values of a constant input; None where it is computed, or left out."""
        return self.values(operator.inputs[position]) if self.has(operator, position) else None

    def values(self, index: int) -> Values | None:
        """The values of a constant tensor; None for a computed one."""
        if index in self._constants:
            return self._constants[index]
        return constant_values(self.file, self.graph.tensors[index])

    def integers(self, operator: FileOperator, position: int) -> tuple[int, ...]:
        """A short constant list of int32 or int64, such as axes or a shape."""
        found = self.constant(operator, position)
        label = shortened(self.tensor(operator, position).name)
        if found is None:
            raise ModelFileError(f"its input {position}, {label!r}, must be a constant")
        if found.dtype.kind != "i" or found.size > 2 * MOST_AXES:
            raise ModelFileError(
                f"its input {position}, {label!r}, must be a few integers; it is {found.dtype}"
            )
        return tuple(int(value) for value in found.reshape(-1))

    def option(self, operator: FileOperator, slot: int, kind: Scalar = "int32", default: float = 0) -> Any:
        """A field of the operator's options (Any: as `kind` says)."""
        return default if operator.options is None else operator.options.scalar(slot, kind, default)

    def spend(self, values: int) -> None:
        """Count values of weights; raises ModelFileError where one file's are used far too often."""
        self._values_left -= values
        if self._values_left < 0:
            raise ModelFileError(
                "its operators share their weights more often than a file of its size can mean"
            )


def check_scales(quantization: FileQuantization, label: str) -> None:
    """Raises ModelFileError for a scale that is not positive and finite."""
    scales = quantization.scales
    if not (np.isfinite(scales).all() and (scales > 0).all()):
        raise ModelFileError(f"tensor {label!r} has a scale that is not positive and finite")
