"""What a run tells while it works; the command line turns it into progress bars."""

from __future__ import annotations

from typing import Protocol


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


class Silent:
    """Hears everything and says nothing."""

    def stage(self, title: str) -> None:
        """A stage begins."""

    def note(self, line: str) -> None:
        """Something worth a line."""

    def progress(self, description: str, done: int, total: int) -> None:
        """`done` of `total` steps of the current work are finished."""
