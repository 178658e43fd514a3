"""The interface of a strategy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A request: train `candidate` for `epochs`, from scratch, and tell the score."""

    number: int
    candidate: str
    rung: int
    epochs: int


class Strategy(Protocol):
    """Chooses trials; `score` is better when larger."""

    def ask(self) -> Trial | None:
        """The next trial, the same one until it is told; None when the search is over."""
        ...

    def tell(self, trial: Trial, score: float) -> None:
        """The score of the trial that was asked for last."""
        ...

    @property
    def total(self) -> int:
        """How many trials the whole search will take."""
        ...

    def best(self) -> str:
        """The candidate to train fully."""
        ...
