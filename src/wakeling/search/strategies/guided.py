"""Guided, the default: a Gaussian process predicts untrained networks, brief trainings sort out the likely.

Bayesian optimization (Jones et al. 1998, doi:10.1023/A:1008306431147) over the feasible networks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from wakeling.search.domain import distance
from wakeling.search.front import FloatArray
from wakeling.search.space import Point
from wakeling.search.strategies.feasible_pool import FeasiblePool
from wakeling.search.strategies.gaussian_process import Results, predict
from wakeling.search.strategies.halving import ladder_trials, promoted, with_one_full_training
from wakeling.search.strategies.past import Past, Told, generator
from wakeling.search.strategies.stateless import StatelessStrategy
from wakeling.search.strategies.strategy import Strategy, Task
from wakeling.search.trial import Trial

STARTERS = 6
"""Networks that are spread over the space before the first prediction."""

LOWEST_START = 0.3
"""Starters leave out the cheapest share: more MACs in a space mean more accuracy (Lin et al. 2020)."""

BRIEFEST_SHARE = 0.25
"""Networks start on the shortest rung of so much of a full training's work: a briefer one misleads."""

FULL_AT_ONCE = 3
"""Every so many networks one trains fully at once: the best may look poor after a brief training."""

MOST_RESULTS = 200
"""A prediction uses so many results at most, the best and the latest: its time grows with their cube."""

_LIMITS_STREAM, _PREDICTION_STREAM = 2, 3


def guided(task: Task) -> Strategy:
    """Each network starts on a short rung and climbs while nothing else promises more.

    What is promised is the expected improvement of a full training's score, as predicted from the
    results of all rungs, the choices of the network and its costs. With several objectives each
    trial improves the score under random limits on the other costs, which are known beforehand, so
    that together they cover the front.
    """
    pool = FeasiblePool(task)
    total = ladder_trials(task, first_rung(task))
    return StatelessStrategy(task, lambda past, number: _choose(past, number, pool), total)


def _choose(past: Past, number: int, pool: FeasiblePool) -> Trial | None:
    task = past.task
    random = generator(task, number)
    reached = {trial.point: trial for trial in sorted(past.started, key=lambda trial: trial.rung)}
    busy = {trial.point for trial in past.running}
    candidates = [
        point
        for point in pool.candidates(past, random)
        if point not in busy and (point not in reached or reached[point].rung < task.last_rung)
    ]
    new = [point for point in candidates if point not in reached]
    if not candidates:
        return None
    if new and (len(past.taken) < STARTERS or not past.sound):
        point, how = _spread(past, new, pool, random), "spread"
    else:
        if not past.sound:
            return None if busy else promoted(reached[candidates[0]], number, reached[candidates[0]].rung + 1)
        point, how = candidates[_most_promising(past, candidates, pool, number)], "predicted"
    if point in reached:
        trial = promoted(reached[point], number, reached[point].rung + 1)
    else:
        new_ones = len({trial.point for trial in past.started})
        rung = task.last_rung if new_ones % FULL_AT_ONCE == FULL_AT_ONCE - 1 else first_rung(task)
        trial = Trial(number=number, point=point, rung=rung, how=how)
    return with_one_full_training(past, trial)


def first_rung(task: Task) -> int:
    """The rung on which a network starts: the shortest that says enough about a full training."""
    least = BRIEFEST_SHARE * task.rungs[-1].work
    return next(number for number, rung in enumerate(task.rungs) if rung.work >= least)


