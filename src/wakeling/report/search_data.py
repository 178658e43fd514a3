"""A search as the report shows it: the space, every trial, what mattered, where the winner came from.

Plain frozen data with its JSON; `search_summary` fills it from the records of a study, and the
fronts and best scores that follow from it are in `search_fronts`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wakeling.codec import decode, encode
from wakeling.errors import RunError
from wakeling.report.networks import Knob

FORMAT = "wakeling.search-summary/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchKnob:
    """A parameter of the space; `is_ordered` where a neighbor in the list is one in meaning."""

    name: str
    choices: tuple[Knob, ...]
    is_ordered: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedSpace:
    """What could be chosen; `size` counts every combination, equal networks as often as they occur."""

    name: str
    title: str
    knobs: tuple[SearchKnob, ...]

    @property
    def size(self) -> int:
        """How many combinations there are."""
        return math.prod(len(knob.choices) for knob in self.knobs)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRung:
    """One amount of training, and the share of a network's own resolution that it runs at."""

    epochs: int
    resolution_share: float = 1.0

    @property
    def work(self) -> float:
        """Epochs at full resolution: pixels count by their number."""
        return self.epochs * self.resolution_share**2


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTrial:
    """A finished trial; `score` is None where the training failed, as `error` says.

    `point` has the place of a choice for each knob of the space, `costs` the numbers that were known
    before training (`ram_bytes`, `macs`, `latency_ms`, …), `parents` numbers of earlier trials.
    """

    number: int
    network: str
    point: tuple[int, ...]
    rung: int
    epochs: int
    score: float | None
    costs: Mapping[str, float]
    error: str = ""
    parents: tuple[int, ...] = ()
    how: str = "sampled"
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KnobImportance:
    """A knob's part (0..1) in being among the best quarter, and the level that luck alone reaches."""

    name: str
    share: float
    luck: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchImportance:
    """Which knobs mattered, the largest first; `note` says why there are none.

    The networks of `trials` were compared, all of them trained as `rung` says; where some were bred
    from others (not `drawn_apart`), the level of luck is too low.
    """

    knobs: tuple[KnobImportance, ...]
    trials: tuple[int, ...]
    rung: int
    drawn_apart: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnobChange:
    """A knob that a network has otherwise than the one that it was made from."""

    knob: str
    before: Knob
    after: Knob


@dataclass(frozen=True, slots=True, kw_only=True)
class AncestryStep:
    """One trial of the line that leads to the winner, and what it changed; `others` are other parents."""

    trial: int
    changes: tuple[KnobChange, ...] = ()
    others: tuple[int, ...] = ()
    is_longer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSummary:
    """Everything about one search, finished or not.

    `limits` are the hard ones by the names of the costs, `evaluator` says in words what a score is
    worth ("training from scratch"), `score_name` what it measures. `rungs` grow; the last is a full
    training and the search plans as much work as `trainings` of them (None: unknown). `trials` are
    in the order in which they finished, `winner` is a trial's number, `seconds` the time on the
    clock (None: unknown). `ram_runtime` names the memory plan that RAM is counted by.
    """

    space: SearchedSpace
    limits: Mapping[str, float]
    strategy: str
    evaluator: str
    seed: int
    rungs: tuple[SearchRung, ...]
    trials: tuple[SearchTrial, ...]
    winner: int | None = None
    objectives: tuple[str, ...] = ("score",)
    trainings: int | None = None
    is_over: bool = True
    importance: SearchImportance | None = None
    ancestry: tuple[AncestryStep, ...] = ()
    seconds: float | None = None
    score_name: str = "balanced accuracy on val"
    ram_runtime: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        knobs, rungs = self.space.knobs, len(self.rungs)
        for trial in self.trials:
            fits = len(trial.point) == len(knobs) and all(
                0 <= place < len(knob.choices) for place, knob in zip(trial.point, knobs, strict=True)
            )
            if not fits or not 0 <= trial.rung < rungs:
                raise RunError(
                    f"trial {trial.number} of the search is at point {trial.point} and rung {trial.rung}; "
                    f"its space has {len(knobs)} knobs and {rungs} rungs"
                )

    @property
    def failed(self) -> tuple[SearchTrial, ...]:
        """The trials whose training failed."""
        return tuple(trial for trial in self.trials if trial.score is None)

    def trial(self, number: int) -> SearchTrial | None:
        """The trial of this number, if it is there."""
        return next((trial for trial in self.trials if trial.number == number), None)

    def values(self, trial: SearchTrial) -> dict[str, Knob]:
        """What a trial chose, by the names of the knobs; fixed ones are left out."""
        return {
            knob.name: knob.choices[place]
            for knob, place in zip(self.space.knobs, trial.point, strict=True)
            if len(knob.choices) > 1
        }

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; raises RunError, naming the field, for a number that is not finite."""
        return {"format": FORMAT, **encode(self, "search")}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SearchSummary:
        """The summary that `to_json` wrote; raises RunError where it is none."""
        if not isinstance(value, Mapping) or value.get("format") != FORMAT:
            raise RunError(f"this is no summary of a search: its 'format' must be {FORMAT!r}")
        summary = decode(cls, {key: item for key, item in value.items() if key != "format"}, "search")
        assert isinstance(summary, cls)
        return summary
