"""How a search's costs, scores and steps are written; names of columns, axes and choices."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from wakeling.report.networks import Knob
from wakeling.report.search_data import AncestryStep, SearchRung, SearchSummary, SearchTrial
from wakeling.units import format_bytes, format_count


class Cost(NamedTuple):
    """How a cost is called, what an axis says, and how a value is written."""

    name: str
    axis: str
    write: Callable[[float], str]
    is_bytes: bool = False


def _bytes(value: float) -> str:
    return format_bytes(round(value))


def _count(value: float) -> str:
    return format_count(round(value))


COSTS: Mapping[str, Cost] = {
    "ram_bytes": Cost("RAM", "RAM", _bytes, is_bytes=True),
    "macs": Cost("MACs", "MACs for one picture", _count),
    "latency_ms": Cost("latency", "latency, ms", lambda value: f"{value:,.3g} ms"),
    "flash_bytes": Cost("flash", "flash", _bytes, is_bytes=True),
    "energy_mj": Cost("energy", "energy for one picture, mJ", lambda value: f"{value:,.3g} mJ"),
    "parameters": Cost("parameters", "parameters", _count),
}
"""The costs that have names of their own, in the order of a table's columns."""


def cost_words(name: str) -> Cost:
    """The words of a cost; one that nobody named is called as it is."""
    if name in COSTS:
        return COSTS[name]
    if name.endswith("_bytes"):
        return Cost(name, name, _bytes, is_bytes=True)
    return Cost(name, name, lambda value: f"{value:,.4g}")


def limit_words(name: str, limit: float) -> str:
    """A limit, which is round: `64 KiB`, `6 M`."""
    return re.sub(r"\.0+(?= |$)", "", cost_words(name).write(limit))


def cost_names(summary: SearchSummary) -> tuple[str, ...]:
    """The costs that some trial has or that are limited, those with names of their own first."""
    found = dict.fromkeys([*summary.limits, *(name for trial in summary.trials for name in trial.costs)])
    return (*(name for name in COSTS if name in found), *sorted(name for name in found if name not in COSTS))


def is_share(summary: SearchSummary) -> bool:
    """Whether every score is between 0 and 1, as accuracies are."""
    return all(0.0 <= trial.score <= 1.0 for trial in summary.trials if trial.score is not None)


def score_writer(summary: SearchSummary) -> Callable[[float], str]:
    """How scores are written: accuracies as percentages, others as numbers."""
    return (lambda score: f"{100 * score:.1f} %") if is_share(summary) else (lambda score: f"{score:.4g}")


def epochs_words(rung: SearchRung) -> str:
    """The amount of training of a rung: `3 epochs at 0.5 of the resolution`."""
    words = f"{rung.epochs} epoch" + ("s" if rung.epochs != 1 else "")
    return (
        words if rung.resolution_share == 1.0 else f"{words} at {rung.resolution_share:g} of the resolution"
    )


def choice(value: Knob) -> str:
    """A choice of a knob: `yes` and `no` for switches, names without underscores."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.replace("_", " ") if isinstance(value, str) else f"{value:g}"


def step_words(step: AncestryStep, trial: SearchTrial, summary: SearchSummary) -> list[str]:
    """What a step of the ancestry did, a phrase for each change."""
    if step.is_longer:
        return [f"trained again, for {epochs_words(summary.rungs[trial.rung])}"]
    words = [f"{one.knob} {choice(one.before)} → {choice(one.after)}" for one in step.changes]
    if step.others and not step.changes:
        words.append(f"from trial {', '.join(map(str, step.others))}, which is not among these")
    elif step.others:
        words.append(f"crossed with trial {', '.join(map(str, step.others))}")
    if not words:
        words.append("the first of the line" if not trial.parents else "the same network again")
    return words
