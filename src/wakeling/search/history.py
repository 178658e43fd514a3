"""What a search has done so far: every trial, its score and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wakeling.errors import RunError
from wakeling.files import read_json, write_json

FORMAT = "wakeling.search-history/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRecord:
    """One finished trial: `score` is what the search maximizes, 0 to 1."""

    number: int
    candidate: str
    rung: int
    epochs: int
    score: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHistory:
    """Every finished trial of one search, in order."""

    strategy: str
    seed: int
    trials: tuple[TrialRecord, ...] = ()

    def with_trial(self, trial: TrialRecord) -> SearchHistory:
        """This history with one more trial."""
        return SearchHistory(strategy=self.strategy, seed=self.seed, trials=(*self.trials, trial))

    def best_scores(self) -> dict[str, float]:
        """The score of each candidate at the most epochs that it was given."""
        scores: dict[str, tuple[int, float]] = {}
        for trial in self.trials:
            if trial.epochs >= scores.get(trial.candidate, (0, 0.0))[0]:
                scores[trial.candidate] = (trial.epochs, trial.score)
        return {name: score for name, (_, score) in scores.items()}

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "format": FORMAT,
            "strategy": self.strategy,
            "seed": self.seed,
            "trials": [asdict(trial) for trial in self.trials],
        }


def from_json(value: Mapping[str, Any]) -> SearchHistory:
    """The inverse of `SearchHistory.to_json`; raises RunError for anything else."""
    try:
        if value["format"] != FORMAT:
            raise RunError(f"search history has format {value['format']!r}; this version reads {FORMAT!r}")
        return SearchHistory(
            strategy=value["strategy"],
            seed=value["seed"],
            trials=tuple(TrialRecord(**trial) for trial in value["trials"]),
        )
    except (KeyError, TypeError) as error:
        raise RunError(f"search history is malformed: {error}") from None


def save(history: SearchHistory, path: Path) -> None:
    """Write the history atomically."""
    write_json(path, history.to_json())


def load(path: Path) -> SearchHistory:
    """Read a history; raises RunError where it is damaged."""
    value = read_json(path, RunError)
    if not isinstance(value, dict):
        raise RunError(f"{path}: the search history is not a JSON object")
    return from_json(value)
