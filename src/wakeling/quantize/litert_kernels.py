"""Where LiteRT's reference kernels differ from TensorFlow Lite Micro's, by name.

Three differences are known (LiteRT 2.3 against TFLM), found by trying every int8 pair and millions
of accumulators beside a rounding boundary. Every other operator agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from wakeling.graph import Node
from wakeling.ops import Activation, Dense, Mul, PointwiseKind, activation_of
from wakeling.quantize import arithmetic
from wakeling.quantize.arithmetic import INT8_MAX, INT8_MIN
from wakeling.quantize.kernels import KERNELS, KernelTable, Values
from wakeling.quantize.kernels.elementwise import operand_quants, operands
from wakeling.quantize.kernels.kernel import factors_of, finished, with_bias
from wakeling.quantize.kernels.pointwise import POINTWISE, Pointwise, activation_kernel
from wakeling.quantize.kernels.sums import dense_sums
from wakeling.quantize.model import Float32Array, Int8Array, QuantizedModel
from wakeling.quantize.tensors import TensorQuant

LITERT_DENSE_ROUNDS_ONCE = "LiteRT's dense kernel rounds once, in double precision; TFLM rounds twice"
"""A dense output differs by at most one."""

LITERT_MUL_FACTOR_IS_SINGLE = "LiteRT's mul computes its factor in single precision; TFLM in double"
"""Left scale · right scale / output scale: a product beside a half may differ by one."""

LITERT_SIGMOID_IS_A_TABLE = "LiteRT's sigmoid and tanh look a float32 value up; TFLM computes in fixed point"
"""One value in about 10^5 lies so near to a half that they differ by one; and from an input scale of
two on, TFLM reaches the ends too early (at 16 or more, even 0 is at an end)."""


def _dense(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Int8Array:
    output = model.tensors[node.name]
    real = with_bias(model, node, dense_sums(model, node, inputs[0])) * factors_of(model, node)
    rounded = np.copysign(np.floor(np.abs(real) + 0.5), real).astype(np.int64)
    limits = arithmetic.activation_range(activation_of(node.op), output)
    return arithmetic.to_int8(rounded, output.zero_point, limits)


def _mul(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Int8Array:
    left, right = (np.float32(quant.scale) for quant in operand_quants(model, node))
    factor = arithmetic.fixed_multiplier(left * right / np.float32(model.tensors[node.name].scale))
    one, other = operands(model, node, inputs)
    return finished(model, node, arithmetic.multiply_by_quantized_multiplier(one * other, factor))


def _table(function: Callable[[Float32Array], Float32Array]) -> Pointwise:
    """An activation that computes each of the 256 int8 values in float32 and looks them up."""

    def look_up(values: Int8Array, source: TensorQuant, output: TensorQuant) -> Int8Array:
        steps = np.arange(INT8_MIN, INT8_MAX + 1) - source.zero_point
        with np.errstate(over="ignore"):
            reals = function(np.float32(source.scale) * steps.astype(np.float32))
        ratio = (reals * np.float32(1 / np.float32(output.scale))).astype(np.float64)
        rounded = np.copysign(np.floor(np.abs(ratio) + 0.5), ratio) + output.zero_point
        table = np.clip(rounded, INT8_MIN, INT8_MAX).astype(np.int8)
        found: Int8Array = table[values.astype(np.int64) - INT8_MIN]
        return found

    return look_up


def _sigmoid(reals: Float32Array) -> Float32Array:
    exponential = np.exp(-reals.astype(np.float64)).astype(np.float32)  # C's expf is rounded as well
    result: Float32Array = np.float32(1) / (np.float32(1) + exponential)
    return result


def _tanh(reals: Float32Array) -> Float32Array:
    result: Float32Array = np.tanh(reals.astype(np.float64)).astype(np.float32)
    return result


_POINTWISE: Mapping[PointwiseKind, Pointwise] = MappingProxyType(
    {**POINTWISE, "sigmoid": _table(_sigmoid), "tanh": _table(_tanh)}
)

LITERT_DIFFERENCES: Mapping[str, KernelTable] = MappingProxyType(
    {
        LITERT_DENSE_ROUNDS_ONCE: {Dense: _dense},
        LITERT_MUL_FACTOR_IS_SINGLE: {Mul: _mul},
        LITERT_SIGMOID_IS_A_TABLE: {Activation: activation_kernel(_POINTWISE)},
    }
)
"""Each named difference with the kernel that computes as LiteRT does."""

LITERT_KERNELS: KernelTable = MappingProxyType(
    {op: kernel for table in (KERNELS, *LITERT_DIFFERENCES.values()) for op, kernel in table.items()}
)
"""`kernels.KERNELS` with the named differences: what LiteRT's reference kernels compute."""
