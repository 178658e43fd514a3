"""Run as a program: searches that are killed at every so many database statements, then resumed.

    python -m tests.search.execution.killed FOLDER FIRST STEP

A child is forked for each attempt and kills itself with SIGKILL before its n-th statement, for
n = FIRST, FIRST + STEP, …, until a search gets to its end without. Prints how many kills there
were in how many searches, and whether all ended with the records of an uninterrupted search.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import sqlalchemy

from tests.search.execution import climbing
from wakeling.search.study import read_records

TRAININGS = 4


def killed_at(statement: int, action: Callable[[], object]) -> bool:
    """Run the action in a child that dies before its n-th statement; whether it died."""
    child = os.fork()
    if child == 0:
        counter = itertools.count(1)

        @sqlalchemy.event.listens_for(sqlalchemy.Engine, "before_cursor_execute")
        def _count(*_: object) -> None:
            if next(counter) == statement:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            action()
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the search ended with an error"
    return os.WIFSIGNALED(status)


def whole_search(path: Path) -> None:
    with climbing.open_climb(path, TRAININGS) as study:
        climbing.climb(study, TRAININGS)


def main() -> None:
    folder, first, step = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    whole_search(folder / "whole.db")
    expected = climbing.timeless(read_records(folder / "whole.db"))
    searches, kills, same = 0, 0, True
    for statement in itertools.count(first, step):
        path = folder / f"{statement}.db"
        died = killed_at(statement, lambda path=path: whole_search(path))
        searches += 1
        # the second attempt is killed too, a little later than the first
        kills += died + killed_at(statement + 7, lambda path=path: whole_search(path))
        whole_search(path)
        same &= climbing.timeless(read_records(path)) == expected
        path.unlink()
        if not died:
            break
    print(json.dumps({"searches": searches, "kills": kills, "same": same, "trials": len(expected)}))


if __name__ == "__main__":
    main()
