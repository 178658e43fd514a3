"""The user's own designs on a command line: a network, a run's folder or its cost.json, with an accuracy.

What a network may be is `network_choice`'s business.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wakeling import cost
from wakeling.cli.network_choice import choose
from wakeling.errors import WakelingError

DESIGN_HELP = (
    "A design of yours: NETWORK, a run's folder or its cost.json; with @71.2 behind it, its top-1 accuracy "
    "in percent. Repeat it for several."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """One design: its cost and, where the user gave it, its accuracy in percent."""

    report: cost.CostReport
    top1_percent: float | None


def read_design(text: str, runtimes: Sequence[str]) -> Design:
    """The design that `text` names, its memory planned for `runtimes`.

    A run's cost.json is taken as it is. Raises WakelingError where it cannot be read or the accuracy
    is no percentage.
    """
    name, top1_percent = _split(text)
    path = Path(name)
    if path.is_dir():
        path = path / "cost.json"
        if not path.exists():
            raise WakelingError(f"{name} has no cost.json; give the folder of a finished `wakeling design`")
    report = _read_report(path)
    if report is None:
        report = choose(name).report(runtimes)
    return Design(report=report, top1_percent=top1_percent)


def _split(text: str) -> tuple[str, float | None]:
    """The name and the accuracy behind the last @; an @ before anything else is part of the name."""
    name, at, tail = text.rpartition("@")
    try:
        accuracy = float(tail.removesuffix("%"))
    except ValueError:
        return text, None
    if not at or not name:
        return text, None
    if not 0 <= accuracy <= 100:
        raise WakelingError(f"accuracy of {name} is {tail}; write a percentage from 0 to 100, such as @71.2")
    return name, accuracy


def _read_report(path: Path) -> cost.CostReport | None:
    """The cost report in a .json file; None for any other file, which is a network."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return None
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return None  # `choose` says what is wrong with it
    if not isinstance(value, dict) or not str(value.get("format", "")).startswith("wakeling.cost/"):
        return None
    return cost.from_json(value)
