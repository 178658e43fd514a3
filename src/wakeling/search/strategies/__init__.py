"""How candidates are chosen: strategies behind one ask/tell interface.

A strategy never trains anything. It is asked for the next trial, is told the score, and ends by
answering None. It depends on nothing but its arguments and what it was told, so replaying a
history resumes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from wakeling.search.strategies.base import Strategy, Trial
from wakeling.search.strategies.grid import Grid
from wakeling.search.strategies.successive_halving import SuccessiveHalving

StrategyFactory = Callable[[tuple[str, ...], tuple[int, ...], int], Strategy]
"""(candidate names, epochs of each rung, seed) -> a fresh strategy."""

STRATEGIES: Mapping[str, StrategyFactory] = MappingProxyType(
    {"successive-halving": SuccessiveHalving, "grid": Grid}
)
"""Every strategy by its name on the command line."""

__all__ = ["STRATEGIES", "Grid", "Strategy", "StrategyFactory", "SuccessiveHalving", "Trial"]
