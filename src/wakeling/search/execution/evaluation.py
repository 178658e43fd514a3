"""One evaluation of a trial, wherever it runs: timed, and with failures of the training as outcomes.

Progress goes to whoever listens in the process of the evaluation (`report_step`).
"""

from __future__ import annotations

import contextlib
import math
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from wakeling.errors import DivergedError
from wakeling.search.trial import Outcome, Trial

Evaluate = Callable[[Trial], Outcome]
"""What a search is given: trains (or scores) the network of a trial. It must be picklable for workers
in other processes."""

Listener = Callable[[Trial, int, float], None]
"""Hears a trial's score after a step (an epoch) of its evaluation."""

FAILURES = (DivergedError, MemoryError, FloatingPointError)
"""What a training may end in without ending the search; anything else is a fault of the program."""

_OUT_OF_MEMORY = "OutOfMemoryError"
"""The name of torch's class for a GPU whose memory is used up; torch is not imported here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """An evaluation that came to its end; `steps` are the scores after each step, where there are any."""

    trial: Trial
    outcome: Outcome
    seconds: float
    worker: str
    steps: tuple[tuple[int, float], ...] = ()


_reporting: ContextVar[Callable[[int, float], None] | None] = ContextVar("reporting", default=None)


def report_step(step: int, value: float) -> None:
    """Called by an evaluator after a step (an epoch) of its training; does nothing outside a search."""
    report = _reporting.get()
    if report is not None and math.isfinite(value):
        report(step, value)


def run_evaluation(evaluate: Evaluate, trial: Trial, listener: Listener | None = None) -> Finished:
    """Evaluate a trial here and now.

    A training that diverges, runs out of memory or ends in a score that is no number has score 0
    and says why; other exceptions are the caller's.
    """
    steps: list[tuple[int, float]] = []

    def report(step: int, value: float) -> None:
        steps.append((step, value))
        if listener:
            listener(trial, step, value)

    began = time.perf_counter()
    with _listening(report):
        outcome = _outcome(evaluate, trial)
    return Finished(
        trial=trial,
        outcome=outcome,
        seconds=time.perf_counter() - began,
        worker=worker_name(),
        steps=tuple(steps),
    )


def failed(error: str) -> Outcome:
    """The outcome of a training that came to nothing."""
    return Outcome(score=0.0, error=error)


def worker_name() -> str:
    """Host and process of this evaluation."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _outcome(evaluate: Evaluate, trial: Trial) -> Outcome:
    try:
        outcome = evaluate(trial)
    except Exception as error:
        if isinstance(error, FAILURES) or type(error).__name__ == _OUT_OF_MEMORY:
            return failed(" ".join(str(error).split()) or type(error).__name__)
        raise
    if not math.isfinite(outcome.score):
        return Outcome(score=0.0, measures=outcome.measures, error=f"the score is {outcome.score}")
    return outcome


@contextlib.contextmanager
def _listening(report: Callable[[int, float], None]) -> Iterator[None]:
    token = _reporting.set(report)
    try:
        yield
    finally:
        _reporting.reset(token)
