"""Numbers with intervals: products of independent ones, exact factors."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling.cost.energy.interval import Interval, product


def test_an_exact_factor_scales_the_interval() -> None:
    assert product(Interval(3, 3, 3), Interval(10, 5, 40)) == pytest.approx((30, 15, 120))


def test_independent_errors_add_in_squares() -> None:
    """Two factors of 2 are a factor of 2 to the root of two, not of 4."""
    both = product(Interval(1, 0.5, 2), Interval(1, 0.5, 2))
    assert both.high == pytest.approx(2 ** math.sqrt(2))
    assert both.low == pytest.approx(2 ** -math.sqrt(2))


@given(*[st.floats(0.1, 10)] * 2, *[st.floats(1, 5)] * 4)
def test_a_product_is_in_order_and_commutes(
    left: float, right: float, a: float, b: float, c: float, d: float
) -> None:
    one, other = Interval(left, left / a, left * b), Interval(right, right / c, right * d)
    found = product(one, other)
    assert found.low <= found.value * (1 + 1e-12)
    assert found.value <= found.high * (1 + 1e-12)
    assert found == pytest.approx(product(other, one))


def test_nothing_times_something_is_nothing() -> None:
    assert product(Interval(0, 0, 0), Interval(1, 0.5, 2)) == (0, 0, 0)
