"""Reads a fully int8 .tflite file into a QuantizedModel, for tests only: an inverse of the exporter.

It takes what such converters write: convolutions, dense, pools, reshape and softmax in one chain.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.export.rewriting import unpacked
from wakeling.export.schema import schema
from wakeling.graph import INPUT, GraphBuilder
from wakeling.ops import AveragePool2D, Conv2D, Dense, DepthwiseConv2D, Operator, Reshape, Softmax
from wakeling.quantize.model import Preprocessing, QuantizedModel, TensorQuant

_ACTIVATION = {0: "linear", 1: "relu", 3: "relu6"}
_PADDING = {0: "same", 1: "valid"}


def read_tflite(content: bytes) -> tuple[QuantizedModel, dict[str, int]]:
    """The model and the index in the file of each node's tensor."""
    file = unpacked(content)
    codes = schema().BuiltinOperator
    graph = file.subgraphs[0]
    shape = tuple(int(size) for size in graph.tensors[graph.inputs[0]].shape[1:])
    builder = GraphBuilder("read", shape)
    names = {int(graph.inputs[0]): INPUT}
    tensors = {INPUT: _quant(graph.tensors[graph.inputs[0]])}
    weights, scales, biases, indices = {}, {}, {}, {}
    for number, operator in enumerate(graph.operators):
        code, name = file.operatorCodes[operator.opcodeIndex].builtinCode, f"node_{number}"
        inputs = [graph.tensors[index] for index in operator.inputs]
        output = graph.tensors[operator.outputs[0]]
        if code in (codes.CONV_2D, codes.DEPTHWISE_CONV_2D, codes.FULLY_CONNECTED):
            weights[f"{name}/weight"] = _array(file, inputs[1], np.int8)
            scales[name] = np.asarray(inputs[1].quantization.scale, np.float32)
            biases[f"{name}/bias"] = _array(file, inputs[2], np.int32)
        op = _operator(codes, code, operator.builtinOptions, inputs, output)
        builder.append(op, names[int(operator.inputs[0])], name=name)
        names[int(operator.outputs[0])] = name
        tensors[name] = _quant(output)
        indices[name] = int(operator.outputs[0])
    built = builder.build()
    model = QuantizedModel(
        name="read",
        graph=built,
        tensors=tensors,
        weights=weights,
        weight_scales=scales,
        biases=biases,
        labels=tuple(str(index) for index in range(built.shapes[built.output][-1])),
        preprocessing=Preprocessing(resolution=shape[0], channels=shape[2]),
    )
    return model, indices


def _operator(codes: Any, code: int, options: Any, inputs: list[Any], output: Any) -> Operator:
    if code == codes.CONV_2D:
        filters, height, width, _ = (int(size) for size in inputs[1].shape)
        return Conv2D(filters=filters, kernel=(height, width), use_bias=True, **_window(options))
    if code == codes.DEPTHWISE_CONV_2D:
        _, height, width, _ = (int(size) for size in inputs[1].shape)
        return DepthwiseConv2D(kernel=(height, width), use_bias=True, **_window(options))
    if code == codes.FULLY_CONNECTED:
        return Dense(units=int(inputs[1].shape[0]), activation=_ACTIVATION[options.fusedActivationFunction])
    if code == codes.AVERAGE_POOL_2D:
        return AveragePool2D(
            pool=(options.filterHeight, options.filterWidth),
            stride=(options.strideH, options.strideW),
            padding=_PADDING[options.padding],
        )
    if code == codes.RESHAPE:
        return Reshape(shape=tuple(int(size) for size in output.shape[1:]))
    assert code == codes.SOFTMAX, f"operator code {code} is not read by this test's reader"
    return Softmax()


def _window(options: Any) -> dict[str, Any]:
    return {
        "stride": (options.strideH, options.strideW),
        "padding": _PADDING[options.padding],
        "activation": _ACTIVATION[options.fusedActivationFunction],
    }


def _quant(tensor: Any) -> TensorQuant:
    quantization = tensor.quantization
    return TensorQuant(scale=float(quantization.scale[0]), zero_point=int(quantization.zeroPoint[0]))


def _array(file: Any, tensor: Any, dtype: type[np.generic]) -> Any:
    content = bytes(file.buffers[tensor.buffer].data)
    return np.frombuffer(content, dtype).reshape([int(size) for size in tensor.shape])
