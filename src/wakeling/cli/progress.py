"""A design run's progress on stderr: one bar for the stage at work, lines for what is done.

On a terminal the bar moves; anywhere else only the lines appear, so logs stay readable.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from wakeling.cli.output import console
from wakeling.cli.search_progress import SearchProgress

if TYPE_CHECKING:
    from wakeling.search.strategies import Task as SearchTask
    from wakeling.search.trial import TrialRecord


class _Count(MofNCompleteColumn):
    """A task's own words in its field `count`, or how many of how many."""

    def render(self, task: Task) -> Text:
        """What stands behind the bar."""
        return Text(task.fields["count"]) if "count" in task.fields else super().render(task)


class _Left(TimeRemainingColumn):
    """A task's own words in its field `left`, or the time at the pace of its steps."""

    def render(self, task: Task) -> Text:
        """What stands last."""
        return Text(task.fields["left"], style="cyan") if "left" in task.fields else super().render(task)


def _bar() -> Progress:
    """Bars on stderr; silent where stderr is no terminal."""
    stderr = console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        _Count(table_column=Column(no_wrap=True)),
        _Left(table_column=Column(no_wrap=True)),
        console=stderr,
        disable=not stderr.is_terminal,
    )


class DesignProgress:
    """A `pipeline.Listener` that draws with rich."""

    def __init__(self) -> None:
        self._bar = _bar()
        self._task: TaskID | None = None
        self._total = 0

    def __enter__(self) -> DesignProgress:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._drop_bar()
        self._bar.stop()

    def stage(self, title: str) -> None:
        """Print the stage's title."""
        self._drop_bar()
        self._print(title, style="bold")

    def note(self, line: str) -> None:
        """Print a line below the stage."""
        self._print(f"  {line}")

    def progress(self, description: str, done: int, total: int) -> None:
        """Move the bar; a new total means new work and a new bar."""
        if self._bar.disable:
            return
        if self._task is None or self._total != total:
            self._drop_bar()
            self._task = self._bar.add_task(description, total=total)
            self._total = total
        self._bar.update(self._task, description=description, completed=done)
        if done >= total:
            self._drop_bar()

    def search(
        self,
        task: SearchTask,
        *,
        trials: int | None = None,
        records: Iterable[TrialRecord] = (),
    ) -> SearchProgress:
        """The progress of a search, drawn here; use it as a `with` block. See `SearchProgress`."""
        self._drop_bar()
        return SearchProgress(self._bar, task, trials=trials, records=records)

    def _drop_bar(self) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None

    def _print(self, line: str, style: str | None = None) -> None:
        self._bar.console.print(line, style=style, markup=False, highlight=False)
