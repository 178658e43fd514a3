"""What the operators of a .tflite file that compute mean in our graph, one function each.

Convolutions, dense layers, pools, element-wise operators and activations; those that only move
values are in `tflite_shapes`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import cast, get_args

from wakeling.errors import ModelFileError
from wakeling.export.model_file import FileOperator
from wakeling.graph import weight_key
from wakeling.importers.tflite_translation import Translation
from wakeling.importers.tflite_weights import has_bias, keep_constant, keep_weights, shape_of, weight_of
from wakeling.ops import (
    Activation,
    ActivationKind,
    Add,
    AveragePool2D,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dequantize,
    MaxPool2D,
    Mul,
    Padding,
    Pair,
    PointwiseKind,
    Quantize,
    Reshape,
    Shape,
    Softmax,
    Sub,
)

Translator = Callable[[Translation, FileOperator], None]

_ACTIVATIONS: Mapping[int, ActivationKind | str] = MappingProxyType(
    {0: "linear", 1: "relu", 2: "RELU_N1_TO_1", 3: "relu6", 4: "TANH", 5: "SIGN_BIT"}
)
"""The schema's `ActivationFunctionType`; what the graph has no name for is in capitals."""

_PADDINGS: Mapping[int, Padding] = MappingProxyType({0: "same", 1: "valid"})


def fused_activation(translation: Translation, operator: FileOperator, slot: int) -> ActivationKind:
    """The activation fused into an operator; raises ModelFileError for one that we do not fuse."""
    code = translation.option(operator, slot, "int8")
    kind = _ACTIVATIONS.get(code, f"activation {code}")
    if kind not in get_args(ActivationKind):
        raise ModelFileError(f"its fused activation {kind} is not read; known: none, RELU, RELU6")
    return cast(ActivationKind, kind)


def _padding(translation: Translation, operator: FileOperator) -> Padding:
    code = translation.option(operator, 0, "int8")
    if code not in _PADDINGS:
        raise ModelFileError(f"its padding {code} is unknown; known: SAME (0), VALID (1)")
    return _PADDINGS[code]


def _pair(translation: Translation, operator: FileOperator, width_slot: int, default: int = 0) -> Pair:
    """Two options that lie width first: (height, width)."""
    width = translation.option(operator, width_slot, default=default)
    return int(translation.option(operator, width_slot + 1, default=default)), int(width)


def _image(translation: Translation, operator: FileOperator) -> Shape:
    shape = translation.source_shape(operator)
    if len(shape) != 3:
        raise ModelFileError(f"it takes (1, height, width, channels); given {(1, *shape)}")
    return shape


def _conv2d(translation: Translation, operator: FileOperator) -> None:
    channels = _image(translation, operator)[2]
    weight = weight_of(translation, operator, 4)
    filters, height, width, depth = shape_of(weight)
    if channels % depth:
        raise ModelFileError(f"its filters see {depth} channels but its input has {channels}")
    op = Conv2D(
        filters=filters,
        kernel=(height, width),
        stride=_pair(translation, operator, 1),
        padding=_padding(translation, operator),
        use_bias=has_bias(translation, operator),
        activation=fused_activation(translation, operator, 3),
        dilation=_pair(translation, operator, 4, 1),
        groups=channels // depth,
    )
    name = translation.emit(operator, op, [translation.source(operator)])
    keep_weights(translation, operator, name, weight, axis=0, spread=True)


