"""Kendall's τ-b and Spearman's ρ against values by hand, against definitions, and their intervals."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling.errors import WakelingError
from wakeling.search.rank import kendall_gain, kendall_tau_b, rank_correlation, rank_sum, ranks, spearman_rho

Lists = st.integers(3, 12).flatmap(
    lambda n: st.tuples(*(st.lists(st.integers(0, 5), min_size=n, max_size=n) for _ in range(2)))
)


def test_values_by_hand() -> None:
    # pairs in order: 1-2, 1-3, 1-4, 2-4, 3-4; in disorder: 2-3
    assert kendall_tau_b([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx((5 - 1) / 6)
    # 1 − 6 Σd² / (n (n² − 1)) with d = 0, 1, 1, 0
    assert spearman_rho([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(1 - 6 * 2 / (4 * 15))
    # of 6 pairs one is tied on the left and none on the right; 5 agree
    assert kendall_tau_b([1, 1, 2, 3], [1, 2, 3, 4]) == pytest.approx(5 / math.sqrt(5 * 6))
    # ranks 1.5, 1.5, 3, 4 against 1, 2, 3, 4
    assert spearman_rho([1, 1, 2, 3], [1, 2, 3, 4]) == pytest.approx(4.5 / math.sqrt(4.5 * 5))


def test_tied_numbers_have_their_mean_rank() -> None:
    assert ranks([30, 10, 20, 20]).tolist() == [4, 1, 2.5, 2.5]
    assert rank_sum([[3, 1, 2], [1, 2, 3]]).tolist() == [4, 3, 5]


@given(Lists)
def test_kendall_counts_pairs(lists: tuple[list[int], list[int]]) -> None:
    left, right = lists
    if len(set(left)) == 1 or len(set(right)) == 1:
        with pytest.raises(WakelingError, match="no order"):
            kendall_tau_b(left, right)
        return
    balance = untied_left = untied_right = 0
    for i, j in itertools.combinations(range(len(left)), 2):
        apart = (left[i] - left[j]) * (right[i] - right[j])
        balance += (apart > 0) - (apart < 0)
        untied_left += left[i] != left[j]
        untied_right += right[i] != right[j]
    assert kendall_tau_b(left, right) == pytest.approx(balance / math.sqrt(untied_left * untied_right))
    both = np.corrcoef(ranks(left), ranks(right))[0, 1]
    assert spearman_rho(left, right) == pytest.approx(both, abs=1e-12)


def test_orders_that_agree_and_disagree() -> None:
    values = np.random.default_rng(0).normal(size=40)
    same = rank_correlation(values, np.exp(values), samples=200)
    assert (same.kendall, same.spearman) == pytest.approx((1, 1))
    assert same.kendall_interval == pytest.approx((1, 1))
    assert rank_correlation(values, -values, samples=50).kendall == pytest.approx(-1)


def test_the_interval_is_that_of_samples_drawn_one_by_one() -> None:
    random = np.random.default_rng(1)
    left = random.normal(size=30)
    right = left + random.normal(size=30)
    found = rank_correlation(left, right, samples=1500, seed=3)
    kendalls, spearmans = [], []
    for _ in range(1500):
        rows = random.integers(0, 30, 30)
        kendalls.append(kendall_tau_b(left[rows], right[rows]))
        spearmans.append(np.corrcoef(ranks(left[rows]), ranks(right[rows]))[0, 1])
    assert found.kendall_interval == pytest.approx(np.percentile(kendalls, [2.5, 97.5]), abs=0.04)
    assert found.spearman_interval == pytest.approx(np.percentile(spearmans, [2.5, 97.5]), abs=0.04)
    assert found.kendall_interval[0] < found.kendall < found.kendall_interval[1]


def test_a_gain_is_a_difference_on_the_same_samples() -> None:
    random = np.random.default_rng(4)
    truth = random.normal(size=60)
    good, poor = truth + 0.3 * random.normal(size=60), truth + 3 * random.normal(size=60)
    gain, (low, high) = kendall_gain(good, poor, truth, samples=500)
    assert gain == pytest.approx(kendall_tau_b(good, truth) - kendall_tau_b(poor, truth))
    assert 0 < low < gain < high
    assert kendall_gain(good, np.exp(good), truth, samples=50) == (0, (0, 0))


def test_intervals_repeat_with_the_seed() -> None:
    left, right = np.random.default_rng(2).normal(size=(2, 20))
    one = rank_correlation(left, right, samples=300, seed=5)
    assert one == rank_correlation(left, right, samples=300, seed=5)
    assert one.kendall_interval != rank_correlation(left, right, samples=300, seed=6).kendall_interval


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        ([1, 2], [1, 2], "at least 3"),
        ([1, 2, 3], [1, 2], "equal length"),
        ([1, 2, math.nan], [1, 2, 3], "finite"),
        ([1, 1, 1], [1, 2, 3], "no order"),
    ],
)
def test_what_has_no_rank_correlation_is_refused(left: list[float], right: list[float], words: str) -> None:
    with pytest.raises(WakelingError, match=words):
        rank_correlation(left, right)
