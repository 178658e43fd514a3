"""The line of parents that leads to a network, and what changed on it."""

from __future__ import annotations

import pytest

from wakeling.errors import RunError
from wakeling.search.ancestry import Change, ancestry
from wakeling.search.space import Head, Stage, StagedSpace, Stem
from wakeling.search.trial import Outcome, Trial, TrialRecord

SPACE = StagedSpace(
    name="s",
    resolutions=(32, 48, 64),
    stem=Stem(filters=(4, 8)),
    stages=(Stage(filters=(8, 16, 32), depth=(0, 1), kernel=(3, 5, 7)),),
    head=Head(filters=(0, 64)),
)
NAMES = [parameter.name for parameter in SPACE.parameters]


def record(number, parents=(), rung=0, how="mutated", **choices):
    values = {"stage1.depth": 1} | {name.replace("_", "."): index for name, index in choices.items()}
    point = tuple(values.get(name, 0) for name in NAMES)
    return TrialRecord(
        trial=Trial(number=number, point=point, rung=rung, parents=parents, how=how),
        outcome=Outcome(score=0.5),
        network=f"n{number}",
        epochs=1,
        costs={},
        seed=0,
        seconds=1.0,
    )


def test_a_sampled_network_is_its_own_line():
    (only,) = ancestry([record(4, how="sampled")], 4, SPACE)
    assert (only.record.trial.number, only.changes, only.others) == (4, (), ())


def test_a_line_of_mutations_and_promotions_names_every_change():
    records = [
        record(0, how="sampled"),
        record(1, (0,), stage1_kernel=1),
        record(2, (1,), rung=1, how="promoted", stage1_kernel=1),
        record(3, (2,), stage1_kernel=1, resolution=2, head_filters=1),
        record(9, how="sampled", resolution=1),
    ]
    line = ancestry(records, 3, SPACE)
    assert [one.record.trial.number for one in line] == [0, 1, 2, 3]
    assert line[1].changes == (Change(knob="stage1.kernel", before=3, after=5),)
    assert (line[2].changes, line[2].is_longer) == ((), True)
    assert line[3].changes == (
        Change(knob="resolution", before=32, after=64),
        Change(knob="head.filters", before=0, after=64),
    )
    assert not line[3].is_longer


def test_a_crossover_is_followed_to_the_parent_that_it_is_most_like():
    records = [
        record(0, how="sampled", resolution=2, stage1_kernel=2, head_filters=1),
        record(1, how="sampled"),
        record(2, (0, 1), how="crossed", stage1_kernel=2),
    ]
    line = ancestry(records, 2, SPACE)
    assert [one.record.trial.number for one in line] == [1, 2]
    assert line[1].others == (0,)
    assert [change.knob for change in line[1].changes] == ["stage1.kernel"]


def test_knobs_of_a_stage_that_is_left_out_do_not_count_as_changes():
    records = [
        record(0, how="sampled", stage1_depth=0, stage1_kernel=2),
        record(1, (0,), stage1_depth=0, stage1_kernel=1, resolution=1),
    ]
    (_, last) = ancestry(records, 1, SPACE)
    assert [change.knob for change in last.changes] == ["resolution"]


def test_a_parent_that_the_records_lack_ends_the_line_and_is_named():
    (only,) = ancestry([record(5, (2,))], 5, SPACE)
    assert only.others == (2,)


def test_parents_in_a_circle_end_the_line():
    line = ancestry([record(0, (1,)), record(1, (0,), resolution=1)], 0, SPACE)
    assert [one.record.trial.number for one in line] == [1, 0]


def test_an_unknown_trial_is_refused():
    with pytest.raises(RunError, match="no trial 7; it holds 1 trials"):
        ancestry([record(0)], 7, SPACE)
