"""The search loop: ask, enter into the study, evaluate, enter the outcome, tell; the same for all strategies.

It serves one trial at a time or many, one process or several that share a study. Where trials run
is the executor's business.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from wakeling.search.execution import Executor
from wakeling.search.strategies.strategy import Strategy, Task
from wakeling.search.study import Study
from wakeling.search.study_storage import StudyAwayError
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
    announce = on_record or (lambda _: None)
    executor.listen(lambda trial, step, value: study.report(trial.number, step, value))
    search.learn()
    while True:
        learned, others = _patiently(search.fill_slots, away_seconds)
        for record in learned:
            announce(record)
        if search.in_flight:
            waits_for_others = others and len(search.in_flight) < executor.slots
            for record in search.collect(poll_seconds if waits_for_others else None):
                announce(record)
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

    def learn(self) -> Sequence[TrialRecord]:
        """Tell the strategy what the study holds and it was not told; return that."""
        news = self.study.records(without=self.told)
        for record in news:
            self._tell(record)
        return news

    def fill_slots(self) -> tuple[Sequence[TrialRecord], bool]:
        """Take over and start trials while there are slots; what was learned, whether others run some."""
        free = self.executor.slots - len(self.in_flight)
        if free <= 0:
            return (), False
        with self.study.turn():
            learned = () if self.study.is_alone else self.learn()
            abandoned = self.study.abandoned(self.in_flight)[:free]
            for trial in abandoned:
                self.study.adopt(trial)
                self._submit(trial, self._facts(trial))
            running = list(self.study.running())
            for _ in range(free - len(abandoned)):
                trial_or_none = self.strategy.ask(self.study.next_number, running)
                if trial_or_none is None:
                    break
                facts = self._facts(trial_or_none)
                self.study.start(trial_or_none, facts)
                self._submit(trial_or_none, facts)
                running.append(trial_or_none)
        return learned, any(trial.number not in self.in_flight for trial in running)

    def collect(self, timeout_seconds: float | None) -> Sequence[TrialRecord]:
        """Wait for trials of this process; enter them and tell the strategy."""
        records = []
        for finished in self.executor.wait(timeout_seconds):
            facts = self.in_flight[finished.trial.number]
            record = record_of(finished.trial, facts, finished.outcome, finished.seconds, finished.worker)
            if _patiently(partial(self.study.finish, record), self.away_seconds):
                # else another process took it over, or the server went away as it said yes: it is learned
                self._tell(record)
                records.append(record)
            del self.in_flight[finished.trial.number]
        return records

    def _facts(self, trial: Trial) -> TrialFacts:
        return facts_of(self.task, trial, self.provenance)

    def _submit(self, trial: Trial, facts: TrialFacts) -> None:
        self.in_flight[trial.number] = facts
        self.executor.submit(trial)

    def _tell(self, record: TrialRecord) -> None:
        self.strategy.tell(record.trial, record.outcome)
        self.told.add(record.trial.number)
