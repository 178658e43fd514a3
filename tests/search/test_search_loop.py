from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.search.execution import climbing
from wakeling.errors import DataError, DivergedError
from wakeling.search.execution import Finished, Listener, Serial, run_evaluation
from wakeling.search.search_loop import run_search
from wakeling.search.study_trials import facts_of
from wakeling.search.trial import Outcome, Trial, TrialRecord


def test_records_are_what_the_evaluator_computes(tmp_path: Path) -> None:
    seen: list[TrialRecord] = []
    with climbing.open_climb(tmp_path / "study.db") as study:
        records = climbing.climb(study, provenance={"commit": "abc"}, on_record=seen.append)
    assert list(records) == seen
    assert [record.trial.number for record in records] == list(range(6))
    for record in records:
        assert record.outcome == climbing.evaluate(record.trial)
        assert record.network == climbing.SPACE.network(record.trial.point).name
        assert record.costs == climbing.domain().costs(record.trial.point)
        assert (record.epochs, record.seed, record.provenance) == (4, 3, {"commit": "abc"})
        assert record.seconds > 0
        assert record.worker
    assert len({record.trial.point for record in records}) > 1


def test_a_second_run_trains_nothing(tmp_path: Path) -> None:
    with climbing.open_climb(tmp_path / "study.db") as study:
        first = climbing.climb(study)
    with climbing.open_climb(tmp_path / "study.db") as study, Serial(_never) as executor:
        task = climbing.task()
        assert run_search(climbing.Climbing(task), executor, study, task, on_record=_unannounced) == first


def _never(trial: Trial) -> Outcome:
    raise AssertionError("evaluated again")


def _unannounced(record: TrialRecord) -> None:
    raise AssertionError("of an earlier run")


@pytest.mark.parametrize("where", ["evaluate", "after the study has it"])
def test_ctrl_c_ends_it_and_the_same_call_goes_on(tmp_path: Path, where: str) -> None:
    """In a new process, and (in a notebook) with the same open study."""

    def interrupted(trial: Trial) -> Outcome:
        if trial.number == 2 and where == "evaluate":
            raise KeyboardInterrupt
        return climbing.evaluate(trial)

    def on_record(record: TrialRecord) -> None:
        if record.trial.number == 2:
            raise KeyboardInterrupt

    with climbing.open_climb(tmp_path / "whole.db") as study:
        whole = climbing.climb(study)
    task = climbing.task()
    with climbing.open_climb(tmp_path / "study.db") as study:
        with pytest.raises(KeyboardInterrupt), Serial(interrupted) as executor:
            run_search(climbing.Climbing(task), executor, study, task, on_record=on_record)
        assert [trial.number for trial in study.running()] == ([2] if where == "evaluate" else [])
        again = climbing.climb(study)
    assert climbing.timeless(again) == climbing.timeless(whole)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (DivergedError("the loss is nan\nin epoch 3"), "the loss is nan in epoch 3"),
        (MemoryError(), "MemoryError"),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory"), "CUDA out of memory"),
    ],
)
def test_a_failed_training_scores_nothing_and_the_search_goes_on(
    tmp_path: Path, error: Exception, told: str
) -> None:
    def evaluate(trial: Trial) -> Outcome:
        if trial.number == 1:
            raise error
        return climbing.evaluate(trial)

    task = climbing.task(3)
    with climbing.open_climb(tmp_path / "study.db", 3) as study, Serial(evaluate) as executor:
        records = run_search(climbing.Climbing(task), executor, study, task)
    assert [record.outcome.error for record in records] == ["", told, ""]
    assert records[1].outcome.score == 0


def test_a_score_that_is_no_number_is_a_failed_training() -> None:
    trial = Trial(number=0, point=climbing.POINTS[0], rung=0)
    outcome = run_evaluation(lambda _: Outcome(score=float("nan"), measures={"auc": 0.5}), trial).outcome
    assert outcome == Outcome(score=0.0, measures={"auc": 0.5}, error="the score is nan")


def test_a_fault_of_the_program_ends_the_search_and_the_trial_is_tried_again(tmp_path: Path) -> None:
    def evaluate(trial: Trial) -> Outcome:
        raise DataError("photos are gone")

    task = climbing.task()
    with climbing.open_climb(tmp_path / "study.db") as study:
        with pytest.raises(DataError, match="photos are gone"), Serial(evaluate) as executor:
            run_search(climbing.Climbing(task), executor, study, task)
        assert study.records() == ()
    with climbing.open_climb(tmp_path / "study.db") as study:
        assert len(climbing.climb(study)) == 6


class Backwards:
    """Three slots; of the trials in flight, the one that was started last ends first."""

    slots = 3

    def __init__(self) -> None:
        self.in_flight: list[Trial] = []
        self.most = 0

    def listen(self, listener: Listener) -> None:
        pass

    def submit(self, trial: Trial) -> None:
        self.in_flight.append(trial)
        self.most = max(self.most, len(self.in_flight))

    def wait(self, timeout_seconds: float | None = None) -> tuple[Finished, ...]:
        return (run_evaluation(climbing.evaluate, self.in_flight.pop()),)

    def __enter__(self) -> Backwards:
        return self

    def __exit__(self, *raised: object) -> None:
        pass


def test_many_slots_are_kept_full_and_each_trial_is_recorded_once(tmp_path: Path) -> None:
    task = climbing.task(11)
    seen: list[int] = []
    executor = Backwards()
    with climbing.open_climb(tmp_path / "study.db", 11) as study:
        records = run_search(
            climbing.Climbing(task),
            executor,
            study,
            task,
            on_record=lambda record: seen.append(record.trial.number),
        )
    assert executor.most == 3
    assert seen[0] == 2
    assert sorted(seen) == [record.trial.number for record in records] == list(range(11))


def test_several_trials_in_flight_are_taken_over_with_their_numbers_and_points(tmp_path: Path) -> None:
    task = climbing.task(5)
    strategy = climbing.Climbing(task)
    with climbing.open_climb(tmp_path / "study.db", 5) as study:
        started: list[Trial] = []
        for number in range(3):  # and then the process dies
            trial = strategy.ask(number, started)
            assert trial
            study.start(trial, facts_of(task, trial, {}))
            started.append(trial)
    with climbing.open_climb(tmp_path / "study.db", 5) as study:
        assert list(study.abandoned()) == started
        records = climbing.climb(study, 5)
    assert [record.trial for record in records[:3]] == started
    assert len(records) == 5


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, wakeling.search.execution, wakeling.search.search_loop, wakeling.search.study; "
        "print([name for name in ('optuna', 'ray', 'sqlalchemy', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def _killed(folder: Path, step: int) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.search.execution.killed", str(folder), "5", str(step)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_killed_at_any_moment_it_ends_with_the_same_records(tmp_path: Path) -> None:
    answer = _killed(tmp_path, 90)
    assert answer["kills"] > 6  # type: ignore[operator]
    assert answer["same"] is True


@pytest.mark.slow
def test_killed_at_every_third_statement_it_ends_with_the_same_records(tmp_path: Path) -> None:
    answer = _killed(tmp_path, 3)
    assert answer["kills"] > 100  # type: ignore[operator]
    assert answer["same"] is True
