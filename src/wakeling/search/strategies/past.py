"""What a strategy knows when it chooses: its task, the told trials by number, the running ones.

A chooser is a function of it; `stateless` makes a strategy of a chooser.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from wakeling.search.front import FloatArray, goodness, preference
from wakeling.search.space import Point
from wakeling.search.strategies.strategy import Task
from wakeling.search.trial import Outcome, Trial

Told = tuple[Trial, Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The told trials by number, those that run, and the points that either of them took.

    `told` holds what is comparable to learn from; a strategy of several rungs narrows it for the
    proposer that it asks, while `taken` stays complete.
    """

    task: Task
    told: tuple[Told, ...]
    running: tuple[Trial, ...]
    taken: frozenset[Point]

    @property
    def sound(self) -> tuple[Told, ...]:
        """The told trials that did not fail."""
        return tuple((trial, outcome) for trial, outcome in self.told if not outcome.error)

    @property
    def started(self) -> tuple[Trial, ...]:
        """Every trial that was asked for, by number."""
        trials = [trial for trial, _ in self.told] + list(self.running)
        return tuple(sorted(trials, key=lambda trial: trial.number))

    @property
    def work_left(self) -> float:
        """Work of the task that is neither told nor running, as `Task.work_of` counts it."""
        return self.task.whole_work - sum(self.task.work_of(trial) for trial in self.started)

    def narrowed(self, told: tuple[Told, ...]) -> Past:
        """The same past with fewer trials to learn from."""
        return replace(self, told=told)


Chooser = Callable[[Past, int], Trial | None]
"""(what is known, the number of the new trial) -> the trial, or None where there is none to start.

It depends on nothing else; random numbers come from `generator`.
"""


def generator(task: Task, number: int, purpose: int = 0) -> np.random.Generator:
    """The random numbers of one trial of one task; `purpose` sets further streams apart."""
    return np.random.default_rng((task.seed % 2**63, number, purpose))


def goods_of(task: Task, told: tuple[Told, ...]) -> FloatArray:
    """The objectives of told trials, (trials, objectives), as numbers to maximize."""
    rows = [
        goodness(outcome.score, task.domain.costs(trial.point), task.objectives) for trial, outcome in told
    ]
    return np.array(rows, np.float64).reshape(len(told), len(task.objectives))


def best_first(task: Task, told: tuple[Told, ...]) -> list[Told]:
    """Told trials, best first: by score, or by fronts where there are several objectives."""
    return [told[row] for row in preference(goods_of(task, told))]
