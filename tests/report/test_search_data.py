"""A search as plain data: JSON there and back, fronts, best so far, and what it refuses."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report import sample, search_sample
from wakeling.errors import RunError
from wakeling.report import (
    ReportData,
    SearchedSpace,
    SearchKnob,
    SearchRung,
    SearchSummary,
    SearchTrial,
)
from wakeling.report.search_fronts import best_trial, front, longest, so_far
from wakeling.report.search_words import epochs_words, limit_words
from wakeling.search.trial import Rung

RUNGS = (SearchRung(epochs=1), SearchRung(epochs=4))


def trial(number, score, cost=1.0, *, rung=0, place=None, error="", seconds=2.0):
    return SearchTrial(
        number=number,
        network=f"n{number}",
        point=(number if place is None else place,),
        rung=rung,
        epochs=RUNGS[rung].epochs,
        score=score,
        costs={"macs": cost},
        error=error,
        seconds=seconds,
    )


def summary(trials, **changes):
    knob = SearchKnob(name="k", choices=tuple(range(100)))
    given = {
        "space": SearchedSpace(name="s", title="", knobs=(knob,)),
        "limits": {"macs": 50.0},
        "strategy": "random",
        "evaluator": "training",
        "seed": 1,
        "rungs": RUNGS,
        "trials": tuple(trials),
    }
    return SearchSummary(**{**given, **changes})


@pytest.fixture(scope="module")
def full():
    return search_sample.summary(60)


def test_a_summary_survives_json(full):
    assert SearchSummary.from_json(json.loads(json.dumps(full.to_json(), allow_nan=False))) == full


def test_a_report_with_a_search_survives_json(full):
    data = dataclasses.replace(sample.minimal_report(), search=full)
    assert ReportData.from_json(json.loads(json.dumps(data.to_json(), allow_nan=False))) == data


def test_a_report_from_before_searches_still_loads():
    value = sample.minimal_report().to_json()
    del value["search"]
    assert ReportData.from_json(value).search is None


def test_something_else_is_refused(full):
    with pytest.raises(RunError, match="no summary of a search"):
        SearchSummary.from_json({"format": "other"})
    with pytest.raises(RunError, match=r"unknown field 'color'"):
        SearchSummary.from_json({**full.to_json(), "color": 1})


@pytest.mark.parametrize("changes", [{"point": (100,)}, {"point": (-1,)}, {"point": ()}, {"rung": 2}])
def test_a_trial_from_another_space_is_refused(changes):
    with pytest.raises(RunError, match="trial 3 of the search is at point"):
        summary([dataclasses.replace(trial(3, 0.5), **changes)])


def test_the_summary_has_what_the_records_say(full):
    records = search_sample.records(60)
    assert [one.number for one in full.trials] == [record.trial.number for record in records]
    failed = [record for record in records if record.outcome.error]
    assert [one.number for one in full.failed] == [record.trial.number for record in failed]
    assert failed
    assert all(one.score is None for one in full.failed)
    best = max(
        (record for record in records if record.trial.rung == 2), key=lambda record: record.outcome.score
    )
    assert full.winner == best.trial.number
    assert full.ancestry[-1].trial == full.winner
    values = full.values(full.trials[0])
    assert values["resolution"] in search_sample.SPACE.resolutions
    assert "stem.stride" not in values  # it has one choice


def test_a_score_that_is_no_number_counts_as_failed():
    (record, *_) = search_sample.records(1)
    broken = dataclasses.replace(
        record,
        outcome=dataclasses.replace(record.outcome, score=float("nan")),
        costs={"macs": float("inf"), "ram_bytes": 5.0},
    )
    (kept,) = search_sample.summary(records=[broken]).trials
    assert (kept.score, kept.error, kept.costs) == (None, "the score is nan", {"ram_bytes": 5.0})


def test_a_network_counts_by_its_longest_training():
    trials = [trial(0, 0.9, place=7), trial(1, 0.6, rung=1, place=7), trial(2, 0.7)]
    assert [one.number for one in longest(trials)] == [1, 2]
    assert best_trial(trials) == trials[1]
    assert best_trial([trial(0, None, error="x")]) is None


@given(st.lists(st.tuples(st.none() | st.integers(0, 8), st.integers(1, 8)), max_size=20))
def test_the_front_holds_exactly_the_results_that_nothing_as_cheap_reaches(rows):
    trials = [
        trial(index, None if score is None else score / 8, cost) for index, (score, cost) in enumerate(rows)
    ]
    expected = {
        (score / 8, cost)
        for score, cost in rows
        if score is not None
        and not any(
            other is not None and other >= score and price <= cost and (other, price) != (score, cost)
            for other, price in rows
        )
    }
    found = front(trials, "macs")
    assert [(one.score, one.costs["macs"]) for one in found] == sorted(expected, key=lambda row: row[1])
    assert front(trials, "latency_ms") == ()


def test_best_so_far_grows_and_work_is_counted_in_full_trainings():
    steps = so_far(
        summary(
            [trial(0, None, error="x"), trial(1, 0.5), trial(2, 0.4), trial(3, 0.7, rung=1), trial(4, 0.6)]
        )
    )
    assert [step.best for step in steps] == [None, 0.5, 0.5, 0.7, 0.7]
    assert [step.work for step in steps] == [0.25, 0.5, 0.75, 1.75, 2.0]
    assert [step.seconds for step in steps] == [2, 4, 6, 8, 10]
    assert so_far(summary([])) == ()


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_rung_of_the_report_is_as_much_work_as_one_of_the_search(share):
    assert SearchRung(epochs=3, resolution_share=share).work == Rung(epochs=3, resolution_share=share).work


def test_words_for_people():
    assert epochs_words(SearchRung(epochs=1)) == "1 epoch"
    assert epochs_words(SearchRung(epochs=9, resolution_share=0.5)) == "9 epochs at 0.5 of the resolution"
    assert limit_words("ram_bytes", 65536) == "64 KiB"
    assert limit_words("macs", 6_000_000) == "6 M"
    assert limit_words("latency_ms", 500) == "500 ms"
    assert limit_words("scratch_bytes", 2048) == "2 KiB"
