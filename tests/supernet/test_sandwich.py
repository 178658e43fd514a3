from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.supernet.day_and_night import SPACE
from wakeling.cost import cost
from wakeling.search.domain import ListedDomain
from wakeling.search.space import load_space, values_of
from wakeling.spec import lower
from wakeling.supernet.sandwich import corner, macs, random_point, step_points


@pytest.mark.parametrize("name", ["tiny", "mcunet", "mobilenet_v1", "mobilenet_v2"])
def test_the_corners_bound_the_work_of_every_network(name):
    space, random = load_space(name), np.random.default_rng(0)
    most = max(macs(space, corner(space, random, largest=True)) for _ in range(8))
    least = min(macs(space, corner(space, random, largest=False)) for _ in range(8))
    work = [macs(space, random_point(space, random)) for _ in range(100)]
    assert least <= min(work)
    assert max(work) <= most


def test_work_is_what_the_cost_report_says():
    random = np.random.default_rng(1)
    for _ in range(10):
        point = random_point(SPACE, random)
        assert macs(SPACE, point) == cost(lower(SPACE.network(point), deployed=True)).macs


def test_a_step_in_the_whole_space_has_the_corners_and_random_networks():
    points = step_points(SPACE, None, 3, np.random.default_rng(2))
    assert len(points) == 5
    values = [values_of(SPACE, point) for point in points]
    assert (values[0]["resolution"], values[0]["stage1.depth"], values[0]["stage1.stride"]) == (24, 2, 1)
    assert (values[1]["resolution"], values[1]["stage1.depth"], values[1]["stage1.stride"]) == (16, 1, 2)
    assert points == step_points(SPACE, None, 3, np.random.default_rng(2))


def test_a_step_within_limits_has_feasible_networks_only_and_more_work_first():
    random = np.random.default_rng(3)
    listed = {random_point(SPACE, random) for _ in range(30)}
    domain = ListedDomain(SPACE, {point: {} for point in listed})
    steps = [step_points(SPACE, domain, 2, np.random.default_rng(seed)) for seed in range(20)]
    assert {*itertools.chain(*steps)} <= listed
    assert all(macs(SPACE, step[0]) >= macs(SPACE, step[1]) for step in steps)
    mean = np.mean([macs(SPACE, point) for point in listed])
    assert np.mean([macs(SPACE, step[0]) for step in steps]) > mean
    assert np.mean([macs(SPACE, step[1]) for step in steps]) < mean
    assert len({step[0] for step in steps}) > 1
