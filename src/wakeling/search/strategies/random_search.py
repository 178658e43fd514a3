"""Random search: the baseline that every other strategy has to beat (Bergstra & Bengio 2012, JMLR 13)."""

from __future__ import annotations

from wakeling.search.strategies.moves import fresh_point
from wakeling.search.strategies.past import Past, generator
from wakeling.search.strategies.stateless import StatelessStrategy
from wakeling.search.strategies.strategy import Strategy, Task
from wakeling.search.trial import Trial


def random_search(task: Task) -> Strategy:
    """Full trainings of feasible networks drawn at random, none twice."""
    return StatelessStrategy(task, propose_at_random, task.trainings)


def propose_at_random(past: Past, number: int) -> Trial | None:
    """A fresh sample on the last rung."""
    point = fresh_point(past, generator(past.task, number))
    return None if point is None else Trial(number=number, point=point, rung=past.task.last_rung)
