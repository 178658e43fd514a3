"""WHICH network: spaces, domains, the strategies that choose among their points, the loop, the study.

Training is passed in as `evaluate`, so nothing here imports it.
"""

from __future__ import annotations

from wakeling.search.candidates import (
    Candidate,
    CostedCandidate,
    closest,
    cost_all,
    enumerate_candidates,
    pareto_by_cost,
    shortlist,
)
from wakeling.search.search_loop import run_search
from wakeling.search.space import GridSpace, StagedSpace, load_space, ready_spaces
from wakeling.search.strategies import STRATEGIES, Strategy, StrategyFactory, Task
from wakeling.search.study import Study, open_study
from wakeling.search.trial import Outcome, Rung, Trial, TrialRecord

__all__ = [
    "STRATEGIES",
    "Candidate",
    "CostedCandidate",
    "GridSpace",
    "Outcome",
    "Rung",
    "StagedSpace",
    "Strategy",
    "StrategyFactory",
    "Study",
    "Task",
    "Trial",
    "TrialRecord",
    "closest",
    "cost_all",
    "enumerate_candidates",
    "load_space",
    "open_study",
    "pareto_by_cost",
    "ready_spaces",
    "run_search",
    "shortlist",
]
