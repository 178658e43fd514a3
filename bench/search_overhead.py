"""What a trial costs beside its training: ask, enter into the study, send, take back, enter, tell.

    python bench/search_overhead.py --sizes 10 100 1000 --json results/search-overhead.json

A training that takes no time is searched for with the space `mcunet`, at studies that hold so many
trials already (or a few more): on an SQLite file, on a local Ray cluster with the same file, on a PostgreSQL
server that this program starts and throws away (Debian's; left out where it is not installed).
Medians of --trials trials, the processor time of this process among it (other programs do not
disturb that), and the time to open such a study and to learn all of it.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from wakeling.cli.circumstances import git_commit, machine
from wakeling.search.domain import ListedDomain
from wakeling.search.execution import Executor, RayCluster, Serial
from wakeling.search.search_loop import run_search
from wakeling.search.space import Point, load_space
from wakeling.search.strategies.strategy import Task
from wakeling.search.study import open_study
from wakeling.search.study_trials import facts_of, record_of
from wakeling.search.trial import Outcome, Rung, Trial, TrialRecord

# a server for a while is the tests' business
sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.search.execution import postgresql

COSTS = {"macs": 1e6, "parameters": 1e5, "ram_bytes": 6e4, "flash_bytes": 1e5, "latency_ms": 80.0}
PROVENANCE = {"commit": "0123456789ab", "machine": "a machine", "versions": "python, torch, wakeling"}


def evaluate(trial: Trial) -> Outcome:
    """A training that takes no time."""
    return Outcome(score=0.5, measures={"auc": 0.5, "loss": 0.7})


@dataclass(slots=True)
class Sampling:
    """Random points: the time to choose is each strategy's own and not measured here."""

    task: Task
    told: set[int] = field(default_factory=set)

    def ask(self, number: int, running: Sequence[Trial] = ()) -> Trial | None:
        """A point at random."""
        if number >= self.task.trainings:
            return None
        point = self.task.domain.sample(np.random.default_rng((self.task.seed, number)))
        return Trial(number=number, point=point, rung=0)

    def tell(self, trial: Trial, outcome: Outcome) -> None:
        """Note it."""
        self.told.add(trial.number)

    @property
    def is_over(self) -> bool:
        """Whether all is told."""
        return len(self.told) >= self.task.trainings

    @property
    def total(self) -> int:
        """All trials."""
        return self.task.trainings

    def best(self) -> Trial:
        """Nobody asks."""
        raise NotImplementedError


def task_of(trainings: int) -> Task:
    space = load_space("mcunet")
    random = np.random.default_rng(1)
    points: set[Point] = set()
    while len(points) < 2000:
        chosen = tuple(int(random.integers(len(parameter.choices))) for parameter in space.parameters)
        points.add(space.canonical(chosen))
    domain = ListedDomain(space, dict.fromkeys(sorted(points), COSTS))
    return Task(domain=domain, rungs=(Rung(epochs=10),), trainings=trainings, seed=1)


def fill(storage: str | Path, task: Task) -> int:
    """Bring a study to as many finished trials as the task has; how many it has then."""
    strategy = Sampling(task)
    with open_study(storage, task=task, strategy="sampling") as study:
        with study.turn():
            first = study.next_number
        for number in range(first, task.trainings):
            trial = strategy.ask(number)
            assert trial
            facts = facts_of(task, trial, PROVENANCE)
            study.start(trial, facts)
            study.finish(record_of(trial, facts, evaluate(trial), 1.0, "host:1"))
        return study.next_number


def measure(
    storage: str | Path, make_executor: Callable[[], Executor], size: int, trials: int
) -> dict[str, Any]:
    """Milliseconds a trial at a study of this size, and seconds to open and learn it."""
    size = fill(storage, task_of(size))
    task = task_of(size + trials)
    times: list[float] = []

    def note(record: TrialRecord) -> None:
        times.append(time.perf_counter())

    with make_executor() as executor:
        slots = executor.slots
        began = time.perf_counter()
        with open_study(storage, task=task, strategy="sampling") as study:
            opened = time.perf_counter()
            records = study.records()
            learned = time.perf_counter()
            working = time.process_time()
            run_search(Sampling(task), executor, study, task, provenance=PROVENANCE, on_record=note)
            worked = time.process_time() - working
    assert len(records) == size
    assert len(times) == trials
    between = [(after - before) * 1e3 for before, after in itertools.pairwise(times)]
    return {
        "size": size,
        "slots": slots,
        "trials": trials,
        "ms_per_trial": round(statistics.median(between), 1),
        "ms_per_trial_mean": round(statistics.fmean(between), 1),
        "cpu_ms_per_trial": round(worked / trials * 1e3, 1),
        "open_s": round(opened - began, 3),
        "learn_s": round(learned - opened, 3),
    }


@contextlib.contextmanager
def places(folder: Path) -> Iterator[dict[str, tuple[str | Path, Callable[[], Executor]]]]:
    """Where and how: the name of each, its storage for a size, its executor."""
    found: dict[str, tuple[str | Path, Callable[[], Executor]]] = {
        "SQLite, serial": (folder / "study.db", lambda: Serial(evaluate)),
        "SQLite, Ray local": (
            folder / "study.db",
            lambda: RayCluster(evaluate, address="local"),
        ),
    }
    if postgresql.installed() is None:
        yield found
        return
    with postgresql.server(durable=True) as server:
        found["PostgreSQL, serial"] = (
            server.make_database("overhead"),
            lambda: Serial(evaluate),
        )
        yield found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    print(f"{'where':<20}{'trials held':>12}{'ms a trial':>12}{'of CPU':>8}{'open, s':>9}{'learn, s':>10}")
    with (
        tempfile.TemporaryDirectory(prefix="wakeling-", dir=Path.cwd()) as folder,
        places(Path(folder)) as found,
    ):
        for size in arguments.sizes:
            for name, (storage, executor) in found.items():
                row = {"where": name, **measure(storage, executor, size, arguments.trials)}
                rows.append(row)
                print(
                    f"{name:<20}{row['size']:>12}{row['ms_per_trial']:>12}{row['cpu_ms_per_trial']:>8}"
                    f"{row['open_s']:>9}{row['learn_s']:>10}",
                    flush=True,
                )
    if arguments.json:
        about = {"commit": git_commit(), "machine": machine(), "space": "mcunet", "rows": rows}
        arguments.json.write_text(json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    main()
