"""A small search for tests: 60 networks, scores in closed form, a strategy that learns from them."""

from __future__ import annotations

import itertools
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import sqlalchemy

from wakeling.search.domain import ListedDomain
from wakeling.search.execution import Serial, report_step
from wakeling.search.search_loop import run_search
from wakeling.search.space import Head, Point, Stage, StagedSpace, Stem
from wakeling.search.strategies.strategy import Task
from wakeling.search.study import Study, open_study
from wakeling.search.trial import Outcome, Rung, Trial, TrialRecord


@sqlalchemy.event.listens_for(sqlalchemy.Engine, "connect")
def _do_not_wait_for_the_disk(connection: object, _record: object) -> None:
    """Tests kill processes, never the power: without waiting for the disk they are ten times faster."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("pragma synchronous = off")


SPACE = StagedSpace(
    name="hill",
    resolutions=(32, 40, 48, 56, 64),
    widths=(0.5, 1.0),
    stem=Stem(filters=(8,)),
    stages=(Stage(block=("standard_conv", "depthwise_separable"), filters=(8, 16, 24)),),
    head=Head(filters=(0,)),
)
POINTS = sorted(
    {
        SPACE.canonical(point)
        for point in itertools.product(*(range(len(p.choices)) for p in SPACE.parameters))
    }
)


def domain() -> ListedDomain:
    return ListedDomain(
        SPACE, {point: {"macs": 1000 * sum(point) + 7, "ram_bytes": 0.1 + sum(point)} for point in POINTS}
    )


def task(trainings: int = 6, **changes: object) -> Task:
    made = Task(domain=domain(), rungs=(Rung(epochs=2), Rung(epochs=4)), trainings=trainings, seed=3)
    return replace(made, **changes)  # type: ignore[arg-type]


def score(point: Point) -> float:
    return 1 / (3 + sum((index - 1.3) ** 2 for index in point))


def evaluate(trial: Trial) -> Outcome:
    report_step(1, score(trial.point) / 2)
    report_step(2, score(trial.point))
    return Outcome(score=score(trial.point), measures={"auc": 0.1 + score(trial.point) / 3})


@dataclass(slots=True)
class Climbing:
    """Half the time a neighbor of the best so far, else any point; all it knows is what it was told."""

    task: Task
    told: dict[int, tuple[Trial, Outcome]] = field(default_factory=dict)

    def ask(self, number: int, running: Sequence[Trial] = ()) -> Trial | None:
        if len(self.told) + len(running) >= self.task.trainings:
            return None
        random = np.random.default_rng((self.task.seed, number))
        if not self.told or random.random() < 0.3:
            return Trial(number=number, point=self.task.domain.sample(random), rung=1)
        best = self.best()
        point = list(best.point)
        place = int(random.choice([0, 2, 7, 9]))
        point[place] = int(random.integers(len(SPACE.parameters[place].choices)))
        return Trial(
            number=number,
            point=self.task.domain.repair(tuple(point), random),
            rung=1,
            parents=(best.number,),
            how="mutation",
        )

    def tell(self, trial: Trial, outcome: Outcome) -> None:
        assert trial.number not in self.told, "told twice"
        self.told[trial.number] = (trial, outcome)

    @property
    def is_over(self) -> bool:
        return len(self.told) >= self.task.trainings

    @property
    def total(self) -> int:
        return self.task.trainings

    def best(self) -> Trial:
        return max(self.told.values(), key=lambda told: (told[1].score, -told[0].number))[0]


def open_climb(storage: object, trainings: int = 6, **more: object) -> Study:
    return open_study(storage, task=task(trainings), strategy="climbing", **more)  # type: ignore[arg-type]


def climb(study: Study, trainings: int = 6, **more: object) -> tuple[TrialRecord, ...]:
    """The whole search, one trial after the other."""
    with Serial(evaluate) as executor:
        return run_search(Climbing(task(trainings)), executor, study, task(trainings), **more)  # type: ignore[arg-type]


def timeless(records: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Records without what differs between two runs."""
    return [replace(record, seconds=0.0, worker="") for record in records]


def nap(trial: Trial) -> Outcome:
    """Takes a moment, so that others get a trial too."""
    time.sleep(0.05)
    return evaluate(trial)
