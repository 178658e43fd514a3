"""Trials on real Ray clusters: several nodes on this machine, workers and nodes that die."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.search.execution import climbing
from tests.search.execution.dying import Dying
from wakeling.errors import DataError, RunError
from wakeling.search.execution import RayCluster
from wakeling.search.execution.ray_cluster import import_ray
from wakeling.search.search_loop import run_search

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head without processors and two nodes with two each: its files are gone afterwards."""
    import_ray(starts_cluster=True)
    from ray.cluster_utils import Cluster

    folder = tempfile.mkdtemp(prefix="wakeling-ray-")  # short: Ray's sockets lie deep inside
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", folder)
        small = {"object_store_memory": 80_000_000}
        made = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **small}
        )
        try:
            for _ in range(2):
                made.add_node(num_cpus=2, **small)
            yield made
        finally:
            made.shutdown()
            shutil.rmtree(folder, ignore_errors=True)


def _search(evaluate: Any, cluster: Any, path: Path, trainings: int = 8) -> Any:
    task = climbing.task(trainings)
    with (
        climbing.open_climb(path, trainings) as study,
        RayCluster(evaluate, address=cluster.address) as executor,
    ):
        return run_search(climbing.Climbing(task), executor, study, task)


def test_a_worker_that_is_killed_in_mid_trial_is_replaced(cluster: Any, tmp_path: Path) -> None:
    evaluate = Dying(folder=tmp_path, kills_itself=2)
    records = _search(evaluate, cluster, tmp_path / "study.db")
    assert [record.trial.number for record in records] == list(range(8))
    assert [record.outcome for record in records] == [climbing.evaluate(r.trial) for r in records]
    assert evaluate.attempts() == [0, 1, 2, 2, 3, 4, 5, 6, 7]
    assert len({record.worker for record in records}) >= 2
    assert os.getpid() not in {int(record.worker.rpartition(":")[2]) for record in records}


def test_shares_bound_what_is_in_flight(cluster: Any) -> None:
    for share, most, slots in [(1, None, 4), (2, None, 2), (0.5, None, 8), (1, 3, 3)]:
        with RayCluster(climbing.evaluate, address=cluster.address, cpus=share, most_slots=most) as executor:
            assert executor.slots == slots
    with pytest.raises(RunError, match="no machine of the Ray cluster has 3 CPUs and 0 GPUs for a trial"):
        RayCluster(climbing.evaluate, address=cluster.address, cpus=3)
    with pytest.raises(RunError, match="no machine of the Ray cluster has 1 CPUs and 1 GPUs for a trial"):
        RayCluster(climbing.evaluate, address=cluster.address, gpus=1)


def test_a_trial_that_kills_every_worker_is_a_failed_one(cluster: Any, tmp_path: Path) -> None:
    evaluate = Dying(folder=tmp_path, always_dies=1)
    task = climbing.task(3)
    with (
        climbing.open_climb(tmp_path / "study.db", 3) as study,
        RayCluster(evaluate, address=cluster.address, retries=1) as executor,
    ):
        records = run_search(climbing.Climbing(task), executor, study, task)
    assert [bool(record.outcome.error) for record in records] == [False, True, False]
    assert records[1].outcome.error.startswith("its worker died 2 times: ")
    assert evaluate.attempts() == [0, 1, 1, 2]


def test_a_fault_of_the_evaluator_is_raised_here(cluster: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^photos are gone$"):
        _search(Dying(folder=tmp_path, fails=2), cluster, tmp_path / "study.db")
    assert len(_search(climbing.evaluate, cluster, tmp_path / "study.db")) == 8


def test_steps_reach_the_study(cluster: Any, tmp_path: Path) -> None:
    task = climbing.task(1)
    with (
        climbing.open_climb(tmp_path / "study.db", 1) as study,
        RayCluster(climbing.evaluate, address=cluster.address) as executor,
    ):
        (record,) = run_search(climbing.Climbing(task), executor, study, task)
        (frozen,) = study._all()
        assert frozen.intermediate_values == {1: record.outcome.score / 2, 2: record.outcome.score}


def test_a_node_that_dies_in_mid_trial_is_done_without(cluster: Any, tmp_path: Path) -> None:
    """Last in this file: one of the two nodes is gone afterwards."""
    evaluate = Dying(folder=tmp_path, waits_for_its_end=3)
    removed: list[str] = []

    def remove() -> None:
        first = tmp_path / "first-3"
        while not first.exists():
            time.sleep(0.02)
        (node,) = [node for node in cluster.worker_nodes if node.node_id == first.read_text()]
        cluster.remove_node(node, allow_graceful=False)
        removed.append(node.node_id)

    thread = threading.Thread(target=remove)
    thread.start()
    records = _search(evaluate, cluster, tmp_path / "study.db")
    thread.join()
    assert len(removed) == 1
    assert [record.trial.number for record in records] == list(range(8))
    assert [record.outcome for record in records] == [climbing.evaluate(r.trial) for r in records]
    assert evaluate.attempts().count(3) == 2
    with RayCluster(climbing.evaluate, address=cluster.address) as executor:
        deadline = time.monotonic() + 60
        while executor.slots != 2:  # the head learns of it a little later than we do
            assert time.monotonic() < deadline
            time.sleep(0.2)
