"""Weights, biases and constant operands of a .tflite file, checked and in our order.

The rules are TFLite's int8 specification: weights symmetric with one scale or one for each output
channel, biases int32. What the layers do with them is in `tflite_layers`.
"""

from __future__ import annotations

import numpy as np

from wakeling.errors import ModelFileError
from wakeling.export.model_file import FileOperator, FileTensor, shortened
from wakeling.graph import weight_key
from wakeling.importers.tflite_tensors import Values, check_scales
from wakeling.importers.tflite_translation import Translation
from wakeling.ops import Shape
from wakeling.quantize.tensors import LIMITS, TensorQuant

_WEIGHT_TYPES = {"int8": ("int8",), "uint8": ("int8", "uint8"), "float32": ("float32",)}
"""The types of weights by the type of the input; uint8 weights are of TFLite's scheme before 2019."""


def weight_of(translation: Translation, operator: FileOperator, rank: int) -> Values:
    """The weights of a layer (its input 1); raises ModelFileError for computed or hybrid ones."""
    tensor = translation.tensor(operator, 1)
    label = shortened(tensor.name)
    weight = translation.constant(operator, 1)
    if weight is None:
        raise ModelFileError(f"its weights {label!r} are no constant")
    source = translation.element_of(translation.source(operator))
    kind = weight.dtype.name
    if kind not in _WEIGHT_TYPES[source]:
        hybrid = source == "float32" and kind == "int8"
        advice = (
            "; dynamic range quantization is not read: quantize activations too, or nothing" if hybrid else ""
        )
        raise ModelFileError(f"its weights {label!r} are {kind} on {source} values{advice}")
    if weight.ndim != rank or not weight.size:
        raise ModelFileError(
            f"its weights {label!r} have the shape {weight.shape}; there must be {rank} axes"
        )
    return weight


def keep_weights(
    translation: Translation, operator: FileOperator, name: str, weight: Values, *, axis: int, spread: bool
) -> None:
    """Keep the weights and the bias of the node `name`, whose output channels lie along `axis`.

    With `spread`, a single scale is repeated for every channel.
    """
    translation.spend(weight.size)
    translation.weights[weight_key(name, "weight")] = _aligned(weight)
    if weight.dtype.kind != "f":
        scales = _weight_scales(translation.tensor(operator, 1), weight, axis)
        channels = weight.shape[axis]
        translation.spend(channels)
        translation.weight_scales[name] = (
            np.repeat(scales, channels) if spread and len(scales) == 1 else scales
        )
    if has_bias(translation, operator):
        translation.biases[weight_key(name, "bias")] = _bias(translation, operator, weight, axis)


def has_bias(translation: Translation, operator: FileOperator) -> bool:
    """Whether the layer has a bias (its input 2)."""
    return translation.has(operator, 2)


def keep_constant(
    translation: Translation, operator: FileOperator, position: int
) -> tuple[Values, TensorQuant | None]:
    """A constant operand without its batch axis, and its scale where it is an integer."""
    index = translation.index(operator, position)
    tensor = translation.graph.tensors[index]
    values = translation.constant(operator, position)
    assert values is not None  # the caller looked
    other = translation.source(operator, 1 - position)
    label, element = shortened(tensor.name), translation.element_of(other)
    if values.dtype.name != element:
        raise ModelFileError(f"its constant {label!r} is {values.dtype.name} on {element} values")
    rank = len(translation.builder.shape(other))
    if values.ndim > rank:
        if values.ndim > rank + 1 or values.shape[0] != 1:
            raise ModelFileError(f"its constant {label!r} {values.shape} reaches into the batch axis")
        values = values.reshape(values.shape[1:])
    if not values.size:
        raise ModelFileError(f"its constant {label!r} is empty")
    translation.spend(values.size)
    return _aligned(values), translation.quant(index)


def shape_of(values: Values) -> Shape:
    """An array's shape as the graph writes it."""
    return tuple(int(size) for size in values.shape)


def _aligned(values: Values) -> Values:
    """The same values, copied where they begin at an odd address of the file."""
    return np.require(values, dtype=values.dtype.newbyteorder("="), requirements=["A", "C"])


def _weight_scales(tensor: FileTensor, weight: Values, axis: int) -> Values:
    found, label, channels = tensor.quantization, shortened(tensor.name), weight.shape[axis]
    if found is None or len(found.scales) not in (1, channels):
        count = 0 if found is None else len(found.scales)
        raise ModelFileError(f"its weights {label!r} have {count} scales; there must be 1 or {channels}")
    if len(found.scales) > 1 and found.axis != axis:
        raise ModelFileError(f"its weights {label!r} have scales along axis {found.axis}; it must be {axis}")
    check_scales(found, label)
    if weight.dtype == np.int8 and found.zero_points.any():
        raise ModelFileError(f"its int8 weights {label!r} have a zero point; TFLite's are symmetric")
    low, high = LIMITS["uint8"]
    if weight.dtype == np.uint8 and not ((found.zero_points >= low) & (found.zero_points <= high)).all():
        raise ModelFileError(f"its uint8 weights {label!r} have a zero point outside {low}..{high}")
    return found.scales.astype(np.float32)


def _bias(translation: Translation, operator: FileOperator, weight: Values, axis: int) -> Values:
    tensor = translation.tensor(operator, 2)
    label, channels = shortened(tensor.name), weight.shape[axis]
    bias = translation.constant(operator, 2)
    if bias is None:
        raise ModelFileError(f"its bias {label!r} is no constant")
    wanted = "float32" if weight.dtype.kind == "f" else "int32"
    if bias.dtype.name != wanted or bias.size != channels or max(bias.shape, default=1) != channels:
        raise ModelFileError(
            f"its bias {label!r} is {bias.dtype.name} {bias.shape}; it must be {wanted} ({channels},)"
        )
    translation.spend(channels)
    return _aligned(bias.reshape(channels))
