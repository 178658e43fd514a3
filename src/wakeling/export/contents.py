"""The tables of one .tflite file while it is put together from a quantized model.

How each operator is written is in `export.operators`; turning the tables into bytes is in
`export.tflite`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from wakeling.export.operators import operator_entry
from wakeling.export.schema import SCHEMA_VERSION, schema
from wakeling.export.versions import SINCE, Situation
from wakeling.graph import INPUT, Graph, Node, weight_key
from wakeling.ops import (
    Conv2D,
    Dense,
    DepthwiseConv2D,
    ElementType,
    Mean,
    Operator,
    Shape,
    constant_of,
)
from wakeling.quantize.rules import operand_names
from wakeling.quantize.tensors import TensorQuant

_WEIGHT_CHANNEL_AXIS: dict[type[Operator], int] = {Conv2D: 0, DepthwiseConv2D: 3, Dense: 0}

_TENSOR_TYPES: Mapping[ElementType, str] = MappingProxyType(
    {"int8": "INT8", "uint8": "UINT8", "int16": "INT16", "int32": "INT32", "float32": "FLOAT32"}
)
"""The schema's name of each element type."""


class Writable(Protocol):
    """What a file is made of: a fused graph with its arrays, as `QuantizedModel` holds them.

    A float model has no scales and its weights and biases are float32.
    """

    @property
    def graph(self) -> Graph: ...  # noqa: D102

    @property
    def tensors(self) -> Mapping[str, TensorQuant]: ...  # noqa: D102

    # Any: int8 and int32, or float32 in a float model
    @property
    def weights(self) -> Mapping[str, npt.NDArray[Any]]: ...  # noqa: D102

    @property
    def weight_scales(self) -> Mapping[str, npt.NDArray[np.float32]]: ...  # noqa: D102

    @property
    def biases(self) -> Mapping[str, npt.NDArray[Any]]: ...  # noqa: D102


class Contents:
    """Tables of one file while it is put together; indices refer to their order here."""

    def __init__(self, model: Writable) -> None:
        self._model = model
        self._tflite = schema()
        self._buffers = [self._tflite.BufferT()]  # buffer 0 stays empty: activations have no data
        self._tensors: list[Any] = []
        self._index: dict[str, int] = {}
        self._codes: list[tuple[str, int]] = []
        self._operators: list[Any] = []
        self._metadata: list[Any] = []

    def add_activation(self, name: str) -> int:
        """A tensor without data, with a batch axis of one."""
        graph = self._model.graph
        shape: Shape = (1, *graph.shapes[name])
        node = graph.by_name.get(name)
        if node is not None and isinstance(node.op, Mean) and _takes_every_axis(graph, node):
            shape = (1,)  # in TFLite the batch axis is all that is left
        return self._add_tensor(name, shape, graph.types[name], self._quantization_of(name))

    def add_node(self, node: Node) -> None:
        """An operator with its weights and its output."""
        entry = operator_entry(node.op)
        situation = Situation(node=node, graph=self._model.graph, tensors=self._model.tensors)
        if constant_of(node.op) is not None:
            self._add_operand(node)
        inputs = [self._index[name] for name in operand_names(node)]
        if type(node.op) in _WEIGHT_CHANNEL_AXIS:
            inputs += self._add_weights(node)
        inputs += [self._add_constant(name, array) for name, array in entry.constants(node).items()]
        table = self._tflite.OperatorT()
        table.opcodeIndex = self._code_index((entry.builtin, entry.version(situation)))
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
        versions = [SINCE[builtin][version - 1] for builtin, version in self._codes]
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
        table.operatorCodes = [self._operator_code(*code) for code in self._codes]
        table.subgraphs = [subgraph]
        table.buffers = self._buffers
        table.metadata = self._metadata
        return table

    def _add_weights(self, node: Node) -> list[int]:
        model, key, bias_key = self._model, weight_key(node, "weight"), weight_key(node, "bias")
        weight, scales = model.weights[key], model.weight_scales.get(node.name)
        element: ElementType = "float32" if scales is None else "int8"
        bias_element: ElementType = "float32" if scales is None else "int32"
        weight_quantization = bias_quantization = None
        if scales is not None:
            zeros = np.zeros(len(scales), np.int64)
            axis = _WEIGHT_CHANNEL_AXIS[type(node.op)]
            weight_quantization = self._quantization(scales, zeros, axis)
            source = np.float32(model.tensors[node.inputs[0]].scale)
            bias_quantization = self._quantization(source * scales, zeros)
        # LiteRT refuses an int8 convolution without a bias, so a missing one is written as zeros.
        bias = model.biases.get(bias_key, np.zeros(node.shape[-1], np.dtype(bias_element)))
        return [
            self._add_tensor(key, weight.shape, element, weight_quantization, weight),
            self._add_tensor(bias_key, bias.shape, bias_element, bias_quantization, bias),
        ]

    def _add_operand(self, node: Node) -> int:
        """The constant operand of an element-wise operator, with the type of its other operand."""
        key, source = weight_key(node, "constant"), node.inputs[0]
        array = self._model.weights[key]
        # Shapes are aligned at the end; one with more axes than the tensor needs a batch axis too.
        longer = array.ndim > len(self._model.graph.shapes[source])
        shape = (1, *array.shape) if longer else array.shape
        return self._add_tensor(
            key, shape, self._model.graph.types[source], self._quantization_of(key), array
        )

    def _add_constant(self, name: str, array: npt.NDArray[np.int32]) -> int:
        return self._add_tensor(name, array.shape, "int32", None, array)

    def _add_tensor(
        self,
        name: str,
        shape: tuple[int, ...],
        element: ElementType,
        quantization: Any,
        array: npt.NDArray[Any] | None = None,
    ) -> int:
        table = self._tflite.TensorT()
        table.name = name
        table.shape = np.array(shape, np.int32)
        table.type = getattr(self._tflite.TensorType, _TENSOR_TYPES[element])
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

    def _quantization_of(self, name: str) -> Any:
        """Scale and zero point of a tensor; None where it has none."""
        quant = self._model.tensors.get(name)
        if quant is None:
            return None
        return self._quantization(np.array([quant.scale], np.float32), np.array([quant.zero_point], np.int64))

    def _quantization(
        self, scale: npt.NDArray[np.float32], zero_point: npt.NDArray[np.int64], axis: int = 0
    ) -> Any:
        table = self._tflite.QuantizationParametersT()
        table.scale = scale.astype(np.float32)
        table.zeroPoint = zero_point
        table.quantizedDimension = axis
        return table

    def _code_index(self, code: tuple[str, int]) -> int:
        if code not in self._codes:
            self._codes.append(code)
        return self._codes.index(code)

    def _operator_code(self, builtin: str, version: int) -> Any:
        table = self._tflite.OperatorCodeT()
        table.builtinCode = getattr(self._tflite.BuiltinOperator, builtin)
        table.deprecatedBuiltinCode = min(table.builtinCode, 127)
        table.version = version
        return table


def _takes_every_axis(graph: Graph, node: Node) -> bool:
    op = node.op
    assert isinstance(op, Mean)
    return not op.keep_dims and len(op.axes) == len(graph.shapes[node.inputs[0]])
