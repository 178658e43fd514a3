"""The search loop: ask, enter into the study, evaluate, enter the outcome, tell; the same for all strategies.

It serves one trial at a time or many, one process or several that share a study. Where trials run
is the executor's business.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from wakeling.errors import StudyAwayError
from wakeling.search.execution import Executor
from wakeling.search.strategies.strategy import Strategy, Task
from wakeling.search.study import Study
from wakeling.search.study_trials import TrialFacts, facts_of, record_of
from wakeling.search.trial import Trial, TrialRecord

POLL_SECONDS = 1.0
"""How often a process that waits for other processes looks into the study."""
AWAY_SECONDS = 300.0
"""How long a search waits for a server that went away: trainings in flight are worth more than that."""

Answer = TypeVar("Answer")


def run_search(
    strategy: Strategy,
    executor: Executor,
    study: Study,
    task: Task,
    *,
    provenance: Mapping[str, str] | None = None,
    on_record: Callable[[TrialRecord], None] | None = None,
    poll_seconds: float = POLL_SECONDS,
    away_seconds: float = AWAY_SECONDS,
) -> tuple[TrialRecord, ...]:
    """Run a fresh strategy to its end and return every record of the study, by number.

    What the study holds is told first; then come the trials that a dead process was at, with their
    own numbers, then new ones. `on_record` is called with each record that this process makes or
    learns of after that, once the study has it. `provenance` says where this runs (commit, machine,
    versions). A server that goes away is waited for, up to `away_seconds`.

    An exception of the evaluator (but for a failed training), of the study or of `on_record`, and
    Ctrl-C, end it at any point without harm: the same call with a fresh strategy goes on.
    """
    search = _Search(strategy, executor, study, task, dict(provenance or {}), away_seconds)
    executor.listen(search.report)
    search.learn()
    search.news.clear()
    while True:
        others = _patiently(search.fill_slots, away_seconds)
        search.announce(on_record)
        if search.in_flight:
            waits_for_others = others and len(search.in_flight) < executor.slots
            search.collect(poll_seconds if waits_for_others else None)
            search.announce(on_record)
        elif others and not strategy.is_over:
            time.sleep(poll_seconds)
        else:
            return study.records()


def _patiently(action: Callable[[], Answer], away_seconds: float) -> Answer:
    """The action's answer; while the study's server is away, it is tried again and again."""
    deadline = time.monotonic() + away_seconds
    pause_seconds = 0.5
    while True:
        try:
            return action()
        except StudyAwayError:
            if time.monotonic() + pause_seconds > deadline:
                raise
            time.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, 30.0)


@dataclass(slots=True)
class _Search:
    """What this process knows of the search while it runs."""

    strategy: Strategy
    executor: Executor
    study: Study
    task: Task
    provenance: Mapping[str, str]
    away_seconds: float
    told: set[int] = field(default_factory=set)
    in_flight: dict[int, TrialFacts] = field(default_factory=dict)
    news: list[TrialRecord] = field(default_factory=list)

    def learn(self) -> None:
        """Tell the strategy what the study holds and it was not told."""
        for record in self.study.records(without=self.told):
            self._tell(record)

    def announce(self, on_record: Callable[[TrialRecord], None] | None) -> None:
        """Call back with each record that was told since the last time."""
        while self.news:
            record = self.news.pop(0)
            if on_record:
                on_record(record)

    def report(self, trial: Trial, step: int, value: float) -> None:
        """A step of a trial of this process; not worth waiting for a server that is away."""
        with contextlib.suppress(StudyAwayError):
            self.study.report(trial.number, step, value)

    def fill_slots(self) -> bool:
        """Take over and start trials while there are slots; whether other processes run some."""
        free = self.executor.slots - len(self.in_flight)
        if free <= 0:
            return False
        with self.study.turn():
            if not self.study.is_alone:
                self.learn()
            abandoned = self.study.abandoned(self.in_flight)[:free]
            for trial in abandoned:
                self.study.adopt(trial)
                self._submit(trial, self._facts(trial))
            running = list(self.study.running())
            for _ in range(free - len(abandoned)):
                asked = self.strategy.ask(self.study.next_number, running)
                if asked is None:
                    break
                facts = self._facts(asked)
                self.study.start(asked, facts)
                self._submit(asked, facts)
                running.append(asked)
        return any(trial.number not in self.in_flight for trial in running)

    def collect(self, timeout_seconds: float | None) -> None:
        """Wait for trials of this process; enter them and tell the strategy."""
        for finished in self.executor.wait(timeout_seconds):
            facts = self.in_flight[finished.trial.number]
            record = record_of(finished.trial, facts, finished.outcome, finished.seconds, finished.worker)
            # where another process took it over, or the server went away as it said yes, it is learned
            if _patiently(partial(self.study.finish, record), self.away_seconds):
                self._tell(record)
            del self.in_flight[finished.trial.number]

    def _facts(self, trial: Trial) -> TrialFacts:
        return facts_of(self.task, trial, self.provenance)

    def _submit(self, trial: Trial, facts: TrialFacts) -> None:
        self.in_flight[trial.number] = facts
        self.executor.submit(trial)

    def _tell(self, record: TrialRecord) -> None:
        self.strategy.tell(record.trial, record.outcome)
        self.told.add(record.trial.number)
        self.news.append(record)
