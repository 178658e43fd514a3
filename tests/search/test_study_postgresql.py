"""Several processes on one study, on a real PostgreSQL server."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.search.execution import climbing, postgresql
from wakeling.errors import RunError
from wakeling.search.study import read_records
from wakeling.search.study_storage import parse_storage
from wakeling.search.study_trials import facts_of, record_of
from wakeling.search.trial import Outcome, Trial, TrialRecord

TRAININGS = 14


@pytest.fixture(scope="module")
def server() -> Iterator[postgresql.Server]:
    with postgresql.server() as made:
        yield made


_WORKER = """
import os, signal, sys, time
from tests.search.execution import climbing
from wakeling.search.execution import Serial
from wakeling.search.search_loop import run_search

url, trainings, fatal = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

def evaluate(trial):
    if fatal and trial.number >= fatal:
        os.kill(os.getpid(), signal.SIGKILL)
    return climbing.nap(trial)

task = climbing.task(trainings)
with climbing.open_climb(url, trainings, patience_seconds=1.5) as study, Serial(evaluate) as executor:
    run_search(climbing.Climbing(task), executor, study, task, poll_seconds=0.1,
               on_record=lambda record: print(record.trial.number, record.worker, flush=True))
"""


def _worker(url: str, fatal: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _WORKER, url, str(TRAININGS), str(fatal)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_workers_share_a_search_and_one_is_killed_in_mid_trial(server: postgresql.Server) -> None:
    url = server.make_database("shared")
    workers = [_worker(url), _worker(url), _worker(url, fatal=4)]  # all at once: one makes the tables
    ends = [worker.communicate(timeout=120) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, -signal.SIGKILL]
    assert [error for _, error in ends] == ["", "", ""]
    records = read_records(url)
    assert [record.trial.number for record in records] == list(range(TRAININGS))
    for record in records:
        assert record.outcome == climbing.evaluate(record.trial)
    assert {record.worker.rpartition(":")[2] for record in records} >= {str(w.pid) for w in workers[:2]}
    for output, _ in ends[:2]:  # each learned of every trial, of the others' too, once
        numbers = [int(line.split()[0]) for line in output.splitlines()]
        assert len(numbers) == len(set(numbers)) > TRAININGS / 2


def test_one_worker_finds_what_one_on_sqlite_finds(server: postgresql.Server, tmp_path: Path) -> None:
    with climbing.open_climb(server.make_database("alone")) as study:
        there = climbing.climb(study)
    with climbing.open_climb(tmp_path / "study.db") as study:
        assert climbing.timeless(there) == climbing.timeless(climbing.climb(study))


def test_a_trial_of_a_living_process_is_left_to_it_and_of_a_silent_one_is_not(
    server: postgresql.Server,
) -> None:
    url = server.make_database("silent")
    task = climbing.task()
    trial = Trial(number=0, point=climbing.POINTS[4], rung=1)
    with (
        climbing.open_climb(url, patience_seconds=0.6) as slow,
        climbing.open_climb(url, patience_seconds=0.6) as other,
    ):
        with slow.turn():
            slow.start(trial, facts_of(task, trial, {}))
        time.sleep(1.0)  # it signs every 0.1 seconds
        assert other.abandoned() == ()
        slow._owners._closing.set()  # as if its machine were stuck
        time.sleep(1.0)
        assert other.abandoned() == (trial,)
        with other.turn():
            other.adopt(trial)
        facts = facts_of(task, trial, {})
        late = record_of(trial, facts, Outcome(score=0.25), 1.0, "slow")
        assert not slow.finish(late)
        record = record_of(trial, facts, Outcome(score=0.5), 1.0, "other")
        assert other.finish(record)
        assert not slow.finish(late)
        slow.report(0, 3, 0.5)  # nobody wants to hear that any more
        assert slow.records() == (record,)


def test_leaving_gives_trials_free_at_once(server: postgresql.Server) -> None:
    url = server.make_database("leaving")
    trial = Trial(number=0, point=climbing.POINTS[4], rung=1)
    with climbing.open_climb(url) as study:
        with climbing.open_climb(url) as leaving, leaving.turn():
            leaving.start(trial, facts_of(climbing.task(), trial, {}))
        assert study.abandoned() == (trial,)


def test_studies_of_a_database_differ_by_name(server: postgresql.Server) -> None:
    url = server.make_database("two")
    with climbing.open_climb(url, name="one") as one, climbing.open_climb(url, 2, name="other") as other:
        assert len(climbing.climb(one)) == 6
        assert len(climbing.climb(other, 2)) == 2


def test_what_is_wrong_is_one_line_without_the_password(server: postgresql.Server) -> None:
    server.make_database("mended")
    port = server.port
    wrong = {
        server.url("mended", password="s3cret"): "the server refuses this user and password",
        server.url("nowhere"): 'database "nowhere" does not exist',
        f"postgres://searcher:s3cret@127.0.0.1:{postgresql._free_port()}/mended": "no server answers there",
        f"postgresql://searcher@127.0.0.1:{port}/mended": "the server wants a password",
    }
    for url, told in wrong.items():
        with pytest.raises(RunError) as raised:
            climbing.open_climb(url)
        message = str(raised.value)
        assert told in message
        assert message.startswith("study postgresql://searcher")
        assert "\n" not in message
        assert "s3cret" not in message
        assert postgresql.PASSWORD not in message
        assert "p%40ss" not in message


def _stop(server: postgresql.Server, at: int, pause_seconds: float) -> Callable[[TrialRecord], None]:
    """Stops the server after a trial; it is back after a pause."""

    def stop(record: TrialRecord) -> None:
        if record.trial.number == at:
            server.stop()
            threading.Timer(pause_seconds, server.start).start()

    return stop


def test_a_server_that_goes_away_for_a_while_is_waited_for(server: postgresql.Server, tmp_path: Path) -> None:
    url = server.make_database("restarted")
    with climbing.open_climb(url) as study:
        records = climbing.climb(study, on_record=_stop(server, 1, 1.0))
    with climbing.open_climb(tmp_path / "study.db") as study:
        assert climbing.timeless(records) == climbing.timeless(climbing.climb(study))


def test_a_server_that_stays_away_is_one_line_and_the_same_call_goes_on_later(
    server: postgresql.Server,
) -> None:
    url = server.make_database("away")
    try:
        with (
            climbing.open_climb(url) as study,
            pytest.raises(RunError, match=r"study postgresql://searcher:\*\*\*@127.0.0.1") as raised,
        ):
            climbing.climb(study, on_record=lambda record: server.stop(), away_seconds=0)
    finally:
        server.start()
    assert "\n" not in str(raised.value)
    with climbing.open_climb(url) as study:
        assert len(study.records()) == 1
        assert len(climbing.climb(study)) == 6


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://user:s3cret@host/name", "storage mysql:// is unknown; allowed: sqlite:///FILE"),
        ("user:s3cret@host", "is no URL that can be read; allowed: sqlite:///FILE"),
        ("postgresql://user:s3cret@host:port/name", "is no URL that can be read"),
        ("postgresql://user:s3cret@host", "names no database"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite:///a.db?mode=ro", "must name a file"),
        ("", "is no URL that can be read"),
    ],
)
def test_urls_that_are_not_allowed(url: str, told: str) -> None:
    with pytest.raises(RunError) as raised:
        parse_storage(url)
    assert told in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_urls_of_files_with_odd_names(tmp_path: Path) -> None:
    path = tmp_path / "a {b} #c %20 ü.db"
    climbing.open_climb(path).close()
    assert path.is_file()
    assert parse_storage(path).shown == str(path)
