"""TFLite's fixed-point arithmetic in NumPy: every function here is exact, integer for integer.

Rounding follows gemmlowp's `fixedpoint.h` and TFLite's `common.h` with double rounding (the build
that TensorFlow Lite Micro ships). The operators that use it are in `quantize.golden`; the softmax
is in `quantize.fixed_softmax`. Arrays are int64 that hold int32 values, unless said otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.ops import ActivationKind
from wakeling.quantize.tensors import TensorQuant

IntArray = npt.NDArray[np.int64]

INT8_MIN, INT8_MAX = -128, 127
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FixedMultiplier:
    """Real factors as `multiplier * 2**(shift - 31)`, one for each channel or a single one."""

    multiplier: IntArray
    shift: IntArray


def quantize_multiplier(real: float) -> tuple[int, int]:
    """A factor ≥ 0 as (multiplier, shift): real ≈ multiplier · 2^(shift − 31), multiplier < 2^31.

    TFLite's `QuantizeMultiplier`; a factor below 2^-32 or so becomes (0, 0).
    """
    if real == 0:
        return 0, 0
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * 2**31 + 0.5)  # exact: 31 of the 53 bits lie before the point
    if multiplier == 2**31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    if shift > 30:
        return INT32_MAX, 30
    return multiplier, shift


def fixed_multiplier(reals: npt.ArrayLike) -> FixedMultiplier:
    """`quantize_multiplier` of each factor; a scalar gives arrays of shape (1,)."""
    pairs = [quantize_multiplier(float(real)) for real in np.atleast_1d(np.asarray(reals, np.float64))]
    return FixedMultiplier(
        multiplier=np.array([multiplier for multiplier, _ in pairs], np.int64),
        shift=np.array([shift for _, shift in pairs], np.int64),
    )


def wrap_int32(values: npt.NDArray[Any]) -> IntArray:
    """The low 32 bits as a signed number: what a register holds after an overflow."""
    wrapped: IntArray = values.astype(np.int64).astype(np.int32).astype(np.int64)
    return wrapped


def saturating_rounding_doubling_high_mul(a: IntArray, b: IntArray | int) -> IntArray:
    """round(a · b / 2^31), halves up; −2^31 · −2^31 saturates to 2^31 − 1.

    gemmlowp nudges by sign and truncates; (ab + 2^30) >> 31 is the same number for either sign.
    """
    product: IntArray = np.minimum((a * b + 2**30) >> 31, INT32_MAX)
    return product


def rounding_divide_by_power_of_two(values: IntArray, exponent: IntArray | int) -> IntArray:
    """round(values / 2^exponent), halves away from zero; an exponent of 0 changes nothing."""
    exponents = np.asarray(exponent, np.int64)
    half = (np.int64(1) << exponents) >> 1
    divided: IntArray = (values + half - ((values < 0) & (half > 0))) >> exponents
    return divided


def multiply_by_quantized_multiplier(values: IntArray, factor: FixedMultiplier) -> IntArray:
    """values · factor with TFLite's double rounding; the factors broadcast over the last axis."""
    left = np.maximum(factor.shift, 0)
    right = np.maximum(-factor.shift, 0)
    if left.any():
        values = wrap_int32(values << left)
    return rounding_divide_by_power_of_two(
        saturating_rounding_doubling_high_mul(values, factor.multiplier), right
    )


def activation_range(activation: ActivationKind, quant: TensorQuant) -> tuple[int, int]:
    """The int8 limits that a fused activation clamps to (`CalculateActivationRangeQuantized`)."""
    low = quantize_value(0.0, quant) if activation in ("relu", "relu6") else INT8_MIN
    high = quantize_value(6.0, quant) if activation == "relu6" else INT8_MAX
    return max(low, INT8_MIN), min(high, INT8_MAX)


def quantize_value(real: float, quant: TensorQuant) -> int:
    """The integer of a real value, not clamped: float32 division, halves away from zero."""
    ratio = float(np.float32(real) / np.float32(quant.scale))
    return quant.zero_point + int(math.copysign(math.floor(abs(ratio) + 0.5), ratio))


def to_int8(values: IntArray, zero_point: int, limits: tuple[int, int]) -> npt.NDArray[np.int8]:
    """Add the zero point, clamp to the limits and store as int8."""
    result: npt.NDArray[np.int8] = np.clip(values + zero_point, *limits).astype(np.int8)
    return result


def requantization_factors(
    source: TensorQuant, weight_scales: npt.NDArray[np.float32], output: TensorQuant
) -> npt.NDArray[np.float64]:
    """input scale · weight scale / output scale for each channel, in double precision."""
    factors: npt.NDArray[np.float64] = source.scale * weight_scales.astype(np.float64) / output.scale
    return factors


ADD_LEFT_SHIFT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AddFactors:
    """What a quantized add multiplies its two inputs and their sum by."""

    left: FixedMultiplier
    right: FixedMultiplier
    output: FixedMultiplier


def add_factors(left: TensorQuant, right: TensorQuant, output: TensorQuant) -> AddFactors:
    """Inputs are shifted left by 20 bits and brought to twice the larger of their scales."""
    twice_max = 2.0 * max(left.scale, right.scale)
    return AddFactors(
        left=fixed_multiplier(left.scale / twice_max),
        right=fixed_multiplier(right.scale / twice_max),
        output=fixed_multiplier(twice_max / (2**ADD_LEFT_SHIFT * output.scale)),
    )


def add(left: IntArray, right: IntArray, factors: AddFactors) -> IntArray:
    """Sum of two tensors whose zero points are already taken off, before the output's is added."""
    scaled_left = multiply_by_quantized_multiplier(left << ADD_LEFT_SHIFT, factors.left)
    scaled_right = multiply_by_quantized_multiplier(right << ADD_LEFT_SHIFT, factors.right)
    return multiply_by_quantized_multiplier(scaled_left + scaled_right, factors.output)


def subtract(left: IntArray, right: IntArray, factors: AddFactors) -> IntArray:
    """Difference of two tensors; otherwise as `add`."""
    scaled_left = multiply_by_quantized_multiplier(left << ADD_LEFT_SHIFT, factors.left)
    scaled_right = multiply_by_quantized_multiplier(right << ADD_LEFT_SHIFT, factors.right)
    return multiply_by_quantized_multiplier(scaled_left - scaled_right, factors.output)


def rounded_mean(sums: IntArray, counts: IntArray) -> IntArray:
    """sums / counts, halves away from zero, as TFLite's average pool rounds."""
    half = counts // 2
    return np.where(sums > 0, (sums + half) // counts, -((half - sums) // counts))
