"""Every registered strategy keeps the contract; successive halving does what its paper says."""

from __future__ import annotations

import pytest

from wakeling.errors import WakelingError
from wakeling.search.strategies import STRATEGIES, SuccessiveHalving, Trial
from wakeling.search.strategies.successive_halving import rung_sizes
from wakeling.testing.strategy_contract import check_strategy


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_strategy_keeps_the_contract(name: str) -> None:
    check_strategy(STRATEGIES[name])


def test_the_contract_rejects_a_strategy_that_ignores_what_it_is_told() -> None:
    class Forgetful(SuccessiveHalving):
        def best(self) -> str:
            return self._candidates[0]

    with pytest.raises(AssertionError, match="best is not the best"):
        check_strategy(Forgetful)


def test_rungs_shrink_by_thirds_and_never_below_one() -> None:
    assert rung_sizes(9, 3) == (9, 3, 1)
    assert rung_sizes(2, 4) == (2, 1, 1, 1)


def test_halving_promotes_the_best_third() -> None:
    strategy = SuccessiveHalving(("a", "b", "c", "d", "e", "f"), (1, 4), 0)
    scores = {"a": 0.1, "b": 0.9, "c": 0.3, "d": 0.8, "e": 0.2, "f": 0.0}
    second_rung = []
    while (trial := strategy.ask()) is not None:
        if trial.rung == 1:
            second_rung.append(trial.candidate)
        strategy.tell(trial, scores[trial.candidate])
    assert second_rung == ["b", "d"]
    assert strategy.best() == "b"


def test_a_score_for_another_trial_is_refused() -> None:
    strategy = SuccessiveHalving(("a", "b"), (1,), 0)
    with pytest.raises(WakelingError, match="not the one asked for"):
        strategy.tell(Trial(number=0, candidate="b", rung=0, epochs=1), 0.5)


@pytest.mark.parametrize(
    ("candidates", "rungs"), [((), (1,)), (("a", "a"), (1,)), (("a",), ()), (("a",), (3, 1))]
)
def test_senseless_arguments_are_refused(candidates: tuple[str, ...], rungs: tuple[int, ...]) -> None:
    with pytest.raises(WakelingError):
        SuccessiveHalving(candidates, rungs, 0)
