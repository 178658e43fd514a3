from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from tests.train.pictures import tiny_graph
from wakeling.train import choose_threads
from wakeling.train.threads import _speed, available_cores, busy_cores, torch_threads


def speeds(table: dict[int, float]) -> Callable[[int, float], float]:
    return lambda threads, seconds: table[threads]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({1: 100, 2: 190, 4: 350}, 4),
        ({1: 100, 2: 105, 4: 20}, 1),
        ({1: 100, 2: 190, 4: 200}, 2),
        ({1: 100, 2: 3, 4: 150}, 4),
    ],
)
def test_more_threads_are_chosen_only_where_they_pay(table, expected):
    choice = choose_threads(tiny_graph(), most=4, busy=lambda: 0, measure=speeds(table))
    assert choice.threads == expected
    assert choice.tried == tuple(table.items())
    assert choice.images_per_second == table[expected]


@pytest.mark.parametrize(
    ("busy", "counts"), [(0.4, [1, 2, 4]), (1.0, [1, 2]), (2.4, [1, 2]), (3.0, [1]), (9.0, [1])]
)
def test_counts_that_other_work_leaves_no_room_for_are_not_tried(busy, counts):
    choice = choose_threads(tiny_graph(), most=4, busy=lambda: busy, measure=speeds({1: 100, 2: 190, 4: 350}))
    assert [count for count, _ in choice.tried] == counts


def test_a_real_trial_stays_within_the_cores():
    before = torch.get_num_threads()
    choice = choose_threads(tiny_graph(), batch_size=16, most=1, seconds=0.2)
    assert choice.threads == 1 <= available_cores()
    assert choice.images_per_second > 0
    assert torch.get_num_threads() == before
    assert busy_cores() >= 0


@pytest.mark.parametrize(
    ("first", "others", "threads", "steps", "speed"),
    [(1.0, 0.5, 1, 4, 20), (1.0, 0.5, 2, 4, 20), (9.0, 0.5, 1, 2, 20), (9.0, 0.5, 2, 1, 10 / 9)],
)
def test_the_first_step_warms_up_unless_it_shows_a_collapse(first, others, threads, steps, speed):
    now, done = 0.0, 0

    def step():
        nonlocal now, done
        now += others if done else first
        done += 1

    found = _speed(step, 10, threads, 2.9, lambda: now)
    assert (done, found) == (steps, pytest.approx(speed))


def test_threads_come_back_after_an_error():
    before = torch.get_num_threads()
    with pytest.raises(ValueError, match="x"), torch_threads(before + 1):
        raise ValueError("x")
    assert torch.get_num_threads() == before


def test_denormals_count_as_zero_inside_only():
    tiny = torch.full((8,), 1e-30)
    flushes = torch.set_flush_denormal(True)
    torch.set_flush_denormal(False)
    with torch_threads(1):
        inside = float((tiny * 1e-10).sum())
    assert (inside == 0) is flushes
    assert float((tiny * 1e-10).sum()) > 0
