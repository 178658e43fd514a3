"""What every search strategy must keep to; run it on each new one.

    from wakeling.testing.strategy_contract import check_strategy

Each check raises AssertionError with the reason.
"""

from __future__ import annotations

from wakeling.search.history import SearchHistory
from wakeling.search.loop import run_search
from wakeling.search.strategies import StrategyFactory
from wakeling.search.strategies.base import Trial

CANDIDATES = tuple(f"candidate-{number}" for number in range(7))
RUNGS = (1, 3, 9)


class _StoppedError(Exception):
    """Stands for a kill in the middle of a trial."""


def _score(trial: Trial) -> float:
    """A made-up, repeatable accuracy that orders the candidates differently in each rung."""
    return (_number_of(trial.candidate) * 37 + trial.rung * 11) % 101 / 101


def _number_of(name: str) -> int:
    """A number for a name, the same in every process (unlike `hash`)."""
    return sum(index * byte for index, byte in enumerate(name.encode(), start=1))


def _run(factory: StrategyFactory, history: SearchHistory, *, stop_after: int | None = None) -> SearchHistory:
    done: list[SearchHistory] = [history]

    def evaluate(trial: Trial) -> float:
        if stop_after is not None and len(done) > stop_after:
            raise _StoppedError
        return _score(trial)

    def keep(so_far: SearchHistory) -> None:
        done.append(so_far)

    try:
        return run_search(factory(CANDIDATES, RUNGS, 1), evaluate, history, save=keep, clock=lambda: 0.0)
    except _StoppedError:
        return done[-1]


def check_strategy(factory: StrategyFactory) -> None:
    """Same seed same run; stays among the candidates; resumes; ends; names a winner it tried."""
    empty = SearchHistory(strategy="contract", seed=1)
    whole = _run(factory, empty)
    assert whole.trials, "the strategy made no trial"
    assert whole == _run(factory, empty), "two runs with one seed differ"
    assert {trial.candidate for trial in whole.trials} <= set(CANDIDATES), "left the space"
    assert {trial.epochs for trial in whole.trials} <= set(RUNGS), "trained for other epochs than allowed"
    assert [trial.number for trial in whole.trials] == list(range(len(whole.trials))), "numbers have gaps"
    assert factory(CANDIDATES, RUNGS, 1).total == len(whole.trials), "total is not the number of trials"
    for stop_after in range(len(whole.trials)):
        partial = _run(factory, empty, stop_after=stop_after)
        assert _run(factory, partial) == whole, f"resumed after {stop_after} trials, the run differs"
    strategy = factory(CANDIDATES, RUNGS, 1)
    run_search(strategy, _score, empty, save=lambda _: None, clock=lambda: 0.0)
    last = [trial for trial in whole.trials if trial.epochs == max(t.epochs for t in whole.trials)]
    assert strategy.best() == max(last, key=lambda trial: trial.score).candidate, "best is not the best"
