"""A search's progress on stderr: the best so far, what runs, what failed, the time left by work.

On a terminal bars move; anywhere else a line appears for each new best, each failure and each tenth of
the work. `DesignProgress.search` makes one that draws among a run's other bars.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from wakeling.units import format_duration

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from wakeling.search.strategies import Task
    from wakeling.search.trial import Trial, TrialRecord

MOST_BARS = 4
"""Running trials that have a bar of their own."""

MOST_FAILURES = 5
"""Failed trials that have a line of their own; the others are only counted."""

_TENTHS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a search stands. Work is counted as its task does, in epochs at full resolution.

    `work_before` was done before this process began, at the pace of `seconds_before` for all of it.
    """

    whole_work: float
    work: float = 0.0
    work_before: float = 0.0
    seconds_before: float = 0.0
    trials: int = 0
    failed: int = 0
    best: TrialRecord | None = None

    @property
    def share(self) -> float:
        """The part of the work that is done, 0 to 1."""
        return min(1.0, self.work / self.whole_work)


def standing_before(task: Task, records: Iterable[TrialRecord] = ()) -> Standing:
    """The standing of a search that is to do the work of `task`.

    `records` are the trials that an earlier run of it has finished.
    """
    known = tuple(records)
    standing = Standing(whole_work=task.whole_work)
    for record in known:
        standing = after(standing, record, task)
    return replace(
        standing, work_before=standing.work, seconds_before=sum(record.seconds for record in known)
    )


def after(standing: Standing, record: TrialRecord, task: Task) -> Standing:
    """The standing once a trial has finished."""
    return replace(
        standing,
        work=standing.work + task.work_of(record.trial),
        trials=standing.trials + 1,
        failed=standing.failed + bool(record.outcome.error),
        best=record if _is_better(record, standing.best) else standing.best,
    )


def seconds_left(standing: Standing, elapsed_seconds: float, running_work: float = 0.0) -> float | None:
    """The time that the rest will take at the pace until now; None before anything was done.

    `elapsed_seconds` is the time on the clock since this process began, `running_work` the part of
    the trials in flight that is done.
    """
    here = standing.work - standing.work_before + running_work
    rest = max(0.0, standing.whole_work - standing.work - running_work)
    if here > 0:
        return rest * elapsed_seconds / here
    if standing.work_before > 0:
        return rest * standing.seconds_before / standing.work_before
    return None


def _is_better(record: TrialRecord, best: TrialRecord | None) -> bool:
    """A longer training counts before a better score, since scores of unequal training cannot be compared."""
    if record.outcome.error:
        return False
    if best is None:
        return True
    return (record.trial.rung, record.outcome.score) > (best.trial.rung, best.outcome.score)


class SearchProgress:
    """Draws a search; `finished` fits `run_search`'s `on_record`, `step` an executor's listener.

    `task` says the work to do, `trials` how many trials that makes, where it is known, and `records`
    what an earlier run has finished.
    """

    def __init__(
        self,
        bar: Progress,
        task: Task,
        *,
        trials: int | None = None,
        records: Iterable[TrialRecord] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bar = bar
        self._task = task
        self._trials = trials
        self._clock = clock
        self._standing = standing_before(task, records)
        self._began = clock()
        self._whole: TaskID | None = None
        self._running: dict[int, TaskID | None] = {}
        self._running_work: dict[int, float] = {}

    def __enter__(self) -> Self:
        self._began = self._clock()
        if not self._bar.disable:
            self._whole = self._bar.add_task("search", total=self._standing.whole_work, count="", left="")
            self._draw()
        if self._standing.trials:
            self._print(f"goes on after {self._counted()}{self._best_words(', best ')}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in [*self._running.values(), self._whole]:
            if task is not None:
                self._bar.remove_task(task)
        self._running.clear()
        self._whole = None

    @property
    def standing(self) -> Standing:
        """Where the search stands."""
        return self._standing

    def step(self, trial: Trial, step: int, score: float) -> None:
        """A running trial has done `step` of its epochs."""
        rung = self._task.rungs[trial.rung]
        self._running_work[trial.number] = min(1.0, step / rung.epochs) * self._task.work_of(trial)
        if self._bar.disable:
            return
        if trial.number not in self._running:
            is_drawn = sum(task is not None for task in self._running.values()) < MOST_BARS
            words = f"  trial {trial.number}"
            self._running[trial.number] = self._bar.add_task(words, total=rung.epochs) if is_drawn else None
        task = self._running[trial.number]
        if task is not None:
            words = f"  trial {trial.number}, {_score(score)} so far"
            self._bar.update(task, description=words, completed=min(step, rung.epochs))
        self._draw()

    def finished(self, record: TrialRecord) -> None:
        """A trial has finished, here or in another process of the same search."""
        before = self._standing
        self._standing = after(before, record, self._task)
        self._running_work.pop(record.trial.number, None)
        task = self._running.pop(record.trial.number, None)
        if task is not None:
            self._bar.remove_task(task)
        if record.outcome.error and self._standing.failed <= MOST_FAILURES:
            self._print(f"trial {record.trial.number} failed ({record.network}): {record.outcome.error}")
            if self._standing.failed == MOST_FAILURES:
                self._print("further failures are only counted")
        if self._standing.best is record:
            self._print(f"best so far: {self._best_words()}")
        if self._bar.disable and int(_TENTHS * before.share) < int(_TENTHS * self._standing.share):
            self._print(
                f"{100 * self._standing.share:.0f} % of the work, {self._counted()}{self._left(', ')}"
            )
        self._draw()

    def _draw(self) -> None:
        if self._whole is not None:
            self._bar.update(
                self._whole,
                description=f"search{self._best_score(', best ')}",
                completed=self._standing.work + sum(self._running_work.values()),
                count=self._counted(),
                left=self._left(),
            )

    def _counted(self) -> str:
        standing = self._standing
        of = f" of {self._trials}" if self._trials is not None else ""
        failed = f", {standing.failed} failed" if standing.failed else ""
        return f"{standing.trials}{of} trials{failed}"

    def _best_score(self, before: str) -> str:
        best = self._standing.best
        return "" if best is None else f"{before}{_score(best.outcome.score)}"

    def _best_words(self, before: str = "") -> str:
        best = self._standing.best
        if best is None:
            return ""
        epochs = f"{best.epochs} epoch" + ("s" if best.epochs != 1 else "")
        number = best.trial.number
        return f"{before}{_score(best.outcome.score)} {best.network} (trial {number}, {epochs})"

    def _left(self, before: str = "") -> str:
        elapsed = self._clock() - self._began
        left = seconds_left(self._standing, elapsed, sum(self._running_work.values()))
        return "" if left is None else f"{before}{format_duration(left)} left"

    def _print(self, line: str) -> None:
        self._bar.console.print(f"  {line}", markup=False, highlight=False)


def _score(score: float) -> str:
    return f"{100 * score:.1f} %" if 0.0 <= score <= 1.0 else f"{score:.4g}"
