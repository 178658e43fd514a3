"""The front of several objectives, against the definition and against Optuna's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling.errors import WakelingError
from wakeling.search.front import front, non_dominated, preference
from wakeling.search.trial import Outcome, Trial, TrialRecord

Row = tuple[int, int, int]
rows = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=20)


def record(number: int, score: float, macs: float, *, rung: int = 1, error: str = "") -> TrialRecord:
    return TrialRecord(
        trial=Trial(number=number, point=(number,), rung=rung),
        outcome=Outcome(score=score, error=error),
        network=f"n{number}",
        epochs=9,
        costs={"macs": macs},
        seed=0,
        seconds=1.0,
    )


@given(rows)
def test_a_row_is_dominated_exactly_when_another_is_nowhere_worse_and_somewhere_better(
    given_rows: list[Row],
) -> None:
    found = non_dominated(np.array(given_rows, float))
    for row, is_inside in zip(given_rows, found, strict=True):
        worse = any(
            all(a >= b for a, b in zip(other, row, strict=True)) and other != row for other in given_rows
        )
        assert is_inside != worse


def test_front_is_that_of_optuna() -> None:
    optuna = pytest.importorskip("optuna")
    random = np.random.default_rng(3)
    records = [record(n, float(random.random()), float(random.integers(1, 30))) for n in range(60)]
    study = optuna.create_study(directions=["maximize", "minimize"])
    for one in records:
        study.add_trial(optuna.trial.create_trial(values=[one.outcome.score, one.costs["macs"]]))
    expected = {trial.number for trial in study.best_trials}
    assert {one.trial.number for one in front(records, ("score", "macs"))} == expected


def test_front_falls_by_score_and_leaves_out_failures_and_twins() -> None:
    records = [
        record(0, 0.7, 100),
        record(1, 0.9, 300),
        record(2, 0.7, 100),
        record(3, 0.6, 200),
        record(4, 0.95, 50, error="diverged"),
    ]
    assert [one.trial.number for one in front(records, ("score", "macs"))] == [1, 0]
    assert front([], ("score",)) == ()


def test_a_network_counts_with_its_longest_training() -> None:
    brief = record(0, 0.9, 100, rung=0)
    long = TrialRecord(
        trial=Trial(number=1, point=(0,), rung=1, parents=(0,), how="promoted"),
        outcome=Outcome(score=0.8),
        network="n0",
        epochs=9,
        costs={"macs": 100},
        seed=0,
        seconds=1.0,
    )
    assert front([brief, long], ("score", "macs")) == (long,)


def test_an_unknown_objective_is_named() -> None:
    with pytest.raises(WakelingError, match="objective 'mac'; known: macs"):
        front([record(0, 0.5, 1)], ("score", "mac"))


def test_preference_goes_front_by_front_and_favors_the_ends() -> None:
    goods = np.array([[1.0, 1.0], [3.0, 0.0], [0.0, 3.0], [2.0, 1.9], [0.5, 0.5], [1.9, 2.0]])
    order = list(preference(goods))
    assert set(order[:2]) == {1, 2}
    assert set(order[2:4]) == {3, 5}
    assert order[4:] == [0, 4]


def test_preference_of_one_objective_is_by_value_then_by_age() -> None:
    assert list(preference(np.array([[0.2], [0.9], [0.2], [0.5]]))) == [1, 3, 0, 2]
