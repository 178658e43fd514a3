"""A strategy of a chooser: keeps what was told, counts the work, knows when it is over."""

from __future__ import annotations

from collections.abc import Sequence

from wakeling.errors import WakelingError
from wakeling.search.strategies.past import Chooser, Past, Told
from wakeling.search.strategies.strategy import Task
from wakeling.search.trial import Outcome, Trial

_ROUNDING = 1e-9


class StatelessStrategy:
    """Asks `choose`, a function of what was told; the order of telling does not matter.

    `total` is the number of trials as far as it is known beforehand.
    """

    def __init__(self, task: Task, choose: Chooser, total: int) -> None:
        self.task = task
        self._choose = choose
        self._total = total
        self._told: dict[int, Told] = {}
        self._asked: tuple[int, tuple[Trial, ...], Trial | None] | None = None

    def ask(self, number: int, running: Sequence[Trial] = ()) -> Trial | None:
        """The trial of this number; None where no work is left or the running must end first."""
        others = tuple(trial for trial in running if trial.number not in (number, *self._told))
        if self._asked is None or self._asked[:2] != (number, others):
            self._asked = (number, others, self._chosen(number, others))
        return self._asked[2]

    def _chosen(self, number: int, running: tuple[Trial, ...]) -> Trial | None:
        told = tuple(self._told[number] for number in sorted(self._told))
        points = [trial.point for trial, _ in told] + [trial.point for trial in running]
        past = Past(task=self.task, told=told, running=running, taken=frozenset(points))
        if past.work_left < max(self.task.least_work - _ROUNDING, _ROUNDING):
            return None
        trial = self._choose(past, number)
        if trial is None or self.task.work_of(trial) > past.work_left + _ROUNDING:
            return None
        return trial

    def tell(self, trial: Trial, outcome: Outcome) -> None:
        """Record an outcome; raises WakelingError for a number that was told before."""
        if trial.number in self._told:
            raise WakelingError(f"trial {trial.number} was told before; tell each trial once")
        if not 0 <= trial.rung <= self.task.last_rung:
            allowed = f"this search has rungs 0 to {self.task.last_rung}"
            raise WakelingError(f"trial {trial.number} is of rung {trial.rung}; {allowed}")
        self._told[trial.number] = (trial, outcome)
        self._asked = None

    @property
    def is_over(self) -> bool:
        """Whether nothing could start any more, given what was told."""
        return bool(self._told) and self.ask(max(self._told) + 1) is None

    @property
    def total(self) -> int:
        """How many trials the whole search takes, as far as it is known beforehand."""
        return self._total

    def best(self) -> Trial:
        """The best score on the longest rung that was told; failed trials only where all failed.

        Of equal ones the earliest. Raises WakelingError before anything was told.
        """
        if not self._told:
            raise WakelingError("no trial was told yet; there is no best one")
        told = [self._told[number] for number in sorted(self._told)]
        sound = [(trial, outcome) for trial, outcome in told if not outcome.error] or told
        longest = max(trial.rung for trial, _ in sound)
        return max(
            ((trial, outcome) for trial, outcome in sound if trial.rung == longest),
            key=lambda pair: pair[1].score,
        )[0]
