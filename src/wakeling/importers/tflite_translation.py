"""The state of one translation from a file's operators to our graph, while it is made.

It checks what every operator shares (batch axis, shapes, element types, scales); what each operator
means is in `tflite_layers` and `tflite_shapes`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
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
from wakeling.graph import INPUT, GraphBuilder
from wakeling.importers.imported_model import Folded
from wakeling.ops import ElementType, Operator, Shape, operator_name, output_type
from wakeling.quantize.tensors import LIMITS, TensorQuant

Values = npt.NDArray[Any]  # Any: of whatever type the file says

ACTIVATION_TYPES: tuple[ElementType, ...] = ("int8", "uint8", "float32")
"""Element types of tensors that are computed."""

MOST_VALUES = 1 << 26
"""Values of one tensor; a microcontroller holds a thousandth of it."""

_READABLE_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,48}")


class Translation:
    """What is known of a file's tensors, and the graph so far.

    `constants` holds what is folded (by tensor index) besides what the file itself holds.
    """

    def __init__(self, name: str, file: ModelFile, graph: Subgraph, constants: Mapping[int, Values]) -> None:
        self.file = file
        self.graph = graph
        self.folded: list[Folded] = []
        self.quants: dict[str, TensorQuant] = {}
        self.weights: dict[str, Values] = {}
        self.weight_scales: dict[str, npt.NDArray[np.float32]] = {}
        self.biases: dict[str, Values] = {}
        self.indices: dict[str, int] = {}
        self._constants = constants
        self._values_left = 65_536 + 16 * file.size_bytes
        self._made: dict[int, str] = {}
        self._types: dict[str, ElementType] = {}
        source = graph.tensors[graph.inputs[0]]
        shape = self.shape(graph.inputs[0])
        if not shape:
            raise ModelFileError(
                f"its input has the shape {source.shape}; there must be an axis behind the batch"
            )
        self.builder = GraphBuilder(name, shape, self.element(graph.inputs[0]))
        self._note(INPUT, graph.inputs[0])
        self._made[graph.inputs[0]] = INPUT

    # what the file says of a tensor

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

    # constants

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

    def spend(self, values: int) -> None:
        """Count values of weights; raises ModelFileError where one file's are used far too often."""
        self._values_left -= values
        if self._values_left < 0:
            raise ModelFileError(
                "its operators share their weights more often than a file of its size can mean"
            )

    def option(self, operator: FileOperator, slot: int, kind: Scalar = "int32", default: float = 0) -> Any:
        """A field of the operator's options (Any: as `kind` says)."""
        return default if operator.options is None else operator.options.scalar(slot, kind, default)

    # the graph

    def source(self, operator: FileOperator, position: int = 0) -> str:
        """The name in the graph of a computed input; raises ModelFileError for a constant."""
        index = self.index(operator, position)
        name = self._made.get(index)
        if name is None:
            kind = "a constant" if self.values(index) is not None else "read before it is computed"
            raise ModelFileError(
                f"its input {position}, {shortened(self.graph.tensors[index].name)!r}, is {kind}"
            )
        return name

    def source_shape(self, operator: FileOperator, position: int = 0) -> Shape:
        """The shape of a computed input, without its batch axis."""
        return self.builder.shape(self.source(operator, position))

    def alias(self, operator: FileOperator, reason: str) -> None:
        """The operator changes nothing: its output is its input."""
        self._made[self._output(operator, 0)] = self.source(operator)
        self.folded.append(Folded(operator=operator.name, number=self.number, reason=reason))

    number = 0
    """Which operator of the file is being translated."""

    def emit(self, operator: FileOperator, op: Operator, inputs: Sequence[str], *, output: int = 0) -> str:
        """Append the operator that makes one of the file's tensors; its name in the graph.

        Raises ModelFileError where the file declares another shape or type than the operator makes.
        """
        index = self._output(operator, output)
        name = self._append(op, inputs, self.name_of(operator, op, output))
        self._check_shape(index, self.builder.shape(name))
        declared = self.element(index)
        if declared != self._types[name]:
            raise ModelFileError(f"it makes {self._types[name]} but its output is {declared}")
        self._note(name, index)
        self._made[index] = name
        return name

    def emit_part(
        self, operator: FileOperator, op: Operator, inputs: Sequence[str], part: str, like: int
    ) -> str:
        """Append an operator that the file has no tensor for; it has the scale of tensor `like`."""
        name = self._append(op, inputs, f"{self.name_of(operator, op, 0)}_{part}")
        quant = self.quant(like)
        if quant is not None:
            self.quants[name] = quant
        return name

    def name_of(self, operator: FileOperator, op: Operator, output: int) -> str:
        """The file's own name of an output where it is short, else the operator's name and number."""
        own = self.graph.tensors[self._output(operator, output)].name
        if _READABLE_NAME.fullmatch(own) and own not in self._types:
            return own
        many = f"_{output}" if len(operator.outputs) > 1 else ""
        return f"{operator_name(op)}_{self.number}{many}"

    def target(self) -> str:
        """The name of the tensor that the file's output became."""
        index = self.graph.outputs[0]
        if index not in self._made:
            raise ModelFileError("no operator computes its output")
        self.indices[self._made[index]] = index
        return self._made[index]

    def element_of(self, name: str) -> ElementType:
        """The element type of a tensor of the graph."""
        return self._types[name]

    def _append(self, op: Operator, inputs: Sequence[str], name: str) -> str:
        while name in self._types:
            name += "_"
        types = {self._types[tensor] for tensor in inputs}
        if len(types) != 1:
            raise ModelFileError(f"its inputs have different types: {', '.join(sorted(types))}")
        self.builder.append(op, *inputs, name=name)
        count = math.prod(self.builder.shape(name))
        if count > MOST_VALUES:
            raise ModelFileError(f"it makes {count} values; read are at most {MOST_VALUES}")
        self._types[name] = output_type(op, types.pop())
        return name

    def _note(self, name: str, index: int) -> None:
        self._types[name] = self.element(index)
        self.indices[name] = index
        quant = self.quant(index)
        if quant is not None:
            self.quants[name] = quant

    def _output(self, operator: FileOperator, position: int) -> int:
        if position >= len(operator.outputs):
            raise ModelFileError(f"it has {len(operator.outputs)} outputs")
        index = operator.outputs[position]
        if self._made.get(index) is not None or self.values(index) is not None:
            raise ModelFileError(
                f"it computes {shortened(self.graph.tensors[index].name)!r}, which has its values"
            )
        return index

    def _check_shape(self, index: int, made: Shape) -> None:
        """The file must agree on the shape, but for sizes that it leaves open (−1 in the signature)."""
        tensor = self.graph.tensors[index]
        open_axes = [size < 0 for size in tensor.signature]
        if any(open_axes[1:]):
            return
        declared = self.shape(index) or (1,)
        if declared != made:
            raise ModelFileError(
                f"its output {shortened(tensor.name)!r} is declared as {tensor.shape} but is {(1, *made)}"
            )


def check_scales(quantization: FileQuantization, label: str) -> None:
    """Raises ModelFileError for a scale that is not positive and finite."""
    scales = quantization.scales
    if not (np.isfinite(scales).all() and (scales > 0).all()):
        raise ModelFileError(f"tensor {label!r} has a scale that is not positive and finite")
