"""Operators that move values and compute nothing; they take any element type."""

from __future__ import annotations

import numpy as np

from wakeling.graph import Node
from wakeling.ops import Concat, Pad, StridedSlice, Transpose
from wakeling.quantize.kernels.kernel import Values
from wakeling.quantize.model import QuantizedModel


def concat(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Values:
    """The integers as they are: all inputs must have the output's scale (`quantize.rules`)."""
    op = node.op
    assert isinstance(op, Concat)
    return np.concatenate(inputs, axis=op.axis + 1)


def pad(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Values:
    """Filled with the zero point, which is the real zero."""
    op = node.op
    assert isinstance(op, Pad)
    quant = model.tensors.get(node.inputs[0])
    zero = 0 if quant is None else quant.zero_point
    return np.pad(inputs[0], ((0, 0), op.rows, op.columns, op.channels), constant_values=zero)


def reshape(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Values:
    """The same values in another shape."""
    return inputs[0].reshape(len(inputs[0]), *node.shape)


def transpose(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Values:
    """The axes in another order."""
    op = node.op
    assert isinstance(op, Transpose)
    return np.ascontiguousarray(inputs[0].transpose(0, *(axis + 1 for axis in op.order)))


def strided_slice(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Values:
    """Every so-manieth value between two bounds of each axis."""
    op = node.op
    assert isinstance(op, StridedSlice)
    bounds = zip(op.begin, op.end, op.strides, strict=True)
    return inputs[0][(slice(None), *(slice(*bound) for bound in bounds))]
