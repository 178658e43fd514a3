"""gemmlowp's exponential and divisions in 32-bit fixed point: what softmax, sigmoid and tanh share.

A number "in Fn" is an int32 with n integer bits: its value is raw / 2^(31 − n). The constants are
those of gemmlowp's `fixedpoint.h`. The functions built on them are in `quantize.fixed_softmax` and
`quantize.fixed_sigmoid`.
"""

from __future__ import annotations

import math

import numpy as np

from wakeling.quantize.arithmetic import (
    INT32_MAX,
    INT32_MIN,
    IntArray,
    rounding_divide_by_power_of_two,
)
from wakeling.quantize.arithmetic import saturating_rounding_doubling_high_mul as multiply

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
_ONE_IN_F2 = 1 << 29


def input_radius(integer_bits: int, left_shift: int) -> int:
    """The integers from whose absolute value on a scaled input leaves 2^integer_bits − 1.

    TFLite's `CalculateInputRadius` for 31 bits; `left_shift` is that of the input's multiplier.
    """
    return math.floor(((1 << integer_bits) - 1) * 2.0 ** (31 - integer_bits) / 2.0**left_shift)


def exp_on_negative_values(values: IntArray, integer_bits: int) -> IntArray:
    """exp of numbers ≤ 0 with `integer_bits`, in F0: a quarter's interval by Taylor, the rest bit by bit."""
    quarter = 1 << (29 - integer_bits)
    modulo = (values & (quarter - 1)) - quarter
    result = _exp_on_last_quarter(modulo << integer_bits)
    remainder = modulo - values
    for index, factor in enumerate(_EXP_OF_MINUS_POWERS[: integer_bits + 2]):
        bit = quarter << index
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


def _saturated(values: IntArray) -> IntArray:
    result: IntArray = np.clip(values, INT32_MIN, INT32_MAX)
    return result


def _two_over_one_plus(values: IntArray) -> IntArray:
    """2 / (1 + x) in F2 for x in [0, 1) in F0: three steps of Newton and Raphson's division."""
    half_denominator = (values + INT32_MAX + 1) // 2
    x = _48_OVER_17 + multiply(half_denominator, -_32_OVER_17)
    for _ in range(3):
        error = _ONE_IN_F2 - multiply(half_denominator, x)
        x = x + _saturated(multiply(x, error) << 2)
    return x


def one_over_one_plus(values: IntArray) -> IntArray:
    """1 / (1 + x) in F0 for x in [0, 1) in F0."""
    return _saturated(_two_over_one_plus(values) << 1)


def one_minus_over_one_plus(values: IntArray) -> IntArray:
    """(1 − x) / (1 + x) in F0 for x in [0, 1) in F0."""
    return _saturated((_two_over_one_plus(values) - _ONE_IN_F2) << 2)
