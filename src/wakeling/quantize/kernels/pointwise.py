"""Activations that stand alone, and the softmax."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from wakeling.errors import UnsupportedOpError
from wakeling.graph import Node
from wakeling.ops import Activation, PointwiseKind, Softmax
from wakeling.quantize import arithmetic, fixed_sigmoid, fixed_softmax
from wakeling.quantize.fixed_hard_swish import hard_swish
from wakeling.quantize.kernels.kernel import Kernel, Values
from wakeling.quantize.model import Int8Array, QuantizedModel
from wakeling.quantize.tensors import TensorQuant

Pointwise = Callable[[Int8Array, TensorQuant, TensorQuant], Int8Array]
"""An activation of int8 values with an input's and an output's scale and zero point."""


def _linear(values: Int8Array, source: TensorQuant, output: TensorQuant) -> Int8Array:
    return values


def relu(values: Int8Array, source: TensorQuant, output: TensorQuant) -> Int8Array:
    """Rescaled to the output's scale (exactly, where it is the input's), then clamped."""
    factor = arithmetic.fixed_multiplier(source.scale / output.scale)
    centered = values.astype(np.int64) - source.zero_point
    scaled = arithmetic.multiply_by_quantized_multiplier(centered, factor)
    return arithmetic.to_int8(scaled, output.zero_point, arithmetic.activation_range("relu", output))


def _relu6(values: Int8Array, source: TensorQuant, output: TensorQuant) -> Int8Array:
    """A clamp alone: the output has the input's scale (`quantize.rules`)."""
    return np.clip(values, *arithmetic.activation_range("relu6", output))


POINTWISE: Mapping[PointwiseKind, Pointwise] = MappingProxyType(
    {
        "linear": _linear,
        "relu": relu,
        "relu6": _relu6,
        "hard_swish": hard_swish,
        "sigmoid": lambda values, source, output: fixed_sigmoid.sigmoid(values, source),
        "tanh": lambda values, source, output: fixed_sigmoid.tanh(values, source),
    }
)
"""Every kind that TFLite has an operator for; hard_sigmoid and swish have none."""


def activation_kernel(table: Mapping[PointwiseKind, Pointwise]) -> Kernel:
    """The kernel of a lone activation that looks its kind up in `table`."""

    def activation(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Values:
        op = node.op
        assert isinstance(op, Activation)
        compute = table.get(op.kind)
        if compute is None:
            raise UnsupportedOpError(f"activation {op.kind}", "golden interpreter")
        return compute(inputs[0], model.tensors[node.inputs[0]], model.tensors[node.name])

    return activation


def softmax(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Int8Array:
    """Softmax over the last axis."""
    op = node.op
    assert isinstance(op, Softmax)
    return fixed_softmax.softmax(inputs[0], model.tensors[node.inputs[0]].scale, op.beta)
