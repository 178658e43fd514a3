"""False alarms a day, and the exact interval of a rate against sums of binomial terms."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling.cost.energy import false_alarms
from wakeling.cost.energy.binomial import clopper_pearson, incomplete_beta
from wakeling.errors import WakelingError


def at_least(successes: int, trials: int, rate: Fraction) -> Fraction:
    """Probability of so many or more, summed exactly."""
    return sum(
        (math.comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(successes, trials + 1)),
        Fraction(0),
    )


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 100))
def test_the_beta_function_is_the_tail_of_a_binomial(successes: int, more: int, percent: int) -> None:
    """I_x(k, n − k + 1) is the probability of k or more in n (Abramowitz and Stegun 26.5.24)."""
    trials, rate = successes + more, Fraction(percent, 100)
    found = incomplete_beta(successes, trials - successes + 1, float(rate))
    assert found == pytest.approx(float(at_least(successes, trials, rate)), rel=1e-9, abs=1e-13)


@given(st.integers(1, 60), st.data())
def test_bounds_leave_a_fortieth_on_either_side(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    low, high = clopper_pearson(successes, trials, 0.95)
    assert 0 <= low <= successes / trials <= high <= 1
    if successes:
        assert float(at_least(successes, trials, Fraction(low))) == pytest.approx(0.025, abs=1e-9)
    else:
        assert low == 0
    if successes < trials:
        assert 1 - float(at_least(successes + 1, trials, Fraction(high))) == pytest.approx(0.025, abs=1e-9)
    else:
        assert high == 1


def test_no_false_alarm_in_many_pictures_is_the_rule_of_three() -> None:
    """The one-sided 95 % bound of 0 in n is about 3/n; two-sided, ln(40)/n."""
    low, high = clopper_pearson(0, 776, 0.95)
    assert low == 0
    assert high == pytest.approx(1 - 0.025 ** (1 / 776))
    assert high == pytest.approx(math.log(40) / 776, rel=0.01)


def test_large_counts_are_quick_and_near_the_normal_interval() -> None:
    low, high = clopper_pearson(50_000, 1_000_000, 0.95)
    deviation = math.sqrt(0.05 * 0.95 / 1_000_000)
    assert (low, high) == pytest.approx((0.05 - 1.96 * deviation, 0.05 + 1.96 * deviation), rel=1e-4)


def test_a_day_by_hand() -> None:
    """One frame a second, 2 % false positives, a person in one frame of ten: 86,400 × 0.9 × 0.02."""
    found = false_alarms(86_400, 0.02, base_rate=0.1)
    assert found.per_day == pytest.approx(1555.2)
    assert found.low is None
    assert found.high is None


def test_the_interval_is_the_rates() -> None:
    found = false_alarms(1000, 16 / 776, negatives=776)
    low, high = clopper_pearson(16, 776, 0.95)
    assert (found.low, found.high) == pytest.approx((1000 * low, 1000 * high))


def test_no_alarm_seen_may_still_be_several_a_day() -> None:
    found = false_alarms(86_400, 0.0, negatives=776)
    assert found.per_day == found.low == 0
    assert found.high is not None
    assert found.high > 300


@pytest.mark.parametrize(
    "wrong",
    [
        {"false_positive_rate": 1.1},
        {"false_positive_rate": -0.1},
        {"base_rate": 2.0},
        {"negatives": 0},
        {"frames_per_day": -1.0},
        {"frames_per_day": math.nan},
    ],
)
def test_senseless_rates_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(WakelingError, match="must be"):
        false_alarms(**{"frames_per_day": 1.0, "false_positive_rate": 0.1, **wrong})  # type: ignore[arg-type]
