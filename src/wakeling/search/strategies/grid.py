"""Grid: every candidate gets the largest budget once."""

from __future__ import annotations

from wakeling.search.strategies.successive_halving import SuccessiveHalving


class Grid(SuccessiveHalving):
    """Trains all candidates alike, for the epochs of the last rung; the exhaustive baseline."""

    def __init__(self, candidates: tuple[str, ...], rung_epochs: tuple[int, ...], seed: int) -> None:
        super().__init__(candidates, rung_epochs[-1:], seed)
