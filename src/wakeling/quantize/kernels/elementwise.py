"""Add, sub and mul: two tensors, or a tensor and a constant, broadcast against each other."""

from __future__ import annotations

import numpy as np

from wakeling.graph import Node, weight_key
from wakeling.quantize import arithmetic
from wakeling.quantize.arithmetic import IntArray
from wakeling.quantize.kernels.kernel import Values, finished
from wakeling.quantize.model import Int8Array, QuantizedModel
from wakeling.quantize.rules import operand_names
from wakeling.quantize.tensors import TensorQuant


def operands(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> tuple[IntArray, IntArray]:
    """Both operands without their zero points, shaped so that NumPy broadcasts them.

    The batch is the first axis of the tensors and no axis of a constant; shapes are aligned at the
    end, so a tensor with fewer axes gets axes of size 1 behind the batch.
    """
    arrays = dict(zip(node.inputs, inputs, strict=True))
    made = []
    for name in operand_names(node):
        array = arrays.get(name)
        if array is None:
            array = model.weights[weight_key(node, "constant")][np.newaxis]
        missing = len(node.shape) + 1 - array.ndim
        shape = (len(array), *(1,) * missing, *array.shape[1:])
        made.append(array.astype(np.int64).reshape(shape) - model.tensors[name].zero_point)
    return made[0], made[1]


def operand_quants(model: QuantizedModel, node: Node) -> tuple[TensorQuant, TensorQuant]:
    """Scale and zero point of both operands."""
    left, right = (model.tensors[name] for name in operand_names(node))
    return left, right


def add(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Int8Array:
    """Both operands at twice the larger scale with 20 more bits, then their sum at the output's."""
    factors = arithmetic.add_factors(*operand_quants(model, node), model.tensors[node.name])
    return finished(model, node, arithmetic.add(*operands(model, node, inputs), factors))


def sub(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Int8Array:
    """As `add`, with the second operand's sign turned before the two are brought together."""
    factors = arithmetic.add_factors(*operand_quants(model, node), model.tensors[node.name])
    return finished(model, node, arithmetic.subtract(*operands(model, node, inputs), factors))


def mul(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Int8Array:
    """The product of the integers, times left scale · right scale / output scale."""
    left, right = operand_quants(model, node)
    factor = arithmetic.fixed_multiplier(left.scale * right.scale / model.tensors[node.name].scale)
    one, other = operands(model, node, inputs)
    return finished(model, node, arithmetic.multiply_by_quantized_multiplier(one * other, factor))
