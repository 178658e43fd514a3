"""The choice of width and resolution by the MACs of what fits, against its definition."""

from __future__ import annotations

import dataclasses
import itertools
import json

import numpy as np
import pytest

from wakeling import cost, spec
from wakeling.errors import DoesNotFitError, WakelingError
from wakeling.search.budget_domain import BudgetDomain
from wakeling.search.space import GridSpace, from_toml, load_space, to_toml
from wakeling.search.space_choice import (
    DRAWS_PER_NETWORK,
    LEAST_SHARE,
    SubSpace,
    choice_to_json,
    choose_space,
    narrowed,
)

KIB = 1024
BUDGET = cost.Budget(ram_bytes=20 * KIB, flash_bytes=160 * KIB, runtime="tflm")
SMALL = from_toml("""
name = "small"
resolutions = [32, 48, 96]
widths = [0.5, 1.0, 2.0]
stem = { filters = [8, 12] }

[[stages]]
block = ["depthwise_separable"]
filters = [16, 24]
stride = 2
skip = [false]

[[stages]]
filters = [32, 48]
kernel = [3, 5]
stride = 2
""")


def test_the_pair_whose_feasible_networks_have_the_most_macs_is_chosen() -> None:
    means = {}
    for width, resolution in itertools.product(range(3), range(3)):
        macs = []
        for rest in itertools.product(*(range(len(p.choices)) for p in SMALL.parameters[3:])):
            network = SMALL.network((resolution, 0, width, *rest))
            report = cost.cost(spec.lower(network), runtimes=("tflm",))
            if not cost.violations(report, BUDGET):
                macs.append(report.macs)
        if macs:
            means[SMALL.widths[width], SMALL.resolutions[resolution]] = np.mean(macs)
    assert 4 < len(means) < 9
    choice = choose_space(BudgetDomain(SMALL, BUDGET), networks=200)
    assert (choice.chosen.width, choice.chosen.resolution) == max(means, key=lambda pair: means[pair])
    found = {(s.width, s.resolution): s for s in choice.sub_spaces}
    assert len(found) == 9
    for pair, sub_space in found.items():
        assert bool(sub_space.macs) == (pair in means)
        if sub_space.macs:
            assert sub_space.mean_macs == pytest.approx(means[pair], rel=0.1)


def test_the_same_seed_gives_the_same_choice_and_another_seed_other_samples() -> None:
    one, same, other = (
        choose_space(BudgetDomain(SMALL, BUDGET), networks=10, seed=seed) for seed in (1, 1, 2)
    )
    assert one == same
    assert one.sub_spaces != other.sub_spaces


def test_each_pair_gets_its_networks_or_its_draws() -> None:
    ticks = []
    choice = choose_space(BudgetDomain(SMALL, BUDGET), networks=7, progress=lambda: ticks.append(1))
    assert len(ticks) == 9
    for sub_space in choice.sub_spaces:
        assert len(sub_space.macs) == 7 or sub_space.drawn == 7 * DRAWS_PER_NETWORK
        assert list(sub_space.macs) == sorted(sub_space.macs)
        assert sub_space.share == len(sub_space.macs) / sub_space.drawn
    assert choice.chosen in choice.sub_spaces
    assert choice.chosen.share >= LEAST_SHARE


def test_quantiles_of_a_sub_space() -> None:
    sub_space = SubSpace(width=1.0, resolution=32, drawn=20, macs=tuple(range(10, 110, 10)))
    assert [sub_space.quantile(share) for share in (0.0, 0.1, 0.5, 0.95, 1.0)] == [10, 20, 60, 100, 100]
    assert (sub_space.mean_macs, sub_space.share) == (55.0, 0.5)
    empty = dataclasses.replace(sub_space, macs=())
    assert (empty.quantile(0.5), empty.mean_macs, empty.share) == (0, 0.0, 0.0)


def test_the_narrowed_space_has_one_width_and_resolution_and_all_else() -> None:
    choice = choose_space(BudgetDomain(SMALL, BUDGET), networks=20)
    space = narrowed(SMALL, choice.chosen)
    assert (space.widths, space.resolutions) == ((choice.chosen.width,), (choice.chosen.resolution,))
    assert space.stages == SMALL.stages
    assert from_toml(to_toml(space)) == space
    domain = BudgetDomain(space, BUDGET)
    assert domain.is_feasible(domain.sample(np.random.default_rng(0)))


def test_the_choice_as_json() -> None:
    choice = choose_space(BudgetDomain(SMALL, BUDGET), networks=5)
    value = json.loads(json.dumps(choice_to_json(choice)))
    assert value["chosen"] == {"width": choice.chosen.width, "resolution": choice.chosen.resolution}
    assert len(value["sub_spaces"]) == 9
    assert value["sub_spaces"][0]["feasible"] == len(choice.sub_spaces[0].macs)
    assert 0 < value["feasible_share"] < 1


def test_where_nothing_fits_the_closest_network_is_named() -> None:
    tight = dataclasses.replace(BUDGET, ram_bytes=2 * KIB)
    with pytest.raises(DoesNotFitError, match="the closest is small-r32-rgb-"):
        choose_space(BudgetDomain(SMALL, tight), networks=2)


def test_a_grid_of_families_has_no_sub_spaces() -> None:
    with pytest.raises(WakelingError, match="the space grid has no stages"):
        choose_space(BudgetDomain(GridSpace(), BUDGET))
    with pytest.raises(WakelingError, match="give at least 1"):
        choose_space(BudgetDomain(SMALL, BUDGET), networks=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "ram", "flash"), [("tiny", 20, 192), ("tiny", 64, 256), ("mcunet", 256, 1024)]
)
def test_ready_spaces_have_networks_for_their_boards(name: str, ram: int, flash: int) -> None:
    budget = cost.Budget(ram_bytes=ram * KIB, flash_bytes=flash * KIB, runtime="tflm")
    choice = choose_space(BudgetDomain(load_space(name), budget), networks=30)
    assert choice.share > 0.05
