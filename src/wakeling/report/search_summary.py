"""From the records of a study to the plain data that the report shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from wakeling.errors import MissingDependencyError
from wakeling.report.search_data import (
    AncestryStep,
    KnobChange,
    KnobImportance,
    SearchedSpace,
    SearchImportance,
    SearchKnob,
    SearchRung,
    SearchSummary,
    SearchTrial,
)
from wakeling.report.search_fronts import best_trial
from wakeling.search.ancestry import Ancestor, ancestry
from wakeling.search.importance import importance
from wakeling.search.space import Space
from wakeling.search.trial import Rung, TrialRecord


def summarize_search(
    records: Sequence[TrialRecord],
    *,
    space: Space,
    rungs: Sequence[Rung],
    strategy: str,
    evaluator: str,
    seed: int,
    limits: Mapping[str, float],
    title: str = "",
    winner: int | None = None,
    objectives: Sequence[str] = ("score",),
    trainings: int | None = None,
    is_over: bool = True,
    seconds: float | None = None,
    score_name: str = "balanced accuracy on val",
    ram_runtime: str = "",
    notes: Sequence[str] = (),
) -> SearchSummary:
    """The summary of a search whose finished trials are `records`, in the order of finishing.

    `limits` are by the names of the costs (`ram_bytes`, `macs`, …), `title` says what the space is
    for, `winner` defaults to the best score on the longest rung. Without Optuna the importance is
    left out and says so. Raises RunError for records that do not belong to the space and the rungs.
    """
    trials = tuple(_trial(record, space) for record in records)
    if winner is None:
        best = best_trial(trials)
        winner = None if best is None else best.number
    line = () if winner is None else ancestry(records, winner, space)
    return SearchSummary(
        space=SearchedSpace(
            name=space.name,
            title=title or str(getattr(space, "title", "")),
            knobs=tuple(
                SearchKnob(name=knob.name, choices=knob.choices, is_ordered=knob.is_ordered)
                for knob in space.parameters
            ),
        ),
        limits=dict(limits),
        strategy=strategy,
        evaluator=evaluator,
        seed=seed,
        rungs=tuple(SearchRung(epochs=rung.epochs, resolution_share=rung.resolution_share) for rung in rungs),
        trials=trials,
        winner=winner,
        objectives=tuple(objectives),
        trainings=trainings,
        is_over=is_over,
        importance=_importance(records, space),
        ancestry=tuple(map(_step, line)),
        seconds=seconds,
        score_name=score_name,
        ram_runtime=ram_runtime,
        notes=tuple(notes),
    )


def _trial(record: TrialRecord, space: Space) -> SearchTrial:
    trial, outcome = record.trial, record.outcome
    error = outcome.error or ("" if math.isfinite(outcome.score) else f"the score is {outcome.score}")
    return SearchTrial(
        number=trial.number,
        network=record.network,
        point=space.canonical(trial.point),
        rung=trial.rung,
        epochs=record.epochs,
        score=None if error else outcome.score,
        costs={name: cost for name, cost in record.costs.items() if math.isfinite(cost)},
        error=error,
        parents=trial.parents,
        how=trial.how,
        seconds=record.seconds,
    )


def _importance(records: Sequence[TrialRecord], space: Space) -> SearchImportance:
    try:
        found = importance(records, space)
    except MissingDependencyError as error:
        return SearchImportance(knobs=(), trials=(), rung=0, note=str(error))
    return SearchImportance(
        knobs=tuple(
            KnobImportance(name=name, share=share, luck=found.luck[name])
            for name, share in found.shares.items()
        ),
        trials=found.trials,
        rung=found.rung,
        drawn_apart=found.drawn_apart,
        note=found.note,
    )


def _step(ancestor: Ancestor) -> AncestryStep:
    return AncestryStep(
        trial=ancestor.record.trial.number,
        changes=tuple(
            KnobChange(knob=change.knob, before=change.before, after=change.after)
            for change in ancestor.changes
        ),
        others=ancestor.others,
        is_longer=ancestor.is_longer,
    )
