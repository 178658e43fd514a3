"""Evaluators for tests whose workers die; workers import them by name."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from tests.search.execution import climbing
from wakeling.errors import DataError
from wakeling.search.trial import Outcome, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Dying:
    """Evaluates, but the first attempts at some trials do not come to their end."""

    folder: Path
    kills_itself: int = -1
    waits_for_its_end: int = -1
    always_dies: int = -1
    fails: int = -1

    def __call__(self, trial: Trial) -> Outcome:
        with (self.folder / "attempts").open("a") as file:
            file.write(f"{trial.number}\n")
        first = self.folder / f"first-{trial.number}"
        if trial.number == self.always_dies:
            os.kill(os.getpid(), signal.SIGKILL)
        if trial.number == self.fails:
            raise DataError("photos are gone")
        if trial.number == self.kills_itself and not first.exists():
            first.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if trial.number == self.waits_for_its_end and not first.exists():
            import ray

            part = self.folder / "part"
            part.write_text(ray.get_runtime_context().get_node_id())
            part.replace(first)
            time.sleep(100)
        return climbing.nap(trial)

    def attempts(self) -> list[int]:
        return sorted(map(int, (self.folder / "attempts").read_text().split()))
