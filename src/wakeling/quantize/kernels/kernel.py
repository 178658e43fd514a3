"""What a golden kernel is, and the steps that several of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.graph import Node, weight_key
from wakeling.ops import Operator, activation_of
from wakeling.quantize import arithmetic
from wakeling.quantize.model import Int8Array, QuantizedModel

Values = npt.NDArray[Any]
"""A tensor of a batch, (N, …): int8, uint8 or float32, as `graph.types` says. Any: one of them."""

Kernel = Callable[[QuantizedModel, Node, tuple[Values, ...]], Values]
KernelTable = Mapping[type[Operator], Kernel]


def finished(model: QuantizedModel, node: Node, scaled: arithmetic.IntArray) -> Int8Array:
    """Values at the output's scale: add its zero point, clamp as the fused activation says."""
    output = model.tensors[node.name]
    limits = arithmetic.activation_range(activation_of(node.op), output)
    return arithmetic.to_int8(scaled, output.zero_point, limits)


def with_bias(model: QuantizedModel, node: Node, sums: npt.NDArray[Any]) -> arithmetic.IntArray:
    """The 32-bit accumulators: sums plus the node's bias, where it has one."""
    bias = model.biases.get(weight_key(node, "bias"))
    totals = sums.astype(np.int64)
    return totals if bias is None else arithmetic.wrap_int32(totals + bias)


def factors_of(model: QuantizedModel, node: Node) -> npt.NDArray[np.float64]:
    """The real factor from each channel's accumulator to its output."""
    source, output = model.tensors[node.inputs[0]], model.tensors[node.name]
    return arithmetic.requantization_factors(source, model.weight_scales[node.name], output)