def _depthwise_conv2d(translation: Translation, operator: FileOperator) -> None:
    channels = _image(translation, operator)[2]
    weight = weight_of(translation, operator, 4)
    one, height, width, outputs = shape_of(weight)
    multiplier = translation.option(operator, 3)
    if one != 1 or outputs % channels or multiplier not in (0, outputs // channels):
        raise ModelFileError(
            f"its weights {(one, height, width, outputs)} and its multiplier {multiplier} "
            f"do not fit {channels} channels"
        )
    op = DepthwiseConv2D(
        kernel=(height, width),
        stride=_pair(translation, operator, 1),
        padding=_padding(translation, operator),
        use_bias=has_bias(translation, operator),
        activation=fused_activation(translation, operator, 4),
        dilation=_pair(translation, operator, 5, 1),
        multiplier=outputs // channels,
    )
    name = translation.emit(operator, op, [translation.source(operator)])
    keep_weights(translation, operator, name, weight, axis=3, spread=True)


def _fully_connected(translation: Translation, operator: FileOperator) -> None:
    """A dense layer on one vector, flattened before it and shaped after it where the file does so."""
    weight = weight_of(translation, operator, 2)
    units, features = shape_of(weight)
    shape = translation.source_shape(operator)
    if translation.option(operator, 1, "int8") != 0:
        raise ModelFileError("its weights are shuffled for one processor; only the plain format is read")
    if math.prod(shape) != features:
        raise ModelFileError(f"its weights take {features} values but its input has {(1, *shape)}")
    op = Dense(
        units=units,
        use_bias=has_bias(translation, operator),
        activation=fused_activation(translation, operator, 0),
    )
    inputs = [translation.source(operator)]
    if len(shape) != 1:
        flatten = Reshape(shape=(features,))
        inputs = [translation.emit_part(operator, flatten, inputs, "flat", operator.inputs[0])]
    keeps_axes = bool(translation.option(operator, 2, "bool")) and len(shape) > 1
    if keeps_axes and operator.outputs:
        name = translation.emit_part(operator, op, inputs, "dense", operator.outputs[0])
        translation.emit(operator, Reshape(shape=(*(1,) * (len(shape) - 1), units)), [name])
    else:
        name = translation.emit(operator, op, inputs)
    keep_weights(translation, operator, name, weight, axis=0, spread=False)


def _pool(kind: type[AveragePool2D] | type[MaxPool2D]) -> Translator:
    def translate(translation: Translation, operator: FileOperator) -> None:
        op = kind(
            pool=_pair(translation, operator, 3),
            stride=_pair(translation, operator, 1),
            padding=_padding(translation, operator),
        )
        activation = fused_activation(translation, operator, 5)
        inputs = [translation.source(operator)]
        if activation != "linear" and operator.outputs:  # a node of its own in our graph
            inputs = [translation.emit_part(operator, op, inputs, "linear", operator.outputs[0])]
            translation.emit(operator, Activation(kind=activation), inputs)
        else:
            translation.emit(operator, op, inputs)

    return translate


def _elementwise(kind: type[Add] | type[Sub] | type[Mul]) -> Translator:
    def translate(translation: Translation, operator: FileOperator) -> None:
        if len(operator.inputs) != 2:
            raise ModelFileError(f"it has {len(operator.inputs)} inputs; it takes two")
        activation = fused_activation(translation, operator, 0)
        constants = [position for position in (0, 1) if translation.constant(operator, position) is not None]
        if not constants:
            sources = [translation.source(operator, position) for position in (0, 1)]
            translation.emit(operator, kind(activation=activation), sources)
            return
        if len(constants) == 2:
            raise ModelFileError("both its inputs are constants")
        (position,) = constants
        values, quant = keep_constant(translation, operator, position)
        op = kind(activation=activation, constant=shape_of(values))
        if isinstance(op, Sub) and position == 0:
            op = Sub(activation=activation, constant=op.constant, constant_first=True)
        name = translation.emit(operator, op, [translation.source(operator, 1 - position)])
        key = weight_key(name, "constant")
        translation.weights[key] = values
        if quant is not None:
            translation.quants[key] = quant

    return translate


def _activation(kind: PointwiseKind) -> Translator:
    def translate(translation: Translation, operator: FileOperator) -> None:
        translation.emit(operator, Activation(kind=kind), [translation.source(operator)])

    return translate


def _softmax(translation: Translation, operator: FileOperator) -> None:
    beta = float(translation.option(operator, 0, "float32"))
    if not (math.isfinite(beta) and beta > 0):
        raise ModelFileError(f"its beta is {beta}; it must be positive")
    translation.emit(operator, Softmax(beta=beta), [translation.source(operator)])


def _quantize(translation: Translation, operator: FileOperator) -> None:
    source = translation.source(operator)
    target = translation.element(operator.outputs[0]) if operator.outputs else "int8"
    if target == "float32":
        raise ModelFileError("its output is float32, which is no quantization")
    translation.emit(operator, Quantize(to=target), [source])


def _dequantize(translation: Translation, operator: FileOperator) -> None:
    source = translation.source(operator)
    if translation.element_of(source) == "float32":
        raise ModelFileError("its input is float32 already")
    translation.emit(operator, Dequantize(), [source])


LAYERS: Mapping[str, Translator] = MappingProxyType(
    {
        "CONV_2D": _conv2d,
        "DEPTHWISE_CONV_2D": _depthwise_conv2d,
        "FULLY_CONNECTED": _fully_connected,
        "AVERAGE_POOL_2D": _pool(AveragePool2D),
        "MAX_POOL_2D": _pool(MaxPool2D),
        "ADD": _elementwise(Add),
        "SUB": _elementwise(Sub),
        "MUL": _elementwise(Mul),
        "SOFTMAX": _softmax,
        "LOGISTIC": _activation("sigmoid"),
        "HARD_SWISH": _activation("hard_swish"),
        "RELU": _activation("relu"),
        "RELU6": _activation("relu6"),
        "TANH": _activation("tanh"),
        "QUANTIZE": _quantize,
        "DEQUANTIZE": _dequantize,
    }
)
"""Operators that compute, by TFLite's name."""
