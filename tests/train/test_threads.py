from __future__ import annotations

import time

import pytest
import torch

from tests.train.pictures import tiny_graph
from wakeling.train import choose_threads
from wakeling.train.threads import available_cores, torch_threads


class Clock:
    """A clock that runs faster the fewer threads torch has, so that the outcome is known."""

    def __init__(self, seconds: dict[int, float]) -> None:
        self._seconds = seconds
        self._now = 0.0

    def __call__(self) -> float:
        self._now += self._seconds[torch.get_num_threads()]
        return self._now


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [({1: 1.0, 2: 0.5, 4: 0.2}, 4), ({1: 1.0, 2: 0.95, 4: 3.0}, 1), ({1: 1.0, 2: 0.5, 4: 0.48}, 2)],
)
def test_more_threads_are_chosen_only_where_they_pay(seconds, expected):
    choice = choose_threads(tiny_graph(), batch_size=8, most=4, seconds=9, clock=Clock(seconds))
    assert choice.threads == expected
    assert [count for count, _ in choice.tried] == [1, 2, 4]
    assert choice.images_per_second == dict(choice.tried)[expected]


def test_a_real_trial_is_short_and_stays_within_the_cores():
    before = torch.get_num_threads()
    started = time.perf_counter()
    choice = choose_threads(tiny_graph(), batch_size=16, seconds=0.5)
    assert time.perf_counter() - started < 10
    assert 1 <= choice.threads <= available_cores()
    assert choice.images_per_second > 0
    assert torch.get_num_threads() == before


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
