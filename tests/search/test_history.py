"""The history of a search survives a round trip, and damage is one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from wakeling.errors import RunError
from wakeling.search import history as histories
from wakeling.search.history import SearchHistory, TrialRecord
from wakeling.search.loop import replay
from wakeling.search.strategies import SuccessiveHalving


def _history() -> SearchHistory:
    record = TrialRecord(number=0, candidate="a", rung=0, epochs=1, score=0.6, seconds=2.0)
    return SearchHistory(strategy="grid", seed=3).with_trial(record)


def test_round_trip_through_a_file(tmp_path: Path) -> None:
    histories.save(_history(), tmp_path / "history.json")
    assert histories.load(tmp_path / "history.json") == _history()


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"format": "other"}', '{"format": "wakeling.search-history/1"}']
)
def test_damaged_files_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "history.json"
    path.write_text(content)
    with pytest.raises(RunError):
        histories.load(path)


def test_best_scores_take_the_longest_training() -> None:
    longer = TrialRecord(number=1, candidate="a", rung=1, epochs=4, score=0.5, seconds=2.0)
    assert _history().with_trial(longer).best_scores() == {"a": 0.5}


def test_a_history_of_other_candidates_is_refused() -> None:
    with pytest.raises(RunError, match="would not make"):
        replay(SuccessiveHalving(("x", "y"), (1,), 3), _history())
