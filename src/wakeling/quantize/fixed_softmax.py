"""The int8 softmax of TensorFlow Lite Micro: the procedure of TFLite's `reference_ops::Softmax`.

The fixed-point exponential and division are in `quantize.fixed_point`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wakeling.quantize.arithmetic import (
    IntArray,
    quantize_multiplier,
    rounding_divide_by_power_of_two,
)
from wakeling.quantize.arithmetic import saturating_rounding_doubling_high_mul as multiply
from wakeling.quantize.fixed_point import exp_on_negative_values, input_radius, one_over_one_plus

DIFFERENCE_BITS = 5
"""Integer bits of the scaled difference to the row's maximum: it reaches down to −32."""
ACCUMULATION_BITS = 12
"""Integer bits of the sum of exponentials: up to 4096 classes."""


def softmax(logits: npt.NDArray[np.int8], scale: float, beta: float = 1.0) -> npt.NDArray[np.int8]:
    """Softmax over the last axis of β times the logits; output scale 1/256, zero point −128.

    `scale` is the logits' scale; their zero point does not matter.
    """
    difference = logits.astype(np.int64)
    difference -= difference.max(axis=-1, keepdims=True)
    exponential = exponentials(difference, scale, beta)
    total = rounding_divide_by_power_of_two(exponential, ACCUMULATION_BITS).sum(axis=-1, keepdims=True)
    reciprocal, bits_over_unit = _reciprocal(total)
    shift = np.minimum(bits_over_unit + 31 - 8, 31)
    output = rounding_divide_by_power_of_two(multiply(exponential, reciprocal), shift)
    result: npt.NDArray[np.int8] = (np.clip(output, 0, 255) - 128).astype(np.int8)
    return result


def exponentials(differences: IntArray, scale: float, beta: float = 1.0) -> IntArray:
    """exp(scale · β · difference) in F0 of differences ≤ 0; 0 where the scaled one is −32 or so and below."""
    multiplier, left_shift = _input_multiplier(scale, beta)
    counted = differences >= -input_radius(DIFFERENCE_BITS, left_shift)
    scaled = multiply(np.where(counted, differences, 0) << left_shift, multiplier)
    return np.where(counted, exp_on_negative_values(scaled, DIFFERENCE_BITS), 0)


def _input_multiplier(scale: float, beta: float) -> tuple[int, int]:
    real = float(np.float32(beta)) * scale * 2 ** (31 - DIFFERENCE_BITS)
    return quantize_multiplier(min(real, 2.0**31 - 1.0))


def _reciprocal(total: IntArray) -> tuple[IntArray, IntArray]:
    """1 / total (in F12) as a number in F0 and the count of its bits over one unit."""
    leading_zeros = 32 - np.frexp(total.astype(np.float64))[1].astype(np.int64)
    over_one = (total << leading_zeros) - 2**31
    return one_over_one_plus(over_one), ACCUMULATION_BITS - leading_zeros
