"""Every strategy by its name on the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from wakeling.search.strategies.aging_evolution import aging_evolution
from wakeling.search.strategies.exhaustive import grid
from wakeling.search.strategies.guided import guided
from wakeling.search.strategies.halving import hyperband, successive_halving
from wakeling.search.strategies.optuna_samplers import nsga2, nsga3, tpe
from wakeling.search.strategies.random_search import random_search
from wakeling.search.strategies.strategy import Strategy, Task

StrategyFactory = Callable[[Task], Strategy]
"""A task -> a fresh strategy for it."""

STRATEGIES: Mapping[str, StrategyFactory] = MappingProxyType(
    {
        "guided": guided,
        "evolution": aging_evolution,
        "tpe": tpe,
        "nsga2": nsga2,
        "nsga3": nsga3,
        "successive-halving": successive_halving,
        "hyperband": hyperband,
        "random": random_search,
        "grid": grid,
    }
)
"""The strategies, the default first."""

DEFAULT_STRATEGY = "guided"
"""The strategy that found the best networks with the least work on the benchmark of searches."""
