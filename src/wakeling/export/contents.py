"""The tables of one .tflite file while it is put together from a quantized model.

How each operator is written is in `export.operators`; turning the tables into bytes is in
`export.tflite`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.export.operators import OperatorEntry, operator_entry
from wakeling.export.schema import SCHEMA_VERSION, schema
from wakeling.graph import INPUT, Node, weight_key
from wakeling.ops import Conv2D, Dense, DepthwiseConv2D, Operator
from wakeling.quantize.model import QuantizedModel

_WEIGHT_CHANNEL_AXIS: dict[type[Operator], int] = {Conv2D: 0, DepthwiseConv2D: 3, Dense: 0}


class Contents:
    """Tables of one file while it is put together; indices refer to their order here."""

    def __init__(self, model: QuantizedModel) -> None:
        self._model = model
        self._tflite = schema()
        self._buffers = [self._tflite.BufferT()]  # buffer 0 stays empty: activations have no data
        self._tensors: list[Any] = []
        self._index: dict[str, int] = {}
        self._entries: list[OperatorEntry] = []
        self._operators: list[Any] = []
        self._metadata: list[Any] = []

    def add_activation(self, name: str) -> int:
        """A tensor without data, with a batch axis of one."""
        quant = self._model.tensors[name]
        scale, zero_point = np.array([quant.scale], np.float32), np.array([quant.zero_point], np.int64)
        shape = (1, *self._model.graph.shapes[name])
        return self._add_tensor(name, shape, "INT8", self._quantization(scale, zero_point))

    def add_node(self, node: Node) -> None:
        """An operator with its weights and its output."""
        entry = operator_entry(node.op)
        inputs = [self._index[name] for name in node.inputs]
        if type(node.op) in _WEIGHT_CHANNEL_AXIS:
            inputs += self._add_weights(node)
        inputs += [self._add_constant(name, array) for name, array in entry.constants(node).items()]
        table = self._tflite.OperatorT()
        table.opcodeIndex = self._entry_index(entry)
        table.inputs = np.array(inputs, np.int32)
        table.outputs = np.array([self.add_activation(node.name)], np.int32)
        if entry.options is not None:
            name, table.builtinOptions = entry.options(self._tflite, node)
            table.builtinOptionsType = getattr(self._tflite.BuiltinOptions, name)
        self._operators.append(table)

    def add_metadata(self, name: str, content: bytes) -> None:
        """A named text in a buffer of its own."""
        entry = self._tflite.MetadataT()
        entry.name = name
        entry.buffer = self._add_buffer(np.frombuffer(content, np.uint8))
        self._metadata.append(entry)

    def runtime_version(self) -> str:
        """The oldest TensorFlow Lite that has every operator version used."""
        versions = [entry.since for entry in self._entries]
        return max(versions, key=lambda text: tuple(int(part) for part in text.split(".")))

    def model_table(self) -> Any:
        """The root table."""
        subgraph = self._tflite.SubGraphT()
        subgraph.name = "main"
        subgraph.tensors = self._tensors
        subgraph.operators = self._operators
        subgraph.inputs = np.array([self._index[INPUT]], np.int32)
        subgraph.outputs = np.array([self._index[self._model.graph.output]], np.int32)
        table = self._tflite.ModelT()
        table.version = SCHEMA_VERSION
        table.description = "wakeling"
        table.operatorCodes = [self._operator_code(entry) for entry in self._entries]
        table.subgraphs = [subgraph]
        table.buffers = self._buffers
        table.metadata = self._metadata
        return table

    def _add_weights(self, node: Node) -> list[int]:
        model, key = self._model, weight_key(node, "weight")
        scales = model.weight_scales[node.name]
        zeros = np.zeros(len(scales), np.int64)
        axis = _WEIGHT_CHANNEL_AXIS[type(node.op)]
        weight = model.weights[key]
        weight_quantization = self._quantization(scales, zeros, axis)
        bias_key = weight_key(node, "bias")
        # LiteRT refuses an int8 convolution without a bias, so a missing one is written as zeros.
        bias = model.biases.get(bias_key, np.zeros(node.shape[-1], np.int32))
        bias_quantization = self._quantization(
            np.float32(model.tensors[node.inputs[0]].scale) * scales, zeros
        )
        return [
            self._add_tensor(key, weight.shape, "INT8", weight_quantization, weight),
            self._add_tensor(bias_key, bias.shape, "INT32", bias_quantization, bias),
        ]

    def _add_constant(self, name: str, array: npt.NDArray[np.int32]) -> int:
        return self._add_tensor(name, array.shape, "INT32", None, array)

    def _add_tensor(
        self,
        name: str,
        shape: tuple[int, ...],
        element: str,
        quantization: Any,
        array: npt.NDArray[Any] | None = None,
    ) -> int:
        table = self._tflite.TensorT()
        table.name = name
        table.shape = np.array(shape, np.int32)
        table.type = getattr(self._tflite.TensorType, element)
        table.quantization = quantization
        if array is not None:
            content = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
            table.buffer = self._add_buffer(np.frombuffer(content, np.uint8))
        self._index[name] = len(self._tensors)
        self._tensors.append(table)
        return self._index[name]

    def _add_buffer(self, content: npt.NDArray[np.uint8]) -> int:
        table = self._tflite.BufferT()
        table.data = content
        self._buffers.append(table)
        return len(self._buffers) - 1

    def _quantization(
        self, scale: npt.NDArray[np.float32], zero_point: npt.NDArray[np.int64], axis: int = 0
    ) -> Any:
        table = self._tflite.QuantizationParametersT()
        table.scale = scale.astype(np.float32)
        table.zeroPoint = zero_point
        table.quantizedDimension = axis
        return table

    def _entry_index(self, entry: OperatorEntry) -> int:
        if entry not in self._entries:
            self._entries.append(entry)
        return self._entries.index(entry)

    def _operator_code(self, entry: OperatorEntry) -> Any:
        table = self._tflite.OperatorCodeT()
        table.builtinCode = getattr(self._tflite.BuiltinOperator, entry.builtin)
        table.deprecatedBuiltinCode = min(table.builtinCode, 127)
        table.version = entry.version
        return table
