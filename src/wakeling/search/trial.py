"""A trial: what a strategy asks for, what came of it, and the whole record that a study keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wakeling.errors import WakelingError
from wakeling.search.space import Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """How much training a trial gets: epochs, and the share of the candidate's own resolution."""

    epochs: int
    resolution_share: float = 1.0

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise WakelingError(f"a rung trains for {self.epochs} epochs; give at least 1")
        if not 0.25 <= self.resolution_share <= 1.0:
            raise WakelingError(f"a rung's resolution share is {self.resolution_share}; allowed: 0.25 to 1")

    @property
    def work(self) -> float:
        """Training work, in epochs at full resolution: pixels count by their number."""
        return self.epochs * self.resolution_share**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A request: train the network of `point` from scratch as `rung` (0 is the shortest) says.

    `parents` are the numbers of the trials that the point was made from: none for a sampled one,
    one for a mutation or a promotion to a longer rung, two for a crossover. `how` says it in a word.
    """

    number: int
    point: Point
    rung: int
    parents: tuple[int, ...] = ()
    how: str = "sampled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a trial: `score` is what a search maximizes (balanced accuracy on val, 0 to 1).

    `measures` holds other scores (`auc`, `loss`, …). A training that failed has score 0 and says
    why in `error`.
    """

    score: float
    measures: Mapping[str, float] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRecord:
    """A finished trial as the study keeps it; enough to train it again."""

    trial: Trial
    outcome: Outcome
    network: str
    epochs: int
    costs: Mapping[str, float]
    seed: int
    seconds: float
    worker: str = ""
    provenance: Mapping[str, str] = field(default_factory=dict)
