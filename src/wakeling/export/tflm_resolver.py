"""Methods of TensorFlow Lite Micro's `MicroMutableOpResolver`: how each operator is brought in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from wakeling.errors import UnsupportedOpError

RESOLVER_METHODS: Mapping[str, str] = MappingProxyType(
    {
        "ADD": "AddAdd",
        "AVERAGE_POOL_2D": "AddAveragePool2D",
        "CONCATENATION": "AddConcatenation",
        "CONV_2D": "AddConv2D",
        "DEPTHWISE_CONV_2D": "AddDepthwiseConv2D",
        "DEQUANTIZE": "AddDequantize",
        "FULLY_CONNECTED": "AddFullyConnected",
        "HARD_SWISH": "AddHardSwish",
        "LOGISTIC": "AddLogistic",
        "MAX_POOL_2D": "AddMaxPool2D",
        "MEAN": "AddMean",
        "MUL": "AddMul",
        "PACK": "AddPack",
        "PAD": "AddPad",
        "QUANTIZE": "AddQuantize",
        "REDUCE_MAX": "AddReduceMax",
        "RELU": "AddRelu",
        "RELU6": "AddRelu6",
        "RESHAPE": "AddReshape",
        "SHAPE": "AddShape",
        "SOFTMAX": "AddSoftmax",
        "SQUEEZE": "AddSqueeze",
        "STRIDED_SLICE": "AddStridedSlice",
        "SUB": "AddSub",
        "SUM": "AddSum",
        "TANH": "AddTanh",
        "TRANSPOSE": "AddTranspose",
    }
)
"""The method of `MicroMutableOpResolver` that brings each TFLite operator."""


def resolver_methods(operators: Iterable[str]) -> tuple[str, ...]:
    """The resolver's methods for these TFLite operators, each once, in their order.

    Raises UnsupportedOpError for an operator that the table lacks.
    """
    distinct = tuple(dict.fromkeys(operators))
    for operator in distinct:
        if operator not in RESOLVER_METHODS:
            raise UnsupportedOpError(operator, "TFLM resolver")
    return tuple(RESOLVER_METHODS[operator] for operator in distinct)
