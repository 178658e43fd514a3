"""The interface of a strategy, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from wakeling.errors import WakelingError
from wakeling.search.domain import Costs, Domain
from wakeling.search.trial import Outcome, Rung, Trial

SCORE = "score"
"""The objective that is maximized; every other objective is a cost and is minimized."""


Effort = Callable[[Costs], float]
"""How many times longer than a typical network one with these costs trains, by a rule that stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a strategy is to do: search `domain` with as much work as `trainings` full trainings.

    A full training is one of the last of `rungs`; shorter ones count by their share of work. With
    `effort`, so does a network that trains slower or faster than a typical one: it maps costs to the
    time of a training over that of a typical network's.
    `objectives` is `("score",)`, or the score and costs by their names for a front of several.
    """

    domain: Domain
    rungs: tuple[Rung, ...]
    trainings: int
    seed: int
    objectives: tuple[str, ...] = (SCORE,)
    effort: Effort | None = None

    def __post_init__(self) -> None:
        if not self.rungs or list(self.rungs) != sorted(self.rungs, key=lambda rung: rung.work):
            raise WakelingError(f"rungs must be growing amounts of training; given {self.rungs}")
        if self.trainings < 1:
            raise WakelingError(f"a search of {self.trainings} trainings finds nothing; give at least 1")
        if self.objectives[:1] != (SCORE,) or len(set(self.objectives)) != len(self.objectives):
            raise WakelingError(f"objectives are {self.objectives}; the first must be {SCORE!r}, none twice")

    @property
    def whole_work(self) -> float:
        """All the work of the task, in epochs of a typical network at full resolution."""
        return self.trainings * self.rungs[-1].work

    @property
    def least_work(self) -> float:
        """The least that a trial can take; 0 where some networks may train in no time."""
        return self.rungs[0].work if self.effort is None else 0.0

    def work_of(self, trial: Trial) -> float:
        """The work of a trial, in epochs of a typical network at full resolution."""
        work = self.rungs[trial.rung].work
        return work if self.effort is None else work * self.effort(self.domain.costs(trial.point))

    @property
    def last_rung(self) -> int:
        """The number of the rung that is a full training."""
        return len(self.rungs) - 1


class Strategy(Protocol):
    """Chooses trials. It depends on nothing but its task and what it was told.

    Random numbers come from `(task.seed, number)`, never from a state, so that telling a fresh
    strategy what a study holds resumes it, in this process or in another.
    """

    def ask(self, number: int, running: Sequence[Trial] = ()) -> Trial | None:
        """The trial of this number, or None when there is nothing (more) to start.

        Asking twice without telling gives the same trial. `running` are the trials that were asked
        for and not yet told (by any worker); a strategy that must wait for them answers None, and
        is asked again.
        """
        ...

    def tell(self, trial: Trial, outcome: Outcome) -> None:
        """What came of a trial; trials are told once each, in any order."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether the whole task's work is told."""
        ...

    @property
    def total(self) -> int:
        """How many trials the whole search takes, as far as it is known beforehand."""
        ...

    def best(self) -> Trial:
        """The trial whose network to train fully: the best score on the longest rung that was told.

        Raises WakelingError before anything was told.
        """
        ...
