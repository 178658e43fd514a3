"""Every exception that wakeling raises on purpose.

    WakelingError                 exit code 2: wrong usage or input
    ├── SpecError                 a network description that makes no sense
    ├── GraphError                operators that do not fit together (shapes, names, order)
    │   └── UnsupportedOpError    an operator that a table has no entry for
    ├── BoardError                an unknown or malformed board
    ├── LatencyError              a time that cannot be predicted, an engine file that makes no sense
    ├── DataError                 photos, labels or splits that cannot be used
    ├── ModelFileError            a model file that cannot be read
    │   └── UnsupportedModelError a model file with operators that we do not know
    ├── TargetError               a core, compiler or emulator that cannot do what is asked
    ├── RunError                  a run folder or a study that cannot be used or resumed
    │   └── StudyAwayError        the server of a study does not answer at the moment
    ├── DivergedError             training met a NaN or an infinity
    ├── MissingDependencyError    an optional library that is not installed
    └── NegativeAnswerError       exit code 1: the question was understood, the answer is no
        ├── DoesNotFitError       nothing fits the budget
        └── DisagreementError     two runtimes do not compute the same numbers

A message is one line: what was given, what is allowed, what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

MOST_NAMED = 40
"""Unknown operators that one message lists."""


class WakelingError(Exception):
    """The root; the command line prints it as one line and exits with `exit_code`."""

    exit_code = 2


class SpecError(WakelingError):
    """A network description that makes no sense."""


class GraphError(WakelingError):
    """Operators that do not fit together."""


class UnsupportedOpError(GraphError):
    """An operator that a table has no entry for.

    `operator` is the operator's name, `table` the name of the table that lacks it.
    """

    def __init__(self, operator: str, table: str) -> None:
        super().__init__(f"operator {operator!r} has no entry in the {table} table")
        self.operator = operator
        self.table = table


class BoardError(WakelingError):
    """An unknown or malformed board."""


class LatencyError(WakelingError):
    """A time that cannot be predicted, or an engine file that makes no sense."""


class DataError(WakelingError):
    """Photos, labels or splits that cannot be used."""


class ModelFileError(WakelingError):
    """A model file that cannot be read."""


class UnsupportedModelError(ModelFileError):
    """A model file with operators that we do not know.

    `operators` maps the name of each of them to how often the file has it.
    """

    def __init__(self, operators: Mapping[str, int], path: str | None = None) -> None:
        listed = ", ".join(f"{count} × {name}" for name, count in sorted(operators.items())[:MOST_NAMED])
        more = len(operators) - MOST_NAMED
        super().__init__(
            f"{path or 'the model'} has operators that are not read: {listed}"
            f"{f' and {more} more' if more > 0 else ''}; nothing was counted"
        )
        self.operators = dict(operators)


class TargetError(WakelingError):
    """A core, compiler or emulator that cannot do what is asked."""


class RunError(WakelingError):
    """A run folder or a study that cannot be used or resumed."""


class StudyAwayError(RunError):
    """The server of a study does not answer, or does not let us in, at the moment."""


class DivergedError(WakelingError):
    """Training met a NaN or an infinity."""


class MissingDependencyError(WakelingError):
    """An optional library is not installed; the message names the extra that brings it."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(
            f"this needs {library}, which is not installed; run: pip install 'wakeling[{extra}]'"
        )
        self.dependency = library
        self.extra = extra


class NegativeAnswerError(WakelingError):
    """The question was understood and the answer is no."""

    exit_code = 1


class DoesNotFitError(NegativeAnswerError):
    """Nothing fits the budget."""


class DisagreementError(NegativeAnswerError):
    """Two runtimes do not compute the same numbers."""


def unknown_name(kind: str, given: str, known: Iterable[str], advice: str = "") -> str:
    """One line for an unknown name: what was given and the known ones, the nearest first."""
    names = sorted(known)
    nearest = difflib.get_close_matches(given, names, n=3, cutoff=0.5)
    ordered = nearest + [name for name in names if name not in nearest]
    line = f"unknown {kind} {given!r}; known: {', '.join(ordered)}"
    return f"{line}; {advice}" if advice else line
