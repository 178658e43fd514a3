"""Successive halving (Jamieson & Talwalkar 2016, arXiv:1502.07943).

All candidates train briefly; the better part of each rung trains longer in the next one.
"""

from __future__ import annotations

from wakeling.errors import WakelingError
from wakeling.search.strategies.base import Trial


def rung_sizes(candidates: int, rungs: int) -> tuple[int, ...]:
    """How many candidates each rung trains: thirds of the one before, rounded, at least one."""
    sizes = [candidates]
    for _ in range(rungs - 1):
        sizes.append(max(1, round(sizes[-1] / 3)))
    return tuple(sizes)


class SuccessiveHalving:
    """Promotes the best third of each rung to the next rung's epochs.

    The order of trials is the order of `candidates` (most promising first); ties go to the
    earlier one. `seed` is recorded with the run; this strategy draws no random numbers.
    """

    def __init__(self, candidates: tuple[str, ...], rung_epochs: tuple[int, ...], seed: int) -> None:
        if not candidates or len(set(candidates)) != len(candidates):
            raise WakelingError(f"a search needs distinct candidates; given {len(candidates)}")
        if not rung_epochs or min(rung_epochs) < 1 or list(rung_epochs) != sorted(rung_epochs):
            raise WakelingError(f"rungs must be growing numbers of epochs; given {rung_epochs}")
        self.seed = seed
        self._candidates = candidates
        self._epochs = rung_epochs
        self._sizes = rung_sizes(len(candidates), len(rung_epochs))
        self._scores: list[dict[str, float]] = [{} for _ in rung_epochs]
        self._told = 0

    @property
    def total(self) -> int:
        """How many trials the whole search takes."""
        return sum(self._sizes)

    def _field(self, rung: int) -> list[str]:
        """The candidates of a rung, best first; the rung before must be complete."""
        if rung == 0:
            return list(self._candidates)
        scores = self._scores[rung - 1]
        order = {name: index for index, name in enumerate(self._candidates)}
        ranked = sorted(scores, key=lambda name: (-scores[name], order[name]))
        return ranked[: self._sizes[rung]]

    def ask(self) -> Trial | None:
        """The next trial, or None when every rung is complete."""
        for rung, scores in enumerate(self._scores):
            waiting = [name for name in self._field(rung) if name not in scores]
            if waiting:
                return Trial(number=self._told, candidate=waiting[0], rung=rung, epochs=self._epochs[rung])
        return None

    def tell(self, trial: Trial, score: float) -> None:
        """Record a score; raises WakelingError for a trial that was not asked for."""
        if trial != self.ask():
            raise WakelingError(f"trial {trial} was not the one asked for; tell the trial of the last ask")
        self._scores[trial.rung][trial.candidate] = score
        self._told += 1

    def best(self) -> str:
        """The best candidate of the highest rung that has a score."""
        for scores in reversed(self._scores):
            if scores:
                return max(self._candidates, key=lambda name: scores.get(name, float("-inf")))
        return self._candidates[0]
