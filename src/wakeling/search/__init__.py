"""WHICH network: the candidates, the strategies that choose among them, and the loop.

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
from wakeling.search.history import SearchHistory, TrialRecord
from wakeling.search.loop import run_search
from wakeling.search.space import GridSpace
from wakeling.search.strategies import STRATEGIES, Strategy, Trial

__all__ = [
    "STRATEGIES",
    "Candidate",
    "CostedCandidate",
    "GridSpace",
    "SearchHistory",
    "Strategy",
    "Trial",
    "TrialRecord",
    "closest",
    "cost_all",
    "enumerate_candidates",
    "pareto_by_cost",
    "run_search",
    "shortlist",
]
