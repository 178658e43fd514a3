"""Aging evolution (Real et al. 2019, arXiv:1802.01548): the best of a few has a child, the oldest dies."""

from __future__ import annotations

import math

from wakeling.search.strategies.moves import crossed, mutated, near
from wakeling.search.strategies.past import Past, best_first, generator
from wakeling.search.strategies.random_search import propose_at_random
from wakeling.search.strategies.stateless import StatelessStrategy
from wakeling.search.strategies.strategy import Strategy, Task
from wakeling.search.trial import Trial

CROSSOVER_SHARE = 0.2
"""How many children have two parents; the paper has mutations only."""


def aging_evolution(task: Task) -> Strategy:
    """Full trainings: a random population first, then children of tournament winners."""
    return StatelessStrategy(task, propose_by_evolution, task.trainings)


def population_size(trainings: int) -> int:
    """How many networks live at a time: 1.4 roots of the search, 6 to 50 (the paper has 100 of 20 000).

    So a search of 100 starts with 14 random networks; larger populations learn too late.
    """
    return min(50, max(6, round(1.4 * math.sqrt(trainings))))


def propose_by_evolution(past: Past, number: int) -> Trial | None:
    """A child of one or two winners of tournaments among the youngest; a sample while there are too few."""
    size = population_size(past.task.trainings)
    living = past.sound[-size:]
    if len(living) < size:
        return propose_at_random(past, number)
    random = generator(past.task, number)

    def winner() -> Trial:
        drawn = random.choice(size, max(2, size // 3), replace=False)
        return best_first(past.task, tuple(living[row] for row in sorted(drawn)))[0][0]

    mother = winner()
    father = winner() if random.random() < CROSSOVER_SHARE else mother
    if father.point != mother.point:
        child = near(past, crossed(past.task.domain, mother.point, father.point, random), random)
        how = "crossover"
    else:
        child = mutated(past, mother.point, random)
        how = "mutation"
    parents = tuple(dict.fromkeys((mother.number, father.number)))
    if child is None:
        return propose_at_random(past, number)
    return Trial(number=number, point=child, rung=past.task.last_rung, parents=parents, how=how)
