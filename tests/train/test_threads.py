from __future__ import annotations

import pytest
import torch

from tests.train.pictures import tiny_graph
from wakeling.train import choose_threads
from wakeling.train.threads import available_cores, busy_cores, torch_threads


class Clock:
    """A clock that runs faster the fewer threads torch has, so that the outcome is known."""

    def __init__(self, seconds: dict[int, float]) -> None:
        self._seconds = seconds
        self._now = 0.0

    def __call__(self) -> float:
        self._now += self._seconds[torch.get_num_threads()]
        return self._now


def idle() -> float:
    return 0.0


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [({1: 1.0, 2: 0.5, 4: 0.2}, 4), ({1: 1.0, 2: 0.95, 4: 3.0}, 1), ({1: 1.0, 2: 0.5, 4: 0.48}, 2)],
)
def test_more_threads_are_chosen_only_where_they_pay(seconds, expected):
    choice = choose_threads(tiny_graph(), batch_size=8, most=4, seconds=9, clock=Clock(seconds), busy=idle)
    assert choice.threads == expected
    assert [count for count, _ in choice.tried] == [1, 2, 4]
    assert choice.images_per_second == dict(choice.tried)[expected]


def test_counts_that_other_work_leaves_no_room_for_are_not_tried():
    seconds = {1: 1.0, 2: 0.5, 4: 0.2}
    for busy, counts in ((0.4, [1, 2, 4]), (1.0, [1, 2]), (2.4, [1, 2]), (3.0, [1]), (9.0, [1])):
        choice = choose_threads(
            tiny_graph(), batch_size=8, most=4, seconds=9, clock=Clock(seconds), busy=lambda busy=busy: busy
        )
        assert [count for count, _ in choice.tried] == counts


def test_a_count_whose_first_step_takes_too_long_gets_no_second():
    clock = Clock({1: 0.01, 2: 50.0})
    choice = choose_threads(tiny_graph(), batch_size=8, most=2, seconds=1, clock=clock, busy=idle)
    assert choice.threads == 1
    assert dict(choice.tried)[2] == pytest.approx(8 / 50)


def test_a_real_trial_stays_within_the_cores():
    before = torch.get_num_threads()
    choice = choose_threads(tiny_graph(), batch_size=16, most=1, seconds=0.2)
    assert choice.threads == 1 <= available_cores()
    assert choice.images_per_second > 0
    assert torch.get_num_threads() == before
    assert busy_cores() >= 0


def test_threads_come_back_after_an_error():
    before = torch.get_num_threads()
    with pytest.raises(ValueError, match="x"), torch_threads(before + 1):
        raise ValueError("x")
    assert torch.get_num_threads() == before


def test_denormals_count_as_zero_inside_only():
    tiny = torch.full((8,), 1e-30)
    with torch_threads(1):
        inside = float((tiny * 1e-10).sum())
    outside = float((tiny * 1e-10).sum())
    assert inside == 0 or not torch.set_flush_denormal(False)
    assert outside > 0
