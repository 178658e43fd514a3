"""Importance of knobs: found where it is made, not found where there is none, honest with too few."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from wakeling.errors import MissingDependencyError
from wakeling.search.importance import FEWEST_NETWORKS, comparable, importance, unused
from wakeling.search.space import Parameter, load_space
from wakeling.search.trial import Outcome, Rung, Trial, TrialRecord


@dataclass(frozen=True)
class Box:
    """Any four knobs with four choices, and a switch that decides whether the last knob is used."""

    name: str = "box"
    parameters: tuple[Parameter, ...] = (
        Parameter(name="strong", choices=(1, 2, 3, 4)),
        Parameter(name="weak", choices=(1, 2, 3, 4)),
        Parameter(name="idle", choices=("a", "b", "c", "d")),
        Parameter(name="fixed", choices=(1,)),
        Parameter(name="switch", choices=(False, True)),
        Parameter(name="behind", choices=(1, 2, 3, 4)),
    )

    def canonical(self, point):
        return (*point[:5], point[5] if point[4] else 0)

    def network(self, point):
        raise NotImplementedError


BOX = Box()


def records(count, law, *, seed=1, rung=0, noise=0.01, how="sampled"):
    random = np.random.default_rng(seed)
    made = []
    for number in range(count):
        point = BOX.canonical(tuple(int(random.integers(len(one.choices))) for one in BOX.parameters))
        score = law(point) + noise * random.standard_normal()
        made.append(
            TrialRecord(
                trial=Trial(number=number, point=point, rung=rung, how=how),
                outcome=Outcome(score=float(score)),
                network=f"n{number}",
                epochs=Rung(epochs=1).epochs,
                costs={},
                seed=0,
                seconds=1.0,
            )
        )
    return made


def with_number(record, number, **changes):
    return dataclasses.replace(record, trial=dataclasses.replace(record.trial, number=number, **changes))


@pytest.mark.parametrize("seed", range(3))
def test_knobs_are_ranked_by_the_variance_that_they_make(seed):
    # of the law's variance the strong knob makes 16/17, the weak one 1/17, the others none
    found = importance(records(150, lambda p: 0.6 + 0.04 * p[0] + 0.01 * p[1], seed=seed), BOX, shuffles=20)
    assert next(iter(found.shares)) == "strong"
    assert found.shares["strong"] > 0.7
    assert found.shares["strong"] > 5 * found.luck["strong"]
    assert sum(found.shares.values()) == pytest.approx(1.0)
    assert found.shares["idle"] < 0.1


def test_knobs_without_influence_cross_the_level_of_luck_one_time_in_twenty():
    crossed = tested = 0
    for seed in range(8):
        found = importance(records(60, lambda p: 0.7, seed=seed), BOX, seed=seed)
        crossed += sum(found.shares[name] > found.luck[name] for name in found.shares)
        tested += len(found.shares)
    assert tested == 8 * 5
    assert crossed <= 6  # 2 are expected; more than 6 of 40 would come once in 300 such tests


def test_a_knob_that_is_not_used_everywhere_is_judged_where_it_is():
    found = importance(records(200, lambda p: 0.6 + (0.04 * p[5] if p[4] else 0.06)), BOX, shuffles=20)
    assert set(list(found.shares)[:2]) == {"behind", "switch"}
    assert found.shares["behind"] > found.luck["behind"]


def test_what_a_network_does_not_use_is_found_by_its_canonical_point():
    assert unused(BOX, (0, 0, 0, 0, 0, 0)) == {5}
    assert unused(BOX, (0, 0, 0, 0, 1, 0)) == frozenset()
    tiny = load_space("tiny")
    names = [parameter.name for parameter in tiny.parameters]
    shallow = tuple(0 for _ in names)  # stage 4 has depth 0, every block is depthwise separable
    expected = {name for name in names if name.startswith("stage4.")} - {"stage4.depth"}
    expected |= {f"stage{number}.expansion" for number in (1, 2, 3)}
    found = {names[place] for place in unused(tiny, shallow)}
    several = {one.name for one in tiny.parameters if len(one.choices) > 1}
    assert found == expected & several


def test_too_few_networks_are_called_so():
    found = importance(records(FEWEST_NETWORKS - 1, lambda p: p[0]), BOX)
    assert found.shares == {}
    assert "19 networks were trained alike, 20 are needed" in found.note
    assert importance([], BOX).note.startswith("too few")


def test_equal_scores_say_nothing():
    assert importance(records(40, lambda p: 0.5, noise=0.0), BOX).note.endswith("scored the same")


def test_only_trainings_of_the_same_length_are_compared():
    short = records(30, lambda p: 0.5 + 0.01 * p[0])
    longer = [with_number(one, 100 + index, rung=1, how="promoted") for index, one in enumerate(short[:9])]
    failed = [dataclasses.replace(one, outcome=Outcome(score=0.0, error="no")) for one in short[:2]]
    rung, kept = comparable([*longer, *failed, *short])
    assert rung == 0
    assert len(kept) == len({one.trial.point for one in short})
    assert importance([*longer, *short], BOX, shuffles=2).drawn_apart


def test_bred_networks_are_left_out_where_enough_were_drawn_apart():
    drawn = records(80, lambda p: 0.5 + 0.01 * p[0])
    bred = [
        with_number(one, 100 + index, how="mutated", parents=(0,))
        for index, one in enumerate(records(60, lambda p: 0.9 + 0.01 * p[1], seed=2))
    ]
    found = importance([*drawn, *bred], BOX, shuffles=2)
    assert found.drawn_apart
    assert set(found.trials) <= set(range(80))
    few = importance([*drawn[:20], *bred], BOX, shuffles=2)
    assert not few.drawn_apart
    assert len(few.trials) > 40


def test_the_same_records_and_seed_give_the_same_numbers():
    given = records(40, lambda p: 0.01 * p[0])
    assert importance(given, BOX, shuffles=5) == importance(given, BOX, shuffles=5)


def test_without_optuna_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna.importance", None)
    with pytest.raises(MissingDependencyError, match=r"Optuna.*wakeling\[search\]"):
        importance(records(40, lambda p: 0.01 * p[0]), BOX)


def test_nothing_is_written_to_the_terminal(capfd):
    importance(records(40, lambda p: 0.01 * p[0]), BOX, shuffles=2)
    assert capfd.readouterr() == ("", "")
