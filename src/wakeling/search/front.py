"""The front of several objectives: what no other result beats everywhere, and an order of preference.

The score is maximized, every cost minimized. No strategies here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from wakeling.errors import WakelingError, unknown_name
from wakeling.search.trial import TrialRecord

FloatArray = npt.NDArray[np.float64]


def front(records: Sequence[TrialRecord], objectives: Sequence[str]) -> tuple[TrialRecord, ...]:
    """The records that no other dominates, by falling score; failed ones never belong to it.

    Each network counts with the longest of its trainings, so that a brief one does not stand
    beside its own promotion. Of equal results the earliest stays. Raises WakelingError for an
    objective that the records have no cost of.
    """
    latest: dict[tuple[int, ...], TrialRecord] = {}
    for record in sorted(records, key=lambda record: (record.trial.rung, -record.trial.number)):
        if not record.outcome.error:
            latest[record.trial.point] = record
    kept = sorted(latest.values(), key=lambda record: (-record.outcome.score, record.trial.number))
    if not kept:
        return ()
    goods = np.array([goodness(record.outcome.score, record.costs, objectives) for record in kept])
    _, first = np.unique(goods, axis=0, return_index=True)
    is_first = np.zeros(len(kept), bool)
    is_first[first] = True
    chosen = non_dominated(goods) & is_first
    return tuple(record for record, inside in zip(kept, chosen, strict=True) if inside)


def goodness(score: float, costs: Mapping[str, float], objectives: Sequence[str]) -> tuple[float, ...]:
    """The objectives as numbers to maximize: the score, and the costs with their sign turned."""
    for name in objectives[1:]:
        if name not in costs:
            raise WakelingError(unknown_name("objective", name, ("score", *costs)))
    return (score, *(-float(costs[name]) for name in objectives[1:]))


def non_dominated(goods: FloatArray) -> npt.NDArray[np.bool_]:
    """Which rows no other row dominates: at least as good everywhere and better somewhere.

    `goods` is (results, objectives), larger is better.
    """
    at_least = (goods[:, None, :] >= goods[None, :, :]).all(axis=2)
    better = (goods[:, None, :] > goods[None, :, :]).any(axis=2)
    return np.asarray(~(at_least & better).any(axis=0))


def preference(goods: FloatArray) -> npt.NDArray[np.int64]:
    """The rows, best first: by fronts, inside a front the lonelier first, then the earlier.

    The non-dominated sorting and crowding distance of NSGA-II (Deb et al. 2002,
    doi:10.1109/4235.996017); with one objective simply by falling value.
    """
    if goods.shape[1] == 1:
        return np.argsort(-goods[:, 0], kind="stable").astype(np.int64)
    order: list[int] = []
    left = np.arange(len(goods))
    while len(left):
        inside = non_dominated(goods[left])
        members = left[inside]
        order += [int(row) for row in members[np.argsort(-_loneliness(goods[members]), kind="stable")]]
        left = left[~inside]
    return np.array(order, np.int64)


def _loneliness(goods: FloatArray) -> FloatArray:
    """The crowding distance of each row of one front; the ends of every objective are infinitely lonely."""
    distance = np.zeros(len(goods))
    for column in goods.T:
        order = np.argsort(column, kind="stable")
        span = column[order[-1]] - column[order[0]]
        distance[order[[0, -1]]] = np.inf
        if span > 0:
            distance[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / span
    return distance
