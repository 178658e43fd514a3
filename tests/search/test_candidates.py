"""Candidates are costed before training; what cannot fit is thrown out and explained."""

from __future__ import annotations

import pytest

from wakeling.cost import Budget
from wakeling.errors import SpecError, WakelingError
from wakeling.search import (
    GridSpace,
    closest,
    cost_all,
    enumerate_candidates,
    pareto_by_cost,
    shortlist,
)
from wakeling.search.candidates import dominates
from wakeling.search.space import point_of, size_of
from wakeling.spec import FAMILIES, lower

SPACE = GridSpace(alphas=(0.25, 0.5), resolutions=(48, 96), channels=(1, 3), depths=(1.0,))
ROOMY = Budget(ram_bytes=10**9, flash_bytes=10**9)


def test_the_grid_is_the_product_of_its_knobs() -> None:
    candidates = enumerate_candidates(SPACE)
    assert len(candidates) == len(set(candidates)) == 2 * 2 * 2 * 2
    assert len({candidate.name for candidate in candidates}) == len(candidates)


def test_everything_fits_a_roomy_budget_and_nothing_a_tiny_one() -> None:
    candidates = enumerate_candidates(SPACE)
    assert all(item.fits for item in cost_all(candidates, ROOMY))
    assert not any(item.fits for item in cost_all(candidates, Budget(ram_bytes=1, flash_bytes=1)))


def test_pareto_members_are_not_dominated_and_the_others_are() -> None:
    costed = cost_all(enumerate_candidates(SPACE), ROOMY)
    front = pareto_by_cost(costed)
    assert front
    for item in costed:
        rivals = [o for o in costed if o.candidate.family == item.candidate.family]
        assert (item in front) == (not any(dominates(rival, item) for rival in rivals))


def test_the_shortlist_gives_every_family_and_resolution_a_turn() -> None:
    costed = cost_all(enumerate_candidates(SPACE), ROOMY)
    chosen = shortlist(costed, 4)
    assert len({(item.candidate.family, item.candidate.resolution) for item in chosen}) == 4
    for item in chosen:
        rivals = [
            other
            for other in costed
            if (other.candidate.family, other.candidate.resolution)
            == (item.candidate.family, item.candidate.resolution)
        ]
        products = [rival.report.macs * rival.report.deployed_parameters for rival in rivals]
        assert item.report.macs * item.report.deployed_parameters == max(products)


def test_the_shortlist_begins_in_the_middle_of_the_resolutions() -> None:
    space = GridSpace(
        families=("mobilenet_v1",), alphas=(0.25,), resolutions=(48, 80, 128), channels=(3,), depths=(1.0,)
    )
    chosen = shortlist(cost_all(enumerate_candidates(space), ROOMY), 3)
    assert [item.candidate.resolution for item in chosen] == [80, 48, 128]


def test_closest_names_the_candidate_that_lacks_least() -> None:
    costed = cost_all(enumerate_candidates(SPACE), Budget(ram_bytes=1000, flash_bytes=10**9))
    best = closest(costed)
    assert best.ram_bytes == min(item.ram_bytes for item in costed)


def test_twins_that_lower_to_one_graph_are_costed_once() -> None:
    twin = GridSpace(
        families=("mobilenet_v1",), alphas=(0.25, 0.2501), resolutions=(48,), channels=(1,), depths=(1.0,)
    )
    assert len(cost_all(enumerate_candidates(twin), ROOMY)) == 1


def test_unknown_families_and_empty_knobs_are_refused() -> None:
    with pytest.raises(SpecError, match="mobilenet_v1"):
        enumerate_candidates(GridSpace(families=("mobilenet_v9",)))[0].network()
    with pytest.raises(WakelingError, match="alphas"):
        GridSpace(alphas=())


def test_a_grid_is_a_space_whose_points_have_names_and_networks() -> None:
    space = GridSpace(resolutions=(96, 48), alphas=(0.5, 0.25, 0.5))
    assert [parameter.name for parameter in space.parameters] == [
        "family",
        "alpha",
        "resolution",
        "channels",
        "depth",
    ]
    assert size_of(space) == 2 * 2 * 2 * 2 * 2
    point = point_of(
        space, {"family": "mobilenet_v2", "alpha": 0.25, "resolution": 96, "channels": 3, "depth": 1.0}
    )
    assert space.network_name(point) == "mobilenet_v2-a0.25-r96-rgb-d1"
    assert space.family_of(point) == "mobilenet_v2"
    assert lower(space.network(point)) == lower(FAMILIES["mobilenet_v2"](alpha=0.25, resolution=96))
