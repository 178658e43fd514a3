"""What makes two searches the same one: space, rungs, strategy, seed, objectives, and what the caller adds.

A study keeps it, so that a run goes on only with what it began.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wakeling.search.space import Parameter
from wakeling.search.strategies.strategy import Task

FORMAT = "wakeling.study/1"

Identity = Mapping[str, Any]
"""Plain JSON values by name."""


def identity_of(task: Task, strategy: str, also: Mapping[str, Any]) -> Identity:
    """The identity of a search. `also` holds what else must stay the same (limits, data, recipe).

    How long a search is, `task.trainings`, is no part of it: a finished search may be prolonged.
    """
    space = task.domain.space
    value = {
        "format": FORMAT,
        "space": space.name,
        "parameters": [[parameter.name, list(parameter.choices)] for parameter in space.parameters],
        "rungs": [[rung.epochs, rung.resolution_share] for rung in task.rungs],
        "strategy": strategy,
        "seed": task.seed,
        "objectives": list(task.objectives),
        "also": dict(also),
    }
    identity: Identity = json.loads(json.dumps(value))  # as it will come back: no tuples
    return identity


def parameters_in(identity: Identity) -> tuple[Parameter, ...]:
    """The parameters of the space that a study was made for."""
    return tuple(Parameter(name=name, choices=tuple(choices)) for name, choices in identity["parameters"])


def difference(kept: Identity, given: Identity) -> str:
    """What differs, in words; empty where nothing does."""
    kept, given = _flat(kept), _flat(given)
    return "; ".join(
        f"{name} was {_shown(kept.get(name))} and is now {_shown(given.get(name))}"
        for name in [*given, *(name for name in kept if name not in given)]
        if kept.get(name) != given.get(name)
    )


def _flat(identity: Identity) -> dict[str, Any]:
    """Each parameter under its own name, and what the caller added."""
    flat = {name: value for name, value in identity.items() if name not in ("parameters", "also")}
    flat |= {f"parameter {name}": choices for name, choices in identity.get("parameters", [])}
    return flat | dict(identity.get("also", {}))


def _shown(value: Any) -> str:
    text = "nothing" if value is None else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
