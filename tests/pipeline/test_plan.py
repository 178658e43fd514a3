"""The plan spends the time that it was given, and says the same when it is read again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling.errors import RunError
from wakeling.pipeline import plan as plans
from wakeling.pipeline.pace import Pace, pace_of
from wakeling.pipeline.plan import (
    FEWEST_TRAININGS,
    Finalist,
    Plan,
    Winning,
    choose_epochs,
    choose_rungs,
    choose_search,
    halving_trainings,
    search_seconds,
)
from wakeling.search.space import load_space
from wakeling.search.trial import Rung


def _finalists(count: int, speed: float = 500.0) -> tuple[Finalist, ...]:
    return tuple(
        Finalist(candidate=f"c{number}", images_per_second=speed, arena_bytes=None) for number in range(count)
    )


def test_search_seconds_is_the_sum_over_the_rungs() -> None:
    # 9 finalists for 1 epoch, then 3 for 3: 18 epochs of 1000 images at 500 images a second
    assert search_seconds(_finalists(9), (1, 3), 1000) == pytest.approx(18 * 1000 / 500)


@given(st.floats(1, 1e5), st.integers(100, 50_000))
def test_the_search_keeps_to_its_time(seconds: float, images: int) -> None:
    finalists, rungs = choose_search(_finalists(12), seconds=seconds, train_images=images)
    assert 1 <= len(finalists) <= 12
    assert len(finalists) == 1 or search_seconds(finalists, rungs, images) <= seconds


@given(st.floats(1, 1e5), st.floats(10, 5000), st.integers(100, 50_000))
def test_more_time_never_means_fewer_epochs(seconds: float, speed: float, images: int) -> None:
    less = choose_epochs(seconds=seconds, images_per_second=speed, train_images=images)
    more = choose_epochs(seconds=2 * seconds, images_per_second=speed, train_images=images)
    assert more[0] >= less[0] >= 4
    assert more[1] >= less[1] >= 1


def test_a_plan_survives_its_file(tmp_path: Path) -> None:
    plan = Plan(
        finalists=_finalists(2),
        rungs=(Rung(epochs=1), Rung(epochs=3)),
        trainings=2,
        threads=1,
        train_images=1000,
        search_minutes=1.5,
        estimated_minutes=3.5,
    )
    plans.save(plan, tmp_path / "plan.json")
    assert plans.load(tmp_path / "plan.json") == plan


def test_a_plan_of_a_space_and_what_it_found_survive_their_files(tmp_path: Path) -> None:
    plan = Plan(
        staged=load_space("tiny"),
        rungs=(Rung(epochs=2, resolution_share=0.5),),
        trainings=20,
        supernet_epochs=3,
        pace=Pace(image_seconds=1e-4, mac_seconds=2e-10, typical_macs=1e6),
        threads=2,
        train_images=1000,
        search_minutes=1.5,
        estimated_minutes=3.5,
    )
    plans.save(plan, tmp_path / "plan.json")
    assert plans.load(tmp_path / "plan.json") == plan
    found = Winning(point=(1, 0, 2), network="n", trial=7, score=0.8, epochs=9, quantization_epochs=2)
    plans.save_winning(found, tmp_path / "winner.json")
    assert plans.load_winning(tmp_path / "winner.json") == found


@given(st.floats(1, 1e6), st.floats(10, 5000), st.integers(100, 50_000))
def test_the_search_of_a_space_keeps_to_its_time_and_prefers_long_rungs(
    seconds: float, speed: float, images: int
) -> None:
    rungs, trainings = choose_rungs(seconds=seconds, images_per_second=speed, train_images=images)
    assert trainings >= 2
    full = rungs[-1].epochs * images / speed
    assert trainings == 2 or trainings * full <= seconds
    if trainings < FEWEST_TRAININGS:
        assert [rung.epochs for rung in rungs] == [1], "shorter rungs would have left more trainings"


def test_the_pace_recovers_the_rule_that_made_the_speeds() -> None:
    true = Pace(image_seconds=3e-4, mac_seconds=4e-10, typical_macs=1e6)
    measured = [(macs, 1 / true.seconds(macs)) for macs in (100_000, 1_000_000, 5_000_000)]
    found = pace_of(measured)
    assert found.image_seconds == pytest.approx(3e-4)
    assert found.mac_seconds == pytest.approx(4e-10)
    assert found.typical_macs == 1_000_000
    assert found.effort({"macs": 1_000_000}) == pytest.approx(1.0)
    assert found.effort({"macs": 5_000_000}) == pytest.approx(23e-4 / 7e-4)


@pytest.mark.parametrize(
    "measured", [[(1_000_000, 500.0)], [(100, 500.0), (100, 400.0)], [(1000, 10.0), (9000, 9000.0)]]
)
def test_a_pace_is_never_negative(measured: list[tuple[int, float]]) -> None:
    found = pace_of(measured)
    assert found.image_seconds >= 0
    assert found.mac_seconds >= 0
    assert found.seconds(found.typical_macs) > 0


def test_halving_works_as_much_as_its_rungs_say() -> None:
    # 9 networks for 1 epoch and 3 for 3 are 18 epochs: 6 trainings of 3
    assert halving_trainings(9, (1, 3)) == 6
    assert halving_trainings(4, (1, 3)) == 3, "7 epochs are 2 trainings and a part of one"
    assert halving_trainings(5, (4,)) == 5


@pytest.mark.parametrize("content", ["", "[]", '{"epochs": 3}'])
def test_a_damaged_plan_is_one_clear_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "plan.json").write_text(content)
    with pytest.raises(RunError):
        plans.load(tmp_path / "plan.json")
