"""One trial after the other, in this process."""

from __future__ import annotations

from collections import deque
from typing import Self

from wakeling.search.execution.evaluation import Evaluate, Finished, Listener, run_evaluation
from wakeling.search.trial import Trial


class Serial:
    """Evaluates in the process of the search."""

    slots = 1

    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self._listener: Listener | None = None
        self._waiting: deque[Trial] = deque()

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of each step, at once."""
        self._listener = listener

    def submit(self, trial: Trial) -> None:
        """Note the trial; `wait` runs it."""
        self._waiting.append(trial)

    def wait(self, timeout_seconds: float | None = None) -> tuple[Finished, ...]:
        """Run the next trial to its end, however long it takes."""
        if not self._waiting:
            return ()
        return (run_evaluation(self._evaluate, self._waiting.popleft(), self._listener),)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._waiting.clear()
