"""Biases, multipliers and shifts of a layer as its kernel takes them.

The input's zero point is folded into the bias, so that kernels multiply the integers as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wakeling.export.c.program import Array, Field
from wakeling.graph import Node, weight_key
from wakeling.ops import activation_of
from wakeling.quantize import arithmetic
from wakeling.quantize.kernels.kernel import factors_of
from wakeling.quantize.model import QuantizedModel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Requantization:
    """From sums to int8 values, for each output channel; `multiplier` and `shift` may have length 1.

    `bias` (int32) is the node's less input zero point · sum of weights, modulo 2^32. The output is
    clamped to `low`..`high`.
    """

    bias: npt.NDArray[np.int32]
    multiplier: npt.NDArray[np.int32]
    shift: npt.NDArray[np.int8]
    zero_point: int
    low: int
    high: int

    def fields(self) -> dict[str, Field]:
        """The members of a `wk_requantization`."""
        return {
            "multiplier": Array(type="int32_t", values=self.multiplier),
            "shift": Array(type="int8_t", values=self.shift),
            "zero_point": self.zero_point,
            "low": self.low,
            "high": self.high,
        }


def requantization_of(model: QuantizedModel, node: Node, sums: npt.NDArray[np.int64]) -> Requantization:
    """Of a convolution, depthwise convolution or dense layer; `sums` are those of each output's weights."""
    source, output = model.tensors[node.inputs[0]], model.tensors[node.name]
    factors = arithmetic.fixed_multiplier(factors_of(model, node))
    bias = model.biases.get(weight_key(node, "bias"), np.zeros(len(sums), np.int32))
    folded = arithmetic.wrap_int32(bias.astype(np.int64) - source.zero_point * sums)
    low, high = arithmetic.activation_range(activation_of(node.op), output)
    return Requantization(
        bias=folded.astype(np.int32),
        multiplier=factors.multiplier.astype(np.int32),
        shift=factors.shift.astype(np.int8),
        zero_point=output.zero_point,
        low=low,
        high=high,
    )
