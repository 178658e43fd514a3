"""The int8 hard swish x · relu6(x + 3) / 6 of TensorFlow Lite Micro, in 16-bit fixed point.

The procedure of TFLite's `reference_ops::HardSwish`. The input is spread over 16 bits; one copy is
brought (nearly) to the output's scale, the other to ±1 for ±3, which makes the factor in 0..1.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wakeling.quantize.arithmetic import (
    INT8_MAX,
    INT8_MIN,
    IntArray,
    quantize_multiplier,
    rounding_divide_by_power_of_two,
)
from wakeling.quantize.tensors import TensorQuant

INT16_MIN, INT16_MAX = -(2**15), 2**15 - 1
EXTRA_BITS = 7
"""The input's 9 bits (zero point taken off) are shifted left by this."""
_THREE = np.float32(3.0) / np.float32(2**15)
"""The scale on which 3 is 2^15."""


def exponents(source: TensorQuant, output: TensorQuant) -> tuple[int, int]:
    """The power-of-two parts of the factors to the output's scale and to ±3 = ±2^15."""
    (_, output_exponent), (_, gate_exponent) = _factors(source, output)
    return output_exponent, gate_exponent


def hard_swish(
    values: npt.NDArray[np.int8], source: TensorQuant, output: TensorQuant
) -> npt.NDArray[np.int8]:
    """Hard swish of int8 values, at the output's scale and zero point."""
    (output_factor, output_exponent), (gate_factor, gate_exponent) = _factors(source, output)
    spread = (values.astype(np.int64) - source.zero_point) << EXTRA_BITS
    at_output_scale = _rounding_high_mul(spread, output_factor)
    gate = spread
    if gate_exponent > 0:  # all but one bit first: what saturates here saturates below, too
        gate = _saturated(gate << (gate_exponent - 1))
    gate = _rounding_high_mul(gate, gate_factor)
    if gate_exponent > 0:
        gate = _saturated(gate << 1)
    if gate_exponent < 0:
        gate = rounding_divide_by_power_of_two(gate, -gate_exponent)
    gate = (gate + 2**15) >> 1  # from -1..1 to 0..1
    product = _truncating_high_mul(gate, at_output_scale)
    result = rounding_divide_by_power_of_two(product, -output_exponent) + output.zero_point
    wrapped = result.astype(np.int16)  # a register's 16 bits
    clipped: npt.NDArray[np.int8] = np.clip(wrapped, INT8_MIN, INT8_MAX).astype(np.int8)
    return clipped


def _factors(source: TensorQuant, output: TensorQuant) -> tuple[tuple[int, int], tuple[int, int]]:
    spread_scale = np.float32(source.scale) * np.float32(2.0**-EXTRA_BITS)
    return _sixteen_bits(spread_scale / np.float32(output.scale)), _sixteen_bits(spread_scale / _THREE)


def _sixteen_bits(real: np.float32) -> tuple[int, int]:
    """A factor as a 15-bit multiplier and an exponent (TFLite's `DownScaleInt32ToInt16Multiplier`)."""
    multiplier, exponent = quantize_multiplier(float(real))
    return min((multiplier + 2**15) >> 16, INT16_MAX), exponent


def _saturated(values: IntArray) -> IntArray:
    result: IntArray = np.clip(values, INT16_MIN, INT16_MAX)
    return result


def _rounding_high_mul(values: IntArray, factor: int) -> IntArray:
    """round(values · factor / 2^15), halves up, as gemmlowp's 16-bit multiplication ends."""
    return _saturated((values * factor + 2**14) >> 15)


def _truncating_high_mul(left: IntArray, right: IntArray) -> IntArray:
    """left · right / 2^15, towards zero."""
    product = left * right
    result: IntArray = np.sign(product) * (np.abs(product) >> 15)
    return result
