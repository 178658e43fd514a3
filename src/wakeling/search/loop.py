"""The search loop: ask, evaluate, tell, save; the same for every strategy."""

from __future__ import annotations

import time
from collections.abc import Callable

from wakeling.errors import RunError
from wakeling.search.history import SearchHistory, TrialRecord
from wakeling.search.strategies.base import Strategy, Trial


def replay(strategy: Strategy, history: SearchHistory) -> None:
    """Tell a fresh strategy everything that the history holds.

    Raises RunError where the history does not belong to this strategy and these candidates.
    """
    for record in history.trials:
        trial = strategy.ask()
        same = trial is not None and (trial.candidate, trial.rung, trial.epochs) == (
            record.candidate,
            record.rung,
            record.epochs,
        )
        if trial is None or not same:
            raise RunError(
                f"the search history holds trial {record.number} of {record.candidate}, "
                f"which this search would not make; start again in another folder"
            )
        strategy.tell(trial, record.score)


def run_search(
    strategy: Strategy,
    evaluate: Callable[[Trial], float],
    history: SearchHistory,
    *,
    save: Callable[[SearchHistory], None],
    clock: Callable[[], float] = time.perf_counter,
) -> SearchHistory:
    """Run the strategy to its end and return the whole history.

    `history` may hold trials of an interrupted run: they are not evaluated again. `evaluate`
    returns a score (larger is better); `save` is called after every trial.
    """
    replay(strategy, history)
    while (trial := strategy.ask()) is not None:
        started = clock()
        score = evaluate(trial)
        strategy.tell(trial, score)
        record = TrialRecord(
            number=trial.number,
            candidate=trial.candidate,
            rung=trial.rung,
            epochs=trial.epochs,
            score=score,
            seconds=clock() - started,
        )
        history = history.with_trial(record)
        save(history)
    return history
