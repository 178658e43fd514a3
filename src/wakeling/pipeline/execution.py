"""Where a search runs and keeps its trials."""

from __future__ import annotations

from dataclasses import dataclass

from wakeling.search.execution import Evaluate, Executor, make_executor
from wakeling.search.execution.ray_cluster import check_address, check_shares
from wakeling.search.study_storage import parse_storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """It changes when trials run, and not what they are.

    `storage` None is the run folder's own database. Trials run in this process; on a Ray cluster of
    this machine's own with more than one of `workers` or `ray` = `local`; on a running one with
    `auto` or HOST:PORT. A trial takes `cpus` and `gpus` of it, and at most `workers` run at a time.
    What can be seen before anything runs is checked when one is made: raises WakelingError for
    senseless shares, RunError for a storage or a cluster that is none.
    """

    storage: str | None = None
    ray: str | None = None
    workers: int | None = None
    cpus: float = 1.0
    gpus: float = 0.0

    def __post_init__(self) -> None:
        if self.storage is not None:
            parse_storage(self.storage)
        check_shares(self.cpus, self.gpus, 0, self.workers)
        if self.ray is not None:
            check_address(self.ray)

    @property
    def is_elsewhere(self) -> bool:
        """Whether trials run in other processes, which cannot draw progress here."""
        return self.ray is not None or self.workers not in (None, 1)

    def executor(self, evaluate: Evaluate) -> Executor:
        """Runs trials there; raises RunError where the cluster has no room for one."""
        return make_executor(evaluate, ray=self.ray, workers=self.workers, cpus=self.cpus, gpus=self.gpus)
