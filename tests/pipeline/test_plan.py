"""The plan spends the time that it was given, and says the same when it is read again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling.errors import RunError
from wakeling.pipeline import plan as plans
from wakeling.pipeline.plan import Finalist, Plan, choose_epochs, choose_search, search_seconds


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
        rung_epochs=(1, 3),
        threads=1,
        train_images=1000,
        estimated_minutes=3.5,
    )
    plans.save(plan, tmp_path / "plan.json")
    assert plans.load(tmp_path / "plan.json") == plan


@pytest.mark.parametrize("content", ["", "[]", '{"epochs": 3}'])
def test_a_damaged_plan_is_one_clear_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "plan.json").write_text(content)
    with pytest.raises(RunError):
        plans.load(tmp_path / "plan.json")
