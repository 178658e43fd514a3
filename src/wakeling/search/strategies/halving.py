"""Successive halving and Hyperband: many brief trainings, longer ones for the best of them.

Promotion is asynchronous, as in ASHA (Li et al. 2020, arXiv:1810.05934): a trial climbs as soon as
it is among the best share of its rung, so that no worker waits for a rung to fill.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace

from wakeling.search.space import Point
from wakeling.search.strategies.past import Chooser, Past, Told, best_first
from wakeling.search.strategies.random_search import propose_at_random
from wakeling.search.strategies.stateless import StatelessStrategy
from wakeling.search.strategies.strategy import Strategy, Task
from wakeling.search.trial import Trial

ENOUGH_TO_LEARN = 6
"""A proposer learns from the longest rung with so many results (Falkner et al. 2018, arXiv:1807.01774)."""


def successive_halving(task: Task, propose: Chooser = propose_at_random) -> Strategy:
    """Every network starts on the shortest rung (Jamieson & Talwalkar 2016, arXiv:1502.07943)."""
    return StatelessStrategy(
        task, lambda past, number: _climb(past, number, propose, (0,)), ladder_trials(task)
    )


def hyperband(task: Task, propose: Chooser = propose_at_random) -> Strategy:
    """Brackets that start on each of the rungs, for equal work (Li et al. 2018, arXiv:1603.06560).

    Networks that only a long training shows to be good are not lost on the shortest rung.
    """
    starts = bracket_starts(task)
    return StatelessStrategy(
        task, lambda past, number: _climb(past, number, propose, starts), ladder_trials(task)
    )


def bracket_starts(task: Task) -> tuple[int, ...]:
    """The rungs on which a round of Hyperband's new networks start, bracket by bracket.

    A bracket that climbs `s` rungs starts with ceil((rungs / (s + 1)) * eta ** s) networks.
    """
    starts: list[int] = []
    for first in range(len(task.rungs)):
        climbs = task.last_rung - first
        ratio = task.rungs[-1].work / task.rungs[first].work
        starts += [first] * max(1, math.ceil(len(task.rungs) / (climbs + 1) * ratio - 1e-9))
    return tuple(starts)


def ladder_trials(task: Task, first: int = 0) -> int:
    """About how many trials: every network starts on a rung and each rung keeps its share."""
    counts, count = [0.0] * len(task.rungs), 1.0
    for rung in range(first, len(task.rungs)):
        counts[rung] = count
        if rung < task.last_rung:
            count /= _keep_one_of(task, rung)
    work = sum(rung.work * count for rung, count in zip(task.rungs, counts, strict=True))
    starts = task.trainings * task.rungs[-1].work / work
    return max(1, int(sum(starts * count for count in counts) + 0.5))


def _keep_one_of(task: Task, rung: int) -> int:
    """How many trainings of a rung cost as much as one of the next: so many compete for a promotion."""
    return max(2, round(task.rungs[rung + 1].work / task.rungs[rung].work))


def _climb(past: Past, number: int, propose: Chooser, starts: tuple[int, ...]) -> Trial | None:
    """A promotion that is due, or a new network, or a promotion because no new network is left."""
    promotion = _promotion(past, number, due_only=True)
    if promotion is None:
        new_ones = sum(trial.how != PROMOTED for trial in past.started)
        start = starts[new_ones % len(starts)]
        proposed = propose(past.narrowed(comparable(past)), number)
        promotion = (
            _promotion(past, number, due_only=False) if proposed is None else replace(proposed, rung=start)
        )
    return promotion if promotion is None else with_one_full_training(past, promotion)


PROMOTED = "promoted"


def promoted(parent: Trial, number: int, rung: int) -> Trial:
    """The network of a finished trial again, on a longer rung."""
    return Trial(number=number, point=parent.point, rung=rung, parents=(parent.number,), how=PROMOTED)


def with_one_full_training(past: Past, trial: Trial) -> Trial:
    """The trial, or the last chance to train the best network fully: a search ends with a full training."""
    task = past.task
    if any(started.rung == task.last_rung for started in (*past.started, trial)):
        return trial
    finished = longest_rung(past.sound)
    last = (
        promoted(best_first(task, finished)[0][0], trial.number, task.last_rung)
        if finished
        else replace(trial, rung=task.last_rung)
    )
    is_affordable = past.work_left - task.work_of(trial) >= task.work_of(last) - 1e-9
    return trial if is_affordable else last


def longest_rung(told: tuple[Told, ...]) -> tuple[Told, ...]:
    """The told trials of the longest rung among them."""
    longest = max((trial.rung for trial, _ in told), default=0)
    return tuple((trial, outcome) for trial, outcome in told if trial.rung == longest)


def comparable(past: Past) -> tuple[Told, ...]:
    """The results of the longest rung that has enough of them; scores of two rungs do not compare."""
    by_rung: dict[int, list[Told]] = defaultdict(list)
    for trial, outcome in past.told:
        by_rung[trial.rung].append((trial, outcome))
    enough = [rung for rung, told in by_rung.items() if len(told) >= ENOUGH_TO_LEARN]
    return tuple(by_rung[max(enough)]) if enough else ()


def _promotion(past: Past, number: int, *, due_only: bool) -> Trial | None:
    """The best network that may climb, from the highest rung that has one.

    It is due when it is among the best share of its rung and of its bracket: of the networks that
    started where it did.
    """
    task = past.task
    start: dict[Point, int] = {}
    reached: dict[Point, int] = {}
    for trial in past.started:
        start[trial.point] = min(start.get(trial.point, trial.rung), trial.rung)
        reached[trial.point] = max(reached.get(trial.point, trial.rung), trial.rung)
    for rung in reversed(range(task.last_rung)):
        for bracket in range(rung + 1):
            field = tuple(
                (trial, outcome)
                for trial, outcome in past.sound
                if trial.rung == rung and start[trial.point] == bracket
            )
            places = len(field) // _keep_one_of(task, rung) if due_only else len(field)
            for trial, _ in best_first(task, field)[:places]:
                if reached[trial.point] == rung:
                    return promoted(trial, number, rung + 1)
    return None
