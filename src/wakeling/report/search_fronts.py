"""What follows from the trials of a search: fronts of score over a cost, the best so far, work done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wakeling.report.search_data import SearchSummary, SearchTrial


@dataclass(frozen=True, slots=True, kw_only=True)
class SoFar:
    """Where a search stood after a trial; `work` is in full trainings, `seconds` the sum of the trials'.

    `best` is the best score of the trials up to this one, None while all of them have failed;
    `best_full` of those on the last rung.
    """

    trial: SearchTrial
    trials: int
    work: float
    seconds: float
    best: float | None
    best_full: float | None


def longest(trials: Sequence[SearchTrial]) -> tuple[SearchTrial, ...]:
    """Of each network the trial on its longest rung, the first of equals; failed trials are left out."""
    kept: dict[tuple[int, ...], SearchTrial] = {}
    for trial in trials:
        if trial.score is not None and (trial.point not in kept or trial.rung > kept[trial.point].rung):
            kept[trial.point] = trial
    return tuple(kept.values())


def front(trials: Sequence[SearchTrial], cost: str) -> tuple[SearchTrial, ...]:
    """The networks that none as cheap scores as much as, by rising cost.

    Each network counts by its longest training; those whose cost is not known are left out.
    """
    known = [trial for trial in longest(trials) if cost in trial.costs]
    kept: list[SearchTrial] = []
    for trial in sorted(known, key=lambda one: (one.costs[cost], -score_of(one), one.number)):
        if not kept or score_of(trial) > score_of(kept[-1]):
            kept.append(trial)
    return tuple(kept)


def so_far(summary: SearchSummary) -> tuple[SoFar, ...]:
    """Where the search stood after each of its trials, in the order in which they finished."""
    whole = summary.rungs[-1].work if summary.rungs else 1.0
    work = seconds = 0.0
    best: float | None = None
    best_full: float | None = None
    steps = []
    for count, trial in enumerate(summary.trials, start=1):
        work += summary.rungs[trial.rung].work / whole
        seconds += trial.seconds
        if trial.score is not None:
            best = trial.score if best is None else max(best, trial.score)
            if trial.rung == len(summary.rungs) - 1:
                best_full = trial.score if best_full is None else max(best_full, trial.score)
        steps.append(
            SoFar(trial=trial, trials=count, work=work, seconds=seconds, best=best, best_full=best_full)
        )
    return tuple(steps)


def best_trial(trials: Sequence[SearchTrial]) -> SearchTrial | None:
    """The best score on the longest rung that any trial reached; None where all failed."""
    scored = [trial for trial in trials if trial.score is not None]
    return max(scored, key=lambda one: (one.rung, score_of(one), -one.number), default=None)


def score_of(trial: SearchTrial) -> float:
    """The score of a trial that has one."""
    assert trial.score is not None
    return trial.score
