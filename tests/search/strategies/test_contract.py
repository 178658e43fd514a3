"""Every registered strategy keeps the contract, and the contract catches those that do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from wakeling.search.strategies.aging_evolution import propose_by_evolution
from wakeling.search.strategies.halving import hyperband, successive_halving
from wakeling.search.strategies.optuna_samplers import propose_by_tpe
from wakeling.search.strategies.past import Past, generator
from wakeling.search.strategies.random_search import propose_at_random, random_search
from wakeling.search.strategies.registry import DEFAULT_STRATEGY, STRATEGIES
from wakeling.search.strategies.stateless import StatelessStrategy
from wakeling.search.strategies.strategy import Strategy, Task
from wakeling.search.trial import Trial
from wakeling.testing.search_contract import check_strategy


@pytest.mark.parametrize("name", STRATEGIES)
def test_strategy_keeps_the_contract(name: str) -> None:
    check_strategy(STRATEGIES[name], is_random=name != "grid")


@pytest.mark.parametrize("schedule", [successive_halving, hyperband])
@pytest.mark.parametrize(
    "propose", [propose_by_evolution, pytest.param(propose_by_tpe, marks=pytest.mark.slow)]
)
def test_schedules_keep_the_contract_over_any_proposer(
    schedule: Callable[..., Strategy], propose: Callable[[Past, int], Trial | None]
) -> None:
    check_strategy(partial(schedule, propose=propose))


def test_the_default_is_the_first() -> None:
    assert next(iter(STRATEGIES)) == DEFAULT_STRATEGY


def _random(past: Past, number: int) -> Trial:
    trial = propose_at_random(past, number)
    assert trial is not None
    return trial


def _made_of(choose: Callable[[Past, int], Trial | None]) -> Callable[[Task], Strategy]:
    return lambda task: StatelessStrategy(task, choose, task.trainings)


def _repeating(past: Past, number: int) -> Trial | None:
    return Trial(number=number, point=past.task.domain.sample(generator(past.task, 0)), rung=2)


def _leaving_the_domain(past: Past, number: int) -> Trial | None:
    return replace(_random(past, number), point=(3, 0, 3, 2, 2, 1, *_random(past, number).point[6:]))


def _not_canonical(past: Past, number: int) -> Trial | None:
    trial = propose_at_random(past, number)
    off = trial is not None and trial.point[4] == 0
    return replace(trial, point=(*trial.point[:5], 1)) if trial and off else trial


def _of_another_rung(past: Past, number: int) -> Trial | None:
    trial = propose_at_random(past, number)
    return replace(trial, rung=past.task.last_rung + 1) if trial else None


def _orphan(past: Past, number: int) -> Trial | None:
    trial = propose_at_random(past, number)
    return replace(trial, parents=(number + 7,)) if trial else None


class _Stateful:
    """Random numbers from a state: another run after a restart."""

    def __init__(self, task: Task) -> None:
        self._inner = random_search(task)
        self._asked: dict[int, Trial | None] = {}
        self._shift = 0

    def ask(self, number: int, running: tuple[Trial, ...] = ()) -> Trial | None:
        if number not in self._asked:
            trial = self._inner.ask(number + 1000 * self._shift, running)
            self._shift += 1
            self._asked[number] = replace(trial, number=number) if trial else None
        return self._asked[number]

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


class _FirstIsBest(StatelessStrategy):
    def best(self) -> Trial:
        super().best()
        return self._told[min(self._told)][0]


class _Endless(StatelessStrategy):
    @property
    def is_over(self) -> bool:
        return False


class _TotalOfOne(StatelessStrategy):
    @property
    def total(self) -> int:
        return 1


BROKEN: dict[str, tuple[Callable[..., Strategy], str]] = {
    "repeats": (_made_of(_repeating), "trained twice"),
    "leaves the domain": (_made_of(_leaving_the_domain), "infeasible|not among"),
    "not canonical": (_made_of(_not_canonical), "not canonical"),
    "orphan": (_made_of(_orphan), "unknown parent"),
    "stateful": (_Stateful, "resumed after"),
    "first is best": (lambda task: _FirstIsBest(task, propose_at_random, task.trainings), "not the best"),
    "endless": (lambda task: _Endless(task, propose_at_random, task.trainings), "not over"),
    "total": (lambda task: _TotalOfOne(task, propose_at_random, task.trainings), "total is 1"),
    "one seed": (lambda task: random_search(replace(task, seed=4)), "gave 1 runs"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_contract_catches(fault: str) -> None:
    factory, message = BROKEN[fault]
    with pytest.raises(AssertionError, match=message):
        check_strategy(factory)
