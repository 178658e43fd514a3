"""Where a search runs and keeps its trials."""

from __future__ import annotations

from dataclasses import dataclass

from wakeling.errors import WakelingError
from wakeling.search.execution import Evaluate, Executor, Serial
from wakeling.search.study_storage import parse_storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """It changes when trials run, and not what they are.

    `storage` None is the run folder's own database; `ray` None trains in this process, `local`
    starts a cluster on this machine, `auto` or HOST:PORT joins one. A trial takes `cpus` and `gpus`
    of it, and at most `workers` run at a time. What can be seen before anything runs is checked when
    one is made: raises WakelingError for workers without a cluster, RunError for a storage or a
    cluster that is none.
    """

    storage: str | None = None
    ray: str | None = None
    workers: int | None = None
    cpus: float = 1.0
    gpus: float = 0.0

    def __post_init__(self) -> None:
        if self.storage is not None:
            parse_storage(self.storage)
        if self.ray is not None:
            from wakeling.search.execution.ray_cluster import check_address, check_shares

            check_shares(self.cpus, self.gpus, 0, self.workers)
            check_address(self.ray)
        elif self.workers not in (None, 1):
            raise WakelingError(
                f"--workers {self.workers} needs a cluster to work on: add --ray local or --ray auto"
            )

    def executor(self, evaluate: Evaluate) -> Executor:
        """Runs trials there; raises RunError where the cluster has no room for one."""
        if self.ray is None:
            return Serial(evaluate)
        from wakeling.search.execution.ray_cluster import RayCluster

        return RayCluster(evaluate, address=self.ray, cpus=self.cpus, gpus=self.gpus, most_slots=self.workers)
