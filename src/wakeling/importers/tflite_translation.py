"""The state of one translation from a file's operators to our graph, while it is made.

What the file says of its tensors is in `tflite_tensors`; what each operator means in `tflite_layers`
and `tflite_shapes`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from wakeling.errors import ModelFileError
from wakeling.export.model_file import FileOperator, ModelFile, Subgraph, shortened
from wakeling.graph import INPUT, GraphBuilder
from wakeling.importers.imported_model import Folded
from wakeling.importers.tflite_tensors import MOST_VALUES, FileTensors, Values
from wakeling.ops import ElementType, Operator, Shape, operator_name, output_type
from wakeling.quantize.tensors import TensorQuant

_READABLE_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,48}")


class Translation(FileTensors):
    """A file's tensors and the graph so far; `number` is the operator that is being translated."""

    def __init__(self, name: str, file: ModelFile, graph: Subgraph, constants: Mapping[int, Values]) -> None:
        super().__init__(file, graph, constants)
        self.number = 0
        self.folded: list[Folded] = []
        self.quants: dict[str, TensorQuant] = {}
        self.weights: dict[str, Values] = {}
        self.weight_scales: dict[str, npt.NDArray[np.float32]] = {}
        self.biases: dict[str, Values] = {}
        self.indices: dict[str, int] = {}
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
