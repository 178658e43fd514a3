"""The interface of an executor: where the trials of a search run, and how many at a time."""

from __future__ import annotations

from typing import Protocol, Self

from wakeling.search.execution.evaluation import Finished, Listener
from wakeling.search.trial import Trial


class Executor(Protocol):
    """Runs trials; used as a `with` block, whose end stops what still runs and waits for nothing."""

    @property
    def slots(self) -> int:
        """How many trials may be in flight now; it changes where machines come and go."""
        ...

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of each step of the trials: while they run or at their end."""
        ...

    def submit(self, trial: Trial) -> None:
        """Begin a trial, or note it for `wait`."""
        ...

    def wait(self, timeout_seconds: float | None = None) -> tuple[Finished, ...]:
        """The trials that ended since the last call: at least one, unless the time is up first.

        Raises what an evaluator raised, RunError where the machines are gone.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *raised: object) -> None: ...
