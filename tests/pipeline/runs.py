"""What the tests of whole runs share: circumstances, and a listener that can press Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext

from wakeling.pipeline.report_data import Circumstances
from wakeling.search.strategies import Task
from wakeling.search.trial import TrialRecord

HERE = Circumstances(command="wakeling design …", created="2026-01-01", machine="test")


class Interrupts:
    """A listener that presses Ctrl-C at the first line that begins so."""

    def __init__(self, at: str | None = None) -> None:
        self.lines: list[str] = []
        self._at = at

    def stage(self, title: str) -> None:
        self.lines.append(title)
        if self._at is not None and title.startswith(self._at):
            raise KeyboardInterrupt

    def note(self, line: str) -> None:
        self.stage(line)

    def progress(self, description: str, done: int, total: int) -> None:
        assert 0 <= done <= total

    def search(
        self,
        task: Task,
        *,
        trials: int | None = None,
        records: Iterable[TrialRecord] = (),
    ) -> AbstractContextManager[Interrupts]:
        return nullcontext(self)

    def finished(self, record: TrialRecord) -> None:
        self.note(f"trial {record.trial.number + 1}/ {record.network}")
