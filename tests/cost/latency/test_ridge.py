"""The solver: exact where there is a closed form, and honest about what the data do not say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wakeling.cost.latency.ridge import solve


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_rows_of_one_term_are_linear_ridge_regression(seed: int) -> None:
    """With one term a row the logarithm is linear: the normal equations are the answer."""
    rng = np.random.default_rng(seed)
    names = ["a", "b", "c"]
    chosen = [[name for name in names if rng.random() < 0.6] or ["a"] for _ in range(6)]
    amounts, targets = rng.uniform(1, 9, 6), rng.normal(0, 2, 6)
    sigmas, width = rng.uniform(0.1, 1, 6), rng.uniform(0.1, 2, 3)
    center = rng.normal(0, 1, 3)
    found = solve(
        [[(float(amount), tuple(parts))] for amount, parts in zip(amounts, chosen, strict=True)],
        targets.tolist(),
        sigmas.tolist(),
        names,
        list(zip(center.tolist(), width.tolist(), strict=True)),
    )
    design = np.array([[float(name in parts) for name in names] for parts in chosen])
    curvature = design.T @ np.diag(sigmas**-2) @ design + np.diag(width**-2)
    right = design.T @ ((targets - np.log(amounts)) / sigmas**2) + center / width**2
    assert found.values == pytest.approx(np.linalg.solve(curvature, right), abs=1e-6)
    assert found.covariance == pytest.approx(np.linalg.inv(curvature), rel=1e-6, abs=1e-12)


def test_sums_of_terms_are_taken_apart() -> None:
    """Two unknown prices from three receipts."""
    prices = {"apple": 3.0, "pear": 0.5}
    receipts = [(1, 9), (5, 1), (2, 2)]
    rows = [[(float(apples), ("apple",)), (float(pears), ("pear",))] for apples, pears in receipts]
    totals = [math.log(a * prices["apple"] + p * prices["pear"]) for a, p in receipts]
    found = solve(rows, totals, [0.001] * 3, list(prices), [(0.0, 2.0)] * 2)
    assert np.exp(found.values) == pytest.approx(list(prices.values()), rel=1e-3)


def test_a_parameter_without_data_keeps_its_expectation() -> None:
    found = solve([[(2.0, ("seen",))]], [math.log(6)], [0.01], ["seen", "unseen"], [(0.0, 1.0), (0.7, 0.4)])
    assert math.exp(found.values[0]) == pytest.approx(3, rel=0.01)
    assert found.values[1] == pytest.approx(0.7)
    assert math.sqrt(found.covariance[1, 1]) == pytest.approx(0.4)
