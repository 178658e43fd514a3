"""What a run tells while it works; the command line turns it into progress bars."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from wakeling.search.strategies import Task
from wakeling.search.trial import TrialRecord


class SearchListener(Protocol):
    """Told about the trials of one search."""

    def finished(self, record: TrialRecord) -> None:
        """A trial has finished, here or in another process of the same search."""
        ...


class Listener(Protocol):
    """Told about stages and steps; must not change anything."""

    def stage(self, title: str) -> None:
        """A stage begins."""
        ...

    def note(self, line: str) -> None:
        """Something worth a line."""
        ...

    def progress(self, description: str, done: int, total: int) -> None:
        """`done` of `total` steps of the current work are finished."""
        ...

    def search(
        self,
        task: Task,
        *,
        trials: int | None = None,
        records: Iterable[TrialRecord] = (),
    ) -> AbstractContextManager[SearchListener]:
        """A search begins, or goes on after `records`; the block's end is its end.

        It does the work of `task` in as many as `trials`, where that is known.
        """
        ...


class Silent:
    """Hears everything and says nothing."""

    def stage(self, title: str) -> None:
        """A stage begins."""

    def note(self, line: str) -> None:
        """Something worth a line."""

    def progress(self, description: str, done: int, total: int) -> None:
        """`done` of `total` steps of the current work are finished."""

    def search(
        self,
        task: Task,
        *,
        trials: int | None = None,
        records: Iterable[TrialRecord] = (),
    ) -> AbstractContextManager[SearchListener]:
        """A search begins."""
        return nullcontext(_SilentSearch())


class _SilentSearch:
    """Hears of every trial and says nothing."""

    def finished(self, record: TrialRecord) -> None:
        """A trial has finished."""
