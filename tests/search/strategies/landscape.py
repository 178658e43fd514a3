"""The contract's landscape for the tests of single strategies: its tasks, and searches to a goal."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wakeling.search.strategies.strategy import Strategy, Task
from wakeling.search.trial import Outcome, Trial
from wakeling.testing.search_contract import feasible_points, score_of


def best_scores(count: int) -> float:
    """The score that the best `count` networks reach when fully trained."""
    scores = sorted(
        (score_of(Trial(number=0, point=point, rung=2)) for point in feasible_points()), reverse=True
    )
    return scores[count - 1]


def work_until(factory: Callable[[Task], Strategy], task: Task, goal: float, noise: float = 0.0) -> float:
    """Work, in full trainings, until a network of the goal is trained fully; infinite if never."""
    strategy = factory(task)
    number, work = 0, 0.0
    while (trial := strategy.ask(number)) is not None:
        number += 1
        rung = task.rungs[trial.rung]
        work += rung.work / task.rungs[-1].work
        true = score_of(Trial(number=0, point=trial.point, rung=trial.rung + 3 - len(task.rungs)))
        if trial.rung == task.last_rung and true >= goal:
            return work
        luck = float(np.random.default_rng((task.seed, number)).normal()) * noise
        strategy.tell(trial, Outcome(score=true + luck))
    return float("inf")
