"""A design run's progress on stderr: one bar for the stage at work, lines for what is done.

On a terminal the bar moves; anywhere else only the lines appear, so logs stay readable.
"""

from __future__ import annotations

from types import TracebackType

from rich.progress import TaskID

from wakeling.cli.output import progress_bar


class DesignProgress:
    """A `pipeline.Listener` that draws with rich."""

    def __init__(self) -> None:
        self._bar = progress_bar()
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

    def _drop_bar(self) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None

    def _print(self, line: str, style: str | None = None) -> None:
        self._bar.console.print(line, style=style, markup=False, highlight=False)
