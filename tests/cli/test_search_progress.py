"""What a search's progress says: the best, failures, work done, and time left by work."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from wakeling.cli import progress as design_progress
from wakeling.cli.progress import DesignProgress
from wakeling.cli.search_progress import MOST_FAILURES, after, seconds_left, standing_before
from wakeling.search.domain import ListedDomain
from wakeling.search.space import GridSpace
from wakeling.search.strategies import Task
from wakeling.search.trial import Outcome, Rung, Trial, TrialRecord

RUNGS = (Rung(epochs=1), Rung(epochs=4))
SPACE = GridSpace(families=("mobilenet_v1",), alphas=(0.25,), resolutions=(48,), channels=(1, 3), depths=(1,))


def task(trainings, effort=None):
    costs = {point: {"macs": 1.0 + point[3]} for point in ((0, 0, 0, 0, 0), (0, 0, 0, 1, 0))}
    domain = ListedDomain(SPACE, costs)
    return Task(domain=domain, rungs=RUNGS, trainings=trainings, seed=1, effort=effort)


def record(number, score=0.5, rung=0, *, error="", seconds=10.0, network=None):
    return TrialRecord(
        trial=Trial(number=number, point=(number,), rung=rung),
        outcome=Outcome(score=0.0 if error else score, error=error),
        network=network or f"net{number}",
        epochs=RUNGS[rung].epochs,
        costs={},
        seed=0,
        seconds=seconds,
    )


def lines(capsys, records, *, trainings=5, known=(), trials=None):
    with (
        DesignProgress() as progress,
        progress.search(task(trainings), trials=trials, records=known) as search,
    ):
        for one in records:
            search.step(one.trial, 1, 0.4)
            search.finished(one)
    return [line.strip() for line in capsys.readouterr().err.splitlines()]


def test_each_new_best_has_its_line_and_a_longer_training_counts_first(capsys):
    said = lines(
        capsys, [record(0, 0.6), record(1, 0.5), record(2, 0.55, rung=1), record(3, 0.9)], trainings=100
    )
    assert said == [
        "best so far: 60.0 % net0 (trial 0, 1 epoch)",
        "best so far: 55.0 % net2 (trial 2, 4 epochs)",
    ]


def test_a_failure_says_why_and_many_are_only_counted(capsys):
    said = lines(capsys, [record(number, error="loss is nan") for number in range(9)], trainings=100)
    assert said[0] == "trial 0 failed (net0): loss is nan"
    assert len(said) == MOST_FAILURES + 1
    assert said[-1] == "further failures are only counted"


def test_without_a_terminal_each_tenth_of_the_work_has_a_line_however_many_the_trials(capsys):
    same = [record(number, 0.5) for number in range(400)]
    said = lines(capsys, same, trainings=100, trials=400)
    assert len(said) == 1 + 10
    assert said[1].startswith("10 % of the work, 40 of 400 trials, ")
    assert said[-1].startswith("100 % of the work, 400 of 400 trials, ")
    assert said[-1].endswith(" left")


def test_a_search_that_goes_on_says_what_it_has(capsys):
    said = lines(capsys, [], known=[record(0, 0.7), record(1, error="x")])
    assert said == ["goes on after 2 trials, 1 failed, best 70.0 % net0 (trial 0, 1 epoch)"]


def test_names_are_text_and_no_markup(capsys):
    said = lines(capsys, [record(0, 0.5, network="net[/bold]")], trainings=100)
    assert "net[/bold]" in said[0]


def test_the_time_left_counts_work_and_not_trials():
    standing = standing_before(task(2))  # 8 epochs
    assert seconds_left(standing, 5.0) is None
    standing = after(standing, record(0), task(2))
    assert seconds_left(standing, 10.0) == pytest.approx(70.0)
    standing = after(standing, record(1, rung=1), task(2))
    assert seconds_left(standing, 50.0) == pytest.approx(30.0)
    assert seconds_left(standing, 60.0, running_work=1.0) == pytest.approx(20.0)


def test_a_resumed_search_starts_with_the_earlier_pace_and_then_takes_its_own():
    standing = standing_before(task(2), [record(0, seconds=20.0), record(1, seconds=20.0)])
    assert (standing.trials, standing.work) == (2, 2.0)
    assert seconds_left(standing, 0.0) == pytest.approx(6 * 20.0)
    assert seconds_left(after(standing, record(2), task(2)), 5.0) == pytest.approx(5 * 5.0)


def test_a_network_that_trains_slowly_is_more_of_the_work():
    slow = task(2, effort=lambda costs: costs["macs"])  # RGB takes twice a gray network's time
    one = replace(record(0), trial=Trial(number=0, point=(0, 0, 0, 1, 0), rung=1))
    standing = after(standing_before(slow), one, slow)
    assert (standing.work, standing.share) == (8.0, 1.0)


def test_more_work_than_planned_leaves_no_time_and_no_more_than_all():
    standing = standing_before(task(1), [record(number, rung=1) for number in range(2)])
    assert standing.share == 1.0
    assert seconds_left(standing, 1.0) == 0.0


@pytest.fixture
def terminal(monkeypatch):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120, legacy_windows=False)
    monkeypatch.setattr(design_progress, "console", lambda **_: console)
    return screen


def test_on_a_terminal_the_bars_show_the_best_the_trials_and_the_running_one(terminal):
    with DesignProgress() as progress:
        progress.stage("Search")
        with progress.search(task(2), trials=6) as search:
            search.finished(record(0, 0.6))
            search.step(Trial(number=1, point=(1,), rung=1), 2, 0.71)
            progress._bar.refresh()
            shown = terminal.getvalue()
        progress.progress("photos", 1, 2)
    assert "search, best 60.0 %" in shown
    assert "1 of 6 trials" in shown
    assert "trial 1, 71.0 % so far" in shown
    assert "2/4" in shown
    assert " left" in shown


def test_an_interrupted_search_leaves_no_bar_behind(terminal):
    progress = DesignProgress()
    drawn = []

    def interrupted():
        with progress, progress.search(task(2)) as search:
            search.step(Trial(number=0, point=(0,), rung=0), 1, 0.5)
            drawn.extend(progress._bar.tasks)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(drawn) == 2
    assert progress._bar.tasks == []
