"""The executor that a user's options ask for."""

from __future__ import annotations

from wakeling.errors import WakelingError
from wakeling.search.execution.evaluation import Evaluate
from wakeling.search.execution.executor import Executor
from wakeling.search.execution.ray_cluster import LOCAL, RayCluster
from wakeling.search.execution.serial import Serial


def make_executor(
    evaluate: Evaluate,
    *,
    ray: str | None = None,
    workers: int | None = None,
    cpus: float = 1,
    gpus: float = 0,
) -> Executor:
    """One trial at a time in this process, or `workers` of them on a Ray cluster.

    `ray` is a cluster's address (`auto`, `local`, HOST:PORT); without it, more than one worker means
    a cluster of this machine's own. `cpus` and `gpus` are a trial's share of a machine.
    """
    if workers is not None and workers < 1:
        raise WakelingError(f"a search with {workers} workers trains nothing; give at least 1")
    if ray is None and (workers is None or workers == 1):
        return Serial(evaluate)
    return RayCluster(evaluate, address=ray or LOCAL, cpus=cpus, gpus=gpus, most_slots=workers)
