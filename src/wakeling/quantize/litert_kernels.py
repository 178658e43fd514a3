"""Where LiteRT's reference kernels differ from TensorFlow Lite Micro's, by name.

One difference is known (LiteRT 2.3 against TFLM, found by trying 1.2 million accumulators beside a
rounding boundary): LiteRT's int8 fully connected kernel multiplies the accumulator by the real
factor in double precision and rounds once, halves away from zero; TFLM uses the 31-bit multiplier
and rounds twice. A dense output then differs by at most one. Every other operator agrees.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from wakeling.graph import Node
from wakeling.ops import Dense, activation_of
from wakeling.quantize import arithmetic
from wakeling.quantize.golden import KERNELS, KernelTable, dense_sums, factors_of, with_bias
from wakeling.quantize.model import Int8Array, QuantizedModel

LITERT_DENSE_ROUNDS_ONCE = "LiteRT's dense kernel rounds once, in double precision; TFLM rounds twice"
"""The named difference, as reports print it."""


def _dense(model: QuantizedModel, node: Node, inputs: tuple[Int8Array, ...]) -> Int8Array:
    output = model.tensors[node.name]
    real = with_bias(model, node, dense_sums(model, node, inputs[0])) * factors_of(model, node)
    rounded = np.copysign(np.floor(np.abs(real) + 0.5), real).astype(np.int64)
    limits = arithmetic.activation_range(activation_of(node.op), output)
    return arithmetic.to_int8(rounded, output.zero_point, limits)


LITERT_KERNELS: KernelTable = MappingProxyType({**KERNELS, Dense: _dense})
"""`golden.KERNELS` with the named difference: what LiteRT's reference kernels compute."""
