"""The exception tree: one root, exit codes, and a docstring that draws what is there."""

from __future__ import annotations

import inspect
import re

import pytest

from wakeling import errors
from wakeling.errors import (
    DisagreementError,
    DoesNotFitError,
    MissingDependencyError,
    NegativeAnswerError,
    UnsupportedOpError,
    WakelingError,
    unknown_name,
)

ALL = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, Exception) and value.__module__ == errors.__name__
]


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.__name__)
def test_every_error_has_the_root_and_a_code(error: type[WakelingError]) -> None:
    assert issubclass(error, WakelingError)
    assert error.exit_code == (1 if issubclass(error, NegativeAnswerError) else 2)
    assert error.__doc__


def test_the_docstring_draws_the_tree() -> None:
    drawn = re.findall(r"^    ([│ ├└─]*)(\w+Error)\b", errors.__doc__ or "", re.MULTILINE)
    assert {name for _, name in drawn} == {error.__name__ for error in ALL}
    above: list[str] = []
    for branch, name in drawn:
        depth = len(branch) // 4
        del above[depth:]
        parent = above[-1] if above else "Exception"
        assert getattr(errors, name).__base__.__name__ == parent
        above.append(name)


def test_negative_answers_are_no_mistakes() -> None:
    assert DoesNotFitError("no").exit_code == DisagreementError("no").exit_code == 1
    assert WakelingError("wrong").exit_code == 2


def test_errors_carry_what_they_are_about() -> None:
    unsupported = UnsupportedOpError("lstm", "shape")
    assert (unsupported.operator, unsupported.table) == ("lstm", "shape")
    missing = MissingDependencyError("torch", "train")
    assert (missing.dependency, missing.extra) == ("torch", "train")
    assert "pip install 'wakeling[train]'" in str(missing)


def test_unknown_names_list_the_nearest_first() -> None:
    line = unknown_name("board", "nukleo", ["arduino", "nucleo", "zebra"], "or give a file")
    assert line == "unknown board 'nukleo'; known: nucleo, arduino, zebra; or give a file"
    assert unknown_name("board", "?", ["b", "a"]) == "unknown board '?'; known: a, b"