def _spread(past: Past, new: Sequence[Point], pool: FeasiblePool, random: np.random.Generator) -> Point:
    """A network far from those taken, at a share of MACs where there were few so far: first of the most."""
    costs = pool.log_costs(new, [name for name in pool.cost_names if name == "macs"] or pool.cost_names[:1])
    order = np.argsort(costs[:, 0], kind="stable")
    share = 1.0 - (1.0 - LOWEST_START) * _van_der_corput(len(past.taken))
    middle, half = share * (len(new) - 1), max(2, len(new) // 16)
    window = order[max(0, round(middle) - half) : round(middle) + half + 1]
    drawn = [new[int(row)] for row in random.permutation(window)[:4]]
    parameters = past.task.domain.space.parameters
    return max(
        drawn, key=lambda point: min((distance(parameters, point, one) for one in past.taken), default=0.0)
    )


def _van_der_corput(index: int) -> float:
    """0, 1/2, 1/4, 3/4, 1/8, …: every part of 0 to 1 alike, wherever it is stopped."""
    value, digit = 0.0, 0.5
    while index:
        value += digit * (index & 1)
        index >>= 1
        digit /= 2
    return value


def _most_promising(past: Past, candidates: Sequence[Point], pool: FeasiblePool, number: int) -> int:
    """The place of the candidate with the largest expected improvement on the last rung."""
    last = float(past.task.last_rung)
    results = _results(_selected(past.sound), pool)

    def predicted(points: Sequence[Point]) -> tuple[FloatArray, FloatArray]:
        random = generator(past.task, number, _PREDICTION_STREAM)
        return predict(results, pool.features(points), last, random)

    if past.running:  # taken for granted, so that workers do not all train the same kind of network
        points = [trial.point for trial in past.running]
        results = Results(
            features=np.vstack([results.features, pool.features(points)]),
            rungs=np.append(results.rungs, np.full(len(points), last)),
            scores=np.append(results.scores, predicted(points)[0]),
        )
    mean, deviation = predicted(candidates)
    inside, told = _under_limits(past, candidates, pool, number)
    tops = [outcome.score for trial, outcome in told if trial.rung == past.task.last_rung]
    incumbent = max(tops) if tops else float(mean[inside].max())
    gain = np.where(inside, expected_improvement(mean, deviation, incumbent), -1.0)
    return int(np.argmax(gain))


def expected_improvement(mean: FloatArray, deviation: FloatArray, incumbent: float) -> FloatArray:
    """How much a normal variable exceeds the incumbent on average (Jones et al. 1998, equation 15)."""
    z = (mean - incumbent) / deviation
    below = np.array([0.5 * math.erfc(-value / math.sqrt(2.0)) for value in z])
    gain: FloatArray = deviation * (z * below + np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi))
    return gain


def _results(told: Sequence[Told], pool: FeasiblePool) -> Results:
    return Results(
        features=pool.features([trial.point for trial, _ in told]),
        rungs=np.array([float(trial.rung) for trial, _ in told]),
        scores=np.array([outcome.score for _, outcome in told]),
    )


def _selected(told: tuple[Told, ...]) -> tuple[Told, ...]:
    """The results to learn from: all, or the best half and the latest of the others."""
    if len(told) <= MOST_RESULTS:
        return told
    best = sorted(told, key=lambda pair: (-pair[0].rung, -pair[1].score))[: MOST_RESULTS // 2]
    numbers = {trial.number for trial, _ in best}
    others = [(trial, outcome) for trial, outcome in told if trial.number not in numbers]
    return tuple(sorted([*best, *others[-(MOST_RESULTS - len(best)) :]], key=lambda pair: pair[0].number))


def _under_limits(
    past: Past, candidates: Sequence[Point], pool: FeasiblePool, number: int
) -> tuple[npt.NDArray[np.bool_], tuple[Told, ...]]:
    """Which candidates, and which told trials, keep this trial's random limits on the other objectives."""
    names = past.task.objectives[1:]
    if not names:
        return np.ones(len(candidates), bool), past.sound
    random = generator(past.task, number, _LIMITS_STREAM)
    logs = pool.log_costs(candidates, names)
    limits = np.quantile(logs, random.uniform(0.1, 1.0), axis=0)
    inside: npt.NDArray[np.bool_] = np.all(logs <= limits, axis=1)
    if not inside.any():
        return np.ones(len(candidates), bool), past.sound
    spent = pool.log_costs([trial.point for trial, _ in past.sound], names)
    told = tuple(pair for pair, row in zip(past.sound, spent, strict=True) if (row <= limits).all())
    return inside, told
