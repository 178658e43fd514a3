"""Writes small .tflite files operator by operator, as other programs would; for tests of the importer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.export.rewriting import packed
from wakeling.export.schema import schema

Quant = tuple[Sequence[float], Sequence[int], int]
"""Scales, zero points and the axis that they lie along."""

TYPES = {"float32": "FLOAT32", "float16": "FLOAT16", "int8": "INT8", "uint8": "UINT8", "int32": "INT32"}


class FileBuilder:
    """One subgraph; tensors are known by their index."""

    def __init__(self, shape: Sequence[int], element: str = "float32", quant: Quant | None = None) -> None:
        self.tflite = schema()
        self.model = self.tflite.ModelT()
        self.model.version = 3
        self.model.description = "test"
        self.model.buffers = [self.tflite.BufferT()]
        self.model.operatorCodes = []
        self.graph = self.tflite.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.model.subgraphs = [self.graph]
        self.input = self.tensor(shape, element, quant)
        self.graph.inputs = [self.input]

    def tensor(self, shape: Sequence[int], element: str = "float32", quant: Quant | None = None) -> int:
        """A tensor that an operator computes."""
        table = self.tflite.TensorT()
        table.name = f"model/layer_{len(self.graph.tensors)}/Out;put"
        table.shape = np.array(shape, np.int32)
        table.type = getattr(self.tflite.TensorType, TYPES[element])
        if quant is not None:
            table.quantization = self.tflite.QuantizationParametersT()
            table.quantization.scale = np.array(quant[0], np.float32)
            table.quantization.zeroPoint = np.array(quant[1], np.int64)
            table.quantization.quantizedDimension = quant[2]
        self.graph.tensors.append(table)
        return len(self.graph.tensors) - 1

    def constant(self, values: Any, dtype: npt.DTypeLike = np.float32, quant: Quant | None = None) -> int:
        """A tensor whose values are in the file."""
        array = np.asarray(values, dtype)
        index = self.tensor(array.shape, array.dtype.name, quant)
        buffer = self.tflite.BufferT()
        buffer.data = np.frombuffer(array.tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        self.graph.tensors[index].buffer = len(self.model.buffers) - 1
        return index

    def operator(
        self,
        name: str,
        inputs: Sequence[int],
        shapes: Sequence[int] | Sequence[Sequence[int]],
        options: str | None = None,
        fields: Mapping[str, Any] | None = None,
        *,
        element: str = "float32",
        quant: Quant | None = None,
        version: int = 1,
    ) -> int:
        """An operator and its output of this shape (or outputs, of these shapes); the first output."""
        code = self.tflite.OperatorCodeT()
        code.builtinCode = getattr(self.tflite.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = version
        self.model.operatorCodes.append(code)
        several: Any = shapes if len(shapes) and not isinstance(shapes[0], int) else [shapes]
        outputs = [self.tensor(shape, element, quant) for shape in several]
        table = self.tflite.OperatorT()
        table.opcodeIndex = len(self.model.operatorCodes) - 1
        table.inputs = np.array(inputs, np.int32)
        table.outputs = np.array(outputs, np.int32)
        if options is not None:
            table.builtinOptions = getattr(self.tflite, f"{options}T")()
            table.builtinOptionsType = getattr(self.tflite.BuiltinOptions, options)
            for field, value in (fields or {}).items():
                setattr(table.builtinOptions, field, value)
        self.graph.operators.append(table)
        return outputs[0]

    def finish(self, output: int | None = None) -> bytes:
        """The file; its output is the last operator's unless told."""
        last = self.graph.operators[-1].outputs[-1]
        self.graph.outputs = [last if output is None else output]
        return packed(self.model)
