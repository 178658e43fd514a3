"""The int8 softmax of TensorFlow Lite Micro: gemmlowp's fixed-point exponential and reciprocal.

A number "in Fn" is an int32 with n integer bits: its value is raw / 2^(31 − n). The constants are
those of gemmlowp's `fixedpoint.h`; the procedure is `reference_ops::Softmax` of TFLite.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from wakeling.quantize.arithmetic import (
    INT32_MAX,
    INT32_MIN,
    IntArray,
    quantize_multiplier,
    rounding_divide_by_power_of_two,
)
from wakeling.quantize.arithmetic import saturating_rounding_doubling_high_mul as multiply

DIFFERENCE_BITS = 5
"""Integer bits of the scaled difference to the row's maximum: it reaches down to −32."""
ACCUMULATION_BITS = 12
"""Integer bits of the sum of exponentials: up to 4096 classes."""

_QUARTER = 1 << 24  # 1/4 in F5
_EXP_OF_MINUS_ONE_EIGHTH = 1895147668  # in F0
_ONE_THIRD = 715827883  # in F0
_EXP_OF_MINUS_POWERS = (  # exp(-2^k) in F0 for k = -2 .. 4
    1672461947,
    1302514674,
    790015084,
    290630308,
    39332535,
    720401,
    242,
)
_48_OVER_17 = 1515870810  # in F2
_32_OVER_17 = 1010580540  # in F2


def softmax(logits: npt.NDArray[np.int8], scale: float) -> npt.NDArray[np.int8]:
    """Softmax over the last axis; output scale 1/256, zero point −128.

    `scale` is the logits' scale; their zero point does not matter.
    """
    multiplier, left_shift = _input_multiplier(scale)
    lowest = -math.floor(((1 << DIFFERENCE_BITS) - 1) * 2.0 ** (31 - DIFFERENCE_BITS) / 2.0**left_shift)
    difference = logits.astype(np.int64)
    difference -= difference.max(axis=-1, keepdims=True)
    counted = difference >= lowest
    scaled = multiply(np.where(counted, difference, 0) << left_shift, multiplier)
    exponential = np.where(counted, exp_on_negative_values(scaled), 0)
    total = rounding_divide_by_power_of_two(exponential, ACCUMULATION_BITS).sum(axis=-1, keepdims=True)
    reciprocal, bits_over_unit = _reciprocal(total)
    shift = np.minimum(bits_over_unit + 31 - 8, 31)
    output = rounding_divide_by_power_of_two(multiply(exponential, reciprocal), shift)
    result: npt.NDArray[np.int8] = (np.where(counted, np.clip(output, 0, 255), 0) - 128).astype(np.int8)
    return result


def _input_multiplier(scale: float) -> tuple[int, int]:
    real = min(scale * 2 ** (31 - DIFFERENCE_BITS), 2.0**31 - 1.0)
    return quantize_multiplier(real)


def exp_on_negative_values(values: IntArray) -> IntArray:
    """exp of numbers ≤ 0 in F5, in F0: a quarter's interval by Taylor, the rest bit by bit."""
    modulo = (values & (_QUARTER - 1)) - _QUARTER
    result = _exp_on_last_quarter(modulo << DIFFERENCE_BITS)
    remainder = modulo - values
    for index, factor in enumerate(_EXP_OF_MINUS_POWERS):
        bit = _QUARTER << index
        result = np.where(remainder & bit, multiply(result, factor), result)
    return np.where(values == 0, INT32_MAX, result)


def _exp_on_last_quarter(values: IntArray) -> IntArray:
    """exp on [−1/4, 0) in F0: a fourth-order Taylor polynomial around −1/8."""
    x = values + (1 << 28)
    x2 = multiply(x, x)
    x3 = multiply(x2, x)
    x4_over_4 = rounding_divide_by_power_of_two(multiply(x2, x2), 2)
    tail = rounding_divide_by_power_of_two(multiply(x4_over_4 + x3, _ONE_THIRD) + x2, 1)
    return _EXP_OF_MINUS_ONE_EIGHTH + multiply(x + tail, _EXP_OF_MINUS_ONE_EIGHTH)


def _reciprocal(total: IntArray) -> tuple[IntArray, IntArray]:
    """1 / total (in F12) as a number in F0 and the count of its bits over one unit."""
    leading_zeros = 32 - np.frexp(total.astype(np.float64))[1].astype(np.int64)
    over_one = (total << leading_zeros) - 2**31
    return _one_over_one_plus(over_one), ACCUMULATION_BITS - leading_zeros


def _one_over_one_plus(values: IntArray) -> IntArray:
    """1 / (1 + x) for x in [0, 1) in F0: three steps of Newton and Raphson's division."""
    half_denominator = (values + INT32_MAX + 1) // 2
    x = _48_OVER_17 + multiply(half_denominator, -_32_OVER_17)
    for _ in range(3):
        error = (1 << 29) - multiply(half_denominator, x)
        x = x + np.clip(multiply(x, error) << 2, INT32_MIN, INT32_MAX)
    result: IntArray = np.clip(x << 1, INT32_MIN, INT32_MAX)
    return result
