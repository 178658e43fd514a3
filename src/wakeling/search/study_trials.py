"""A trial as Optuna keeps it and as we do: the one made from the other, exactly.

The parameters with more than one choice are Optuna's categorical ones, under their own names and
with their own values; everything else of a record is a user attribute.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wakeling.errors import RunError
from wakeling.search.space import Parameter, Point
from wakeling.search.strategies.strategy import SCORE, Task
from wakeling.search.trial import Outcome, Trial, TrialRecord

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

OWNER = "owner"
"""The user attribute that names the process which is responsible for a running trial."""
_COST = "cost."


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFacts:
    """What is known of a trial before it runs: its network, and what it will take."""

    network: str
    epochs: int
    costs: Mapping[str, float]
    seed: int
    provenance: Mapping[str, str] = field(default_factory=dict)


def facts_of(task: Task, trial: Trial, provenance: Mapping[str, str]) -> TrialFacts:
    """The facts of a trial of a task; `provenance` says where it runs (commit, machine, versions)."""
    domain = task.domain
    return TrialFacts(
        network=domain.space.network_name(trial.point),
        epochs=task.rungs[trial.rung].epochs,
        costs=dict(domain.costs(trial.point)),
        seed=task.seed,
        provenance=dict(provenance),
    )


def record_of(trial: Trial, facts: TrialFacts, outcome: Outcome, seconds: float, worker: str) -> TrialRecord:
    """The record of a finished trial."""
    return TrialRecord(
        trial=trial,
        outcome=outcome,
        network=facts.network,
        epochs=facts.epochs,
        costs=facts.costs,
        seed=facts.seed,
        seconds=seconds,
        worker=worker,
        provenance=facts.provenance,
    )


def started(parameters: Sequence[Parameter], trial: Trial, facts: TrialFacts, owner: str) -> FrozenTrial:
    """The running trial to be added to Optuna's study."""
    from optuna.distributions import CategoricalDistribution
    from optuna.trial import TrialState, create_trial

    open_ones = [
        (parameter, index)
        for parameter, index in zip(parameters, trial.point, strict=True)
        if len(parameter.choices) > 1
    ]
    return create_trial(
        state=TrialState.RUNNING,
        params={parameter.name: parameter.choices[index] for parameter, index in open_ones},
        distributions={
            parameter.name: CategoricalDistribution(parameter.choices) for parameter, _ in open_ones
        },
        user_attrs={
            "network": facts.network,
            "rung": trial.rung,
            "epochs": facts.epochs,
            "parents": list(trial.parents),
            "how": trial.how,
            "seed": facts.seed,
            **{f"{_COST}{name}": plain(value) for name, value in facts.costs.items()},
            "provenance": dict(facts.provenance),
            OWNER: owner,
        },
    )


def ending(record: TrialRecord) -> dict[str, Any]:
    """The user attributes that a trial gets when it is finished."""
    return {
        "seconds": plain(record.seconds),
        "worker": record.worker,
        "measures": {name: plain(value) for name, value in record.outcome.measures.items()},
        "provenance": dict(record.provenance),
        "error": record.outcome.error,
    }


def values(record: TrialRecord, objectives: Sequence[str]) -> list[float]:
    """The record's values of the objectives, in their order; raises RunError where a cost is missing."""
    try:
        return [float(record.outcome.score if name == SCORE else record.costs[name]) for name in objectives]
    except KeyError as missing:
        known = ", ".join((SCORE, *sorted(record.costs)))
        raise RunError(f"the search has no objective {missing}; known: {known}") from None


def trial_of(parameters: Sequence[Parameter], frozen: FrozenTrial) -> Trial:
    """The request that a trial of the study stands for; raises RunError for one that is not ours."""
    attributes = frozen.user_attrs
    try:
        return Trial(
            number=frozen.number,
            point=_point(parameters, frozen),
            rung=attributes["rung"],
            parents=tuple(attributes["parents"]),
            how=attributes["how"],
        )
    except KeyError as missing:
        raise RunError(
            f"trial {frozen.number} of the study lacks {missing}: another program added it; "
            f"name another study"
        ) from None


def record_in(parameters: Sequence[Parameter], frozen: FrozenTrial) -> TrialRecord:
    """The record of a finished trial of the study; the inverse of `started` and `ending`."""
    trial = trial_of(parameters, frozen)
    attributes = frozen.user_attrs
    return TrialRecord(
        trial=trial,
        outcome=Outcome(
            score=frozen.values[0],
            measures={name: number(value) for name, value in attributes["measures"].items()},
            error=attributes.get("error", ""),
        ),
        network=attributes["network"],
        epochs=attributes["epochs"],
        costs={
            name.removeprefix(_COST): number(value)
            for name, value in attributes.items()
            if name.startswith(_COST)
        },
        seed=attributes["seed"],
        seconds=number(attributes["seconds"]),
        worker=attributes["worker"],
        provenance=attributes["provenance"],
    )


def _point(parameters: Sequence[Parameter], frozen: FrozenTrial) -> Point:
    return tuple(
        int(frozen.distributions[parameter.name].to_internal_repr(frozen.params[parameter.name]))
        if len(parameter.choices) > 1
        else 0
        for parameter in parameters
    )


def plain(value: float) -> float | str:
    """A number as JSON has it: NaN and the infinities, which it lacks, by their names."""
    value = value if isinstance(value, int) else float(value)  # of NumPy too
    return value if math.isfinite(value) else str(value)


def number(value: float | str) -> float:
    """The inverse of `plain`."""
    return float(value) if isinstance(value, str) else value
