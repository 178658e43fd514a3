"""WHERE trials run: in this process, or on a cluster of machines."""

from __future__ import annotations

from wakeling.search.execution.choice import make_executor
from wakeling.search.execution.evaluation import Evaluate, Finished, Listener, report_step, run_evaluation
from wakeling.search.execution.executor import Executor
from wakeling.search.execution.ray_cluster import RayCluster
from wakeling.search.execution.serial import Serial

__all__ = [
    "Evaluate",
    "Executor",
    "Finished",
    "Listener",
    "RayCluster",
    "Serial",
    "make_executor",
    "report_step",
    "run_evaluation",
]
