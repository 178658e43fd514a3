"""Trials on a Ray cluster of this machine's own; real ones of several nodes are in `test_ray_cluster`."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.search.execution import climbing
from tests.search.execution.dying import Dying
from wakeling.errors import RunError, WakelingError
from wakeling.search.execution import RayCluster, Serial, make_executor
from wakeling.search.execution.ray_cluster import token_settings
from wakeling.search.search_loop import run_search


def test_a_worker_that_is_killed_in_mid_trial_is_replaced(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    evaluate = Dying(folder=tmp_path, kills_itself=2)
    task = climbing.task(4)
    token = Path.home() / ".ray" / "auth_token"
    had_token = token.exists()
    with tempfile.TemporaryDirectory(prefix="wakeling-") as folder:  # Ray's sockets want a short path
        with (
            _temporary_files_in(folder),
            climbing.open_climb(tmp_path / "study.db", 4) as study,
            RayCluster(evaluate, address="local", cpus=1, most_slots=3) as executor,
        ):
            assert executor.slots == 3
            assert list(Path(folder).iterdir())
            records = run_search(climbing.Climbing(task), executor, study, task)
            steps = [frozen.intermediate_values for frozen in study._all()]
        assert list(Path(folder).iterdir()) == []
    assert [record.trial.number for record in records] == list(range(4))
    assert [record.outcome for record in records] == [climbing.evaluate(r.trial) for r in records]
    assert evaluate.attempts() == [0, 1, 2, 2, 3]
    assert steps == [{1: record.outcome.score / 2, 2: record.outcome.score} for record in records]
    assert os.getpid() not in {int(record.worker.rpartition(":")[2]) for record in records}
    output = capfd.readouterr()
    assert output.out == ""
    assert output.err == ""
    assert token.exists() == had_token  # none of Ray's is left in the home folder


@contextlib.contextmanager
def _temporary_files_in(folder: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"cpus": 0}, "a trial takes 0 CPUs and 0 GPUs"),
        ({"cpus": -1, "gpus": 2}, "a trial takes -1 CPUs and 2 GPUs"),
        ({"retries": -1}, "run again -1 times"),
        ({"most_slots": 0}, "at most 0 trials at a time"),
    ],
)
def test_shares_that_make_no_sense(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(WakelingError, match=told):
        RayCluster(climbing.evaluate, **arguments)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("127.0.0.1:1", "no Ray cluster at '127.0.0.1:1': .*refused; start one with `ray start --head`"),
        ("nonsense", "no Ray cluster at 'nonsense': that is no address; .*allowed: auto, local, HOST:PORT"),
        ("ray://127.0.0.1:10001", "no Ray cluster at 'ray://127.0.0.1:10001': that is no address"),
        ("host:port", "that is no address"),
        ("", "that is no address"),
    ],
)
def test_addresses_without_a_cluster(address: str, told: str) -> None:
    with pytest.raises(RunError, match=told):
        RayCluster(climbing.evaluate, address=address)


def test_options_choose_the_executor() -> None:
    assert isinstance(make_executor(climbing.evaluate), Serial)
    assert isinstance(make_executor(climbing.evaluate, workers=1), Serial)
    with pytest.raises(WakelingError, match="a search with 0 workers"):
        make_executor(climbing.evaluate, workers=0)
    with pytest.raises(RunError, match=r"no Ray cluster at '127.0.0.1:1'"):
        make_executor(climbing.evaluate, ray="127.0.0.1:1", workers=1)


def test_a_cluster_is_never_without_a_token_unless_the_user_wants_it_so(tmp_path: Path) -> None:
    own = token_settings({}, tmp_path, starts_cluster=True)
    assert own["RAY_AUTH_MODE"] == "token"
    assert len(own["RAY_AUTH_TOKEN"]) == 64
    assert own != token_settings({}, tmp_path, starts_cluster=True)
    assert token_settings({}, tmp_path, starts_cluster=False) == {}
    assert token_settings({"RAY_AUTH_MODE": "disabled"}, tmp_path, starts_cluster=True) == {}
    named = {"RAY_AUTH_TOKEN": "abc"}
    for starts in (True, False):
        assert token_settings(named, tmp_path, starts_cluster=starts) == {"RAY_AUTH_MODE": "token"}
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("abc")
    for starts in (True, False):
        assert token_settings({}, tmp_path, starts_cluster=starts) == {"RAY_AUTH_MODE": "token"}
