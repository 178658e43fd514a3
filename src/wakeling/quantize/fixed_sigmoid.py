"""The int8 sigmoid and tanh of TensorFlow Lite Micro, in 32-bit fixed point.

The procedures of TFLite's `reference_integer_ops::Logistic` and `Tanh` and of gemmlowp's
`fixedpoint.h`; the exponential and the divisions are in `quantize.fixed_point`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from wakeling.quantize.arithmetic import (
    INT8_MAX,
    INT8_MIN,
    INT32_MAX,
    FixedMultiplier,
    IntArray,
    multiply_by_quantized_multiplier,
    rounding_divide_by_power_of_two,
)
from wakeling.quantize.fixed_point import (
    exp_on_negative_values,
    input_radius,
    one_minus_over_one_plus,
    one_over_one_plus,
)
from wakeling.quantize.tensors import TensorQuant

INPUT_BITS = 4
"""Integer bits of the scaled input: beyond ±15 the functions are at their ends."""

_HALF = 1 << 30  # in F0


def sigmoid(values: npt.NDArray[np.int8], source: TensorQuant) -> npt.NDArray[np.int8]:
    """1 / (1 + exp(−x)), output scale 1/256, zero point −128."""
    return _between_the_ends(values, source, lambda x: _sigmoid(x, 31 - 8) + INT8_MIN)


def tanh(values: npt.NDArray[np.int8], source: TensorQuant) -> npt.NDArray[np.int8]:
    """(1 − exp(−2x)) / (1 + exp(−2x)), output scale 1/128, zero point 0."""
    return _between_the_ends(values, source, lambda x: _tanh(x, 31 - 7))


def _between_the_ends(
    values: npt.NDArray[np.int8], source: TensorQuant, function: Callable[[IntArray], IntArray]
) -> npt.NDArray[np.int8]:
    """`function` of the inputs in F4; the least and the greatest int8 from the input's radius on."""
    fraction, shift = math.frexp(source.scale * 2.0 ** (31 - INPUT_BITS))
    radius = input_radius(INPUT_BITS, shift)
    centered = values.astype(np.int64) - source.zero_point
    inside = np.abs(centered) < radius
    factor = FixedMultiplier(
        multiplier=np.array([math.floor(fraction * 2**31 + 0.5)], np.int64),
        shift=np.array([shift], np.int64),
    )
    made = function(multiply_by_quantized_multiplier(np.where(inside, centered, 0), factor))
    ends = np.where(centered <= -radius, INT8_MIN, INT8_MAX)
    result: npt.NDArray[np.int8] = np.where(inside, np.clip(made, INT8_MIN, INT8_MAX), ends).astype(np.int8)
    return result


def _sigmoid(x: IntArray, dropped_bits: int) -> IntArray:
    positive = one_over_one_plus(exp_on_negative_values(-np.abs(x), INPUT_BITS))
    either = np.where(x > 0, positive, INT32_MAX - positive)
    return rounding_divide_by_power_of_two(np.where(x == 0, _HALF, either), dropped_bits)


def _tanh(x: IntArray, dropped_bits: int) -> IntArray:
    """Doubling x is free: the same bits mean twice as much with one more integer bit."""
    size = one_minus_over_one_plus(exp_on_negative_values(-np.abs(x), INPUT_BITS + 1))
    either = np.where(x < 0, -size, size)
    return rounding_divide_by_power_of_two(np.where(x == 0, 0, either), dropped_bits)
