"""How networks are chosen: strategies behind one ask/tell interface, by their names.

A strategy never trains anything. It depends on nothing but its task and what it was told, so telling
a fresh one what a study holds resumes it.
"""

from __future__ import annotations

from wakeling.search.strategies.registry import DEFAULT_STRATEGY, STRATEGIES, StrategyFactory
from wakeling.search.strategies.strategy import SCORE, Strategy, Task

__all__ = ["DEFAULT_STRATEGY", "SCORE", "STRATEGIES", "Strategy", "StrategyFactory", "Task"]
