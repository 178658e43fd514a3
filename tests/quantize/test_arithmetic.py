"""TFLite's arithmetic beside a plain-integer transcription of its C++, and beside exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling.quantize import arithmetic
from wakeling.quantize.model import TensorQuant

int32 = st.integers(-(2**31), 2**31 - 1)


def c_divide(a: int, b: int) -> int:
    """C's integer division: toward zero."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def c_high_mul(a: int, b: int) -> int:
    """gemmlowp's SaturatingRoundingDoublingHighMul, line by line."""
    if a == b == -(2**31):
        return 2**31 - 1
    product = a * b
    nudge = 2**30 if product >= 0 else 1 - 2**30
    return c_divide(product + nudge, 2**31)


def c_divide_by_pot(x: int, exponent: int) -> int:
    """gemmlowp's RoundingDivideByPOT, line by line."""
    mask = (1 << exponent) - 1
    remainder = x & mask
    threshold = (mask >> 1) + (1 if x < 0 else 0)
    return (x >> exponent) + (1 if remainder > threshold else 0)


@given(int32, int32)
def test_high_mul_is_gemmlowps(a: int, b: int) -> None:
    found = arithmetic.saturating_rounding_doubling_high_mul(np.array([a]), np.array([b]))
    assert found.tolist() == [c_high_mul(a, b)]


def test_high_mul_saturates_in_its_one_case() -> None:
    lowest = np.array([-(2**31)])
    assert arithmetic.saturating_rounding_doubling_high_mul(lowest, lowest).tolist() == [2**31 - 1]


@given(int32, st.integers(0, 31))
def test_divide_by_power_of_two_is_gemmlowps(x: int, exponent: int) -> None:
    found = arithmetic.rounding_divide_by_power_of_two(np.array([x]), exponent)
    assert found.tolist() == [c_divide_by_pot(x, exponent)]


@given(int32, st.integers(1, 31))
def test_divide_by_power_of_two_rounds_halves_away_from_zero(x: int, exponent: int) -> None:
    exact = Fraction(x, 2**exponent)
    expected = math.floor(abs(exact) + Fraction(1, 2)) * (1 if exact >= 0 else -1)
    assert arithmetic.rounding_divide_by_power_of_two(np.array([x]), exponent).tolist() == [expected]


@given(st.floats(1e-9, 1e9))
def test_a_quantized_multiplier_is_within_its_31_bits(real: float) -> None:
    multiplier, shift = arithmetic.quantize_multiplier(real)
    assert 2**30 <= multiplier < 2**31
    assert abs(multiplier * 2.0 ** (shift - 31) - real) <= real * 2**-31


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (0.0, (0, 0)),
        (0.5, (2**30, 0)),
        (1.0, (2**30, 1)),
        (0.75, (3 * 2**29, 0)),
        (1 - 2**-40, (2**30, 1)),  # rounds up to one, so the shift moves
        (2.0**-33, (0, 0)),
        (2.0**40, (2**31 - 1, 30)),
    ],
)
def test_quantized_multipliers_known_by_hand(real: float, expected: tuple[int, int]) -> None:
    assert arithmetic.quantize_multiplier(real) == expected


@given(st.integers(-(2**24), 2**24), st.floats(1e-6, 2.0))
def test_requantization_is_within_one_of_the_real_product(value: int, real: float) -> None:
    factor = arithmetic.fixed_multiplier(real)
    found = arithmetic.multiply_by_quantized_multiplier(np.array([value]), factor)
    assert abs(int(found[0]) - value * real) <= 1


@given(int32, st.lists(st.floats(1e-8, 100.0), min_size=3, max_size=3))
def test_each_channel_has_its_own_factor(value: int, reals: list[float]) -> None:
    together = arithmetic.multiply_by_quantized_multiplier(
        np.full((2, 3), value), arithmetic.fixed_multiplier(reals)
    )
    for channel, real in enumerate(reals):
        multiplier, shift = arithmetic.quantize_multiplier(real)
        shifted = (value << max(shift, 0)) & 0xFFFFFFFF
        shifted -= (shifted >> 31) << 32
        expected = c_divide_by_pot(c_high_mul(shifted, multiplier), max(-shift, 0))
        assert together[:, channel].tolist() == [expected, expected]


@given(st.integers(-(10**6), 10**6), st.integers(1, 400))
def test_a_mean_rounds_halves_away_from_zero(total: int, count: int) -> None:
    exact = Fraction(total, count)
    expected = math.floor(abs(exact) + Fraction(1, 2)) * (1 if exact >= 0 else -1)
    assert arithmetic.rounded_mean(np.array([total]), np.array([count])).tolist() == [expected]


@pytest.mark.parametrize(
    ("activation", "scale", "zero_point", "limits"),
    [
        ("linear", 0.1, 5, (-128, 127)),
        ("relu", 0.1, 5, (5, 127)),
        ("relu6", 0.1, 5, (5, 65)),
        ("relu6", 6 / 255, -128, (-128, 127)),
        ("relu6", 0.01, -128, (-128, 127)),
        ("relu6", 12.0, 0, (0, 1)),  # 6 / 12 is a half: away from zero
        ("relu", 0.1, 127, (127, 127)),
    ],
)
def test_activation_limits(
    activation: arithmetic.ActivationKind, scale: float, zero_point: int, limits: tuple[int, int]
) -> None:
    quant = TensorQuant(scale=scale, zero_point=zero_point)
    assert arithmetic.activation_range(activation, quant) == limits


def test_an_overflow_wraps_as_a_register_does() -> None:
    assert arithmetic.wrap_int32(np.array([2**31, -(2**31) - 1, 7])).tolist() == [-(2**31), 2**31 - 1, 7]


@given(st.integers(-128, 127), st.integers(-128, 127), st.floats(0.001, 1.0), st.floats(0.001, 1.0))
def test_an_add_is_within_one_of_the_real_sum(left: int, right: int, a: float, b: float) -> None:
    one, two, out = (TensorQuant(scale=scale, zero_point=0) for scale in (a, b, a + b))
    found = arithmetic.add(np.array([left]), np.array([right]), arithmetic.add_factors(one, two, out))
    assert abs(int(found[0]) - (left * one.scale + right * two.scale) / out.scale) <= 1
