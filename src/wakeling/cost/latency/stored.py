"""The fitted model as it ships (`fitted.toml`), and an engine's costs on a core from it.

The file is written by `python -m wakeling.cost.latency.refit`; nothing here fits anything.
"""

from __future__ import annotations

import dataclasses
import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

from wakeling.cost.latency.costs import EngineCosts

FILE = "fitted.toml"


@functools.cache
def fitted() -> Mapping[str, Any]:
    """The file's content as plain values."""
    text = (resources.files("wakeling.cost.latency") / FILE).read_text(encoding="utf-8")
    return tomllib.loads(text)


@functools.cache
def costs_of(engine: str, core: str) -> EngineCosts:
    """The costs of a known engine on one of its cores."""
    model = fitted()
    own, factor = model["engines"][engine], model["cores"][core]
    return EngineCosts(
        engine=engine,
        core=core,
        cycles={unit: cycles * factor for unit, cycles in own["cycles"].items()},
        misaligned=model["misaligned"],
        level=own["levels"][core],
        mix=own["mix"],
        deviations=own["deviations"],
        inflation=own["inflation"],
    )


def costs_on(engine: str, core: str) -> EngineCosts:
    """The costs of an engine on any core, to calibrate from: one of its own cores' where none are known."""
    model = fitted()
    own = model["engines"][engine]
    if core in model["cores"] and core in own["levels"]:
        return costs_of(engine, core)
    like = next(iter(own["levels"]))
    return dataclasses.replace(costs_of(engine, like), core=core)


def is_measured(engine: str, core: str) -> bool:
    """Whether a time of this engine on this core is among the measurements."""
    return core in fitted()["engines"][engine]["measured_on"]
