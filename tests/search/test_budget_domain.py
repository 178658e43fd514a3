"""The domain of a board's limits, against `spec.lower` and `cost.cost` of the same points."""

from __future__ import annotations

import dataclasses
import itertools
import pickle
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wakeling import boards, cost, spec
from wakeling.cost.budget import frame_mj, frame_ms
from wakeling.errors import DoesNotFitError, LatencyError, WakelingError
from wakeling.search.budget_domain import BudgetDomain
from wakeling.search.costing import Costing
from wakeling.search.domain import distance
from wakeling.search.parts import flash_of, ram_bound
from wakeling.search.space import GridSpace, Point, Space, StagedSpace, from_toml, load_space, ready_spaces

KIB = 1024
BOARD = boards.load_board("nucleo-l4r5zi")
SPACES = {name: load_space(name) for name in ready_spaces()}

SMALL = from_toml("""
name = "small"
resolutions = [32, 48, 64]
channels = [1, 3]
widths = [0.5, 1.0]
execution = ["whole", "patches"]

[stem]
filters = 8

[[stages]]
block = ["depthwise_separable", "inverted_residual"]
filters = [16, 24]
kernel = [3, 7]
stride = [1, 2]
skip = [true]

[[stages]]
filters = [32, 64]
depth = [0, 1, 2]
stride = 2
""")

LIMITS = {"ram_bytes": 40 * KIB, "flash_bytes": 256 * KIB}


def exact(
    space: Space, point: Point, budget: cost.Budget, runtime: str
) -> tuple[dict[str, float], tuple[cost.Violation, ...]]:
    """Costs and violations with nothing remembered and nothing bounded."""
    report = cost.cost(spec.lower(space.network(point)), runtimes=(runtime,))
    plan = report.memory[runtime]
    costs: dict[str, float] = {
        "macs": report.macs + (plan.patch.added_macs if plan.patch else 0),
        "parameters": report.deployed_parameters,
        "ram_bytes": plan.peak_bytes,
        "flash_bytes": report.flash_of(runtime).total_bytes,
    }
    if budget.board is not None:
        costs["latency_ms"] = frame_ms(report, budget.board, runtime)
        costs["energy_mj"] = frame_mj(costs["latency_ms"], budget.board)
    return costs, cost.violations(report, dataclasses.replace(budget, runtime=runtime))


def points(space: StagedSpace) -> st.SearchStrategy[Point]:
    return st.tuples(*(st.integers(0, len(parameter.choices) - 1) for parameter in space.parameters))


ready_points = st.sampled_from(sorted(SPACES)).flatmap(
    lambda name: st.tuples(st.just(name), points(SPACES[name]))
)

COSTINGS = {
    (name, runtime): Costing(
        SPACES[name],
        cost.Budget(
            ram_bytes=96 * KIB,
            flash_bytes=300 * KIB,
            macs=8_000_000,
            frame_us=700_000,
            energy_uj=30_000,
            board=BOARD,
            runtime=runtime,
        ),
    )
    for name, runtime in itertools.product(SPACES, cost.PLANNERS)
}


@settings(max_examples=80)
@given(ready_points, st.sampled_from(["liveness", "tflm", "wakeling-c", "patched", "best-order"]))
def test_costs_and_verdicts_are_those_of_the_whole_network(drawn: tuple[str, Point], runtime: str) -> None:
    name, point = drawn
    costing = COSTINGS[name, runtime]
    if costing.execution(point) not in costing.executions:
        assert costing.broken_by(point)
        return
    costs, violations = exact(SPACES[name], point, costing.budget, costing.runtime(point))
    found = costing.cost(point)
    assert found.costs == costs
    assert found.violations == violations
    if costing.broken_by(point):
        assert violations
    assert (costing.shortfall(point) == 0) == (not violations)


@settings(max_examples=60)
@given(ready_points, st.sampled_from(["liveness", "tflm", "wakeling-c", "best-order"]))
def test_parts_never_take_more_than_the_network(drawn: tuple[str, Point], runtime: str) -> None:
    name, point = drawn
    costing = COSTINGS[name, runtime]
    parts, source = costing.parts(point, runtime)
    report = cost.cost(spec.lower(SPACES[name].network(point)), runtimes=(runtime,))
    plan = report.memory[runtime]
    bound = ram_bound(parts, runtime, source)
    assert bound <= plan.peak_bytes
    if runtime != "tflm":  # whose parts do not know how the tail is filled up
        assert bound == max(plan.live_bytes)
    else:
        assert bound > max(plan.live_bytes) - 64 * len(parts)
    assert flash_of(parts, runtime) == report.flash_of(runtime).total_bytes


@settings(max_examples=50)
@given(ready_points)
def test_the_graph_of_known_blocks_is_the_lowered_one(drawn: tuple[str, Point]) -> None:
    name, point = drawn
    graph = COSTINGS[name, "wakeling-c"].graph(point)
    lowered = spec.lower(SPACES[name].network(point), deployed=True)
    assert (graph.nodes, graph.output, graph.input_shape) == (
        lowered.nodes,
        lowered.output,
        lowered.input_shape,
    )


@settings(max_examples=30)
@given(points(SMALL), st.sampled_from(["tflm", "wakeling-c"]))
def test_first_knobs_that_break_a_limit_break_it_whatever_follows(point: Point, runtime: str) -> None:
    costing = Costing(SMALL, cost.Budget(ram_bytes=12 * KIB, flash_bytes=100 * KIB, runtime=runtime))
    first = costing.broken_by(point)
    if not first:
        return
    free = [range(len(parameter.choices)) for parameter in SMALL.parameters[first:]]
    for rest in itertools.product(*free):
        other = (*point[:first], *rest)
        if costing.execution(other) in costing.executions:
            assert exact(SMALL, other, costing.budget, costing.runtime(other))[1]


@pytest.mark.parametrize("runtime", ["tflm", "wakeling-c", "patched", "liveness"])
def test_points_are_all_feasible_ones_once_in_order(runtime: str) -> None:
    space = dataclasses.replace(SMALL, resolutions=(48,), channels=(3,))
    own = runtime in ("wakeling-c", "patched")
    budget = cost.Budget(
        ram_bytes=(14 if own else 24) * KIB, flash_bytes=(30 if own else 130) * KIB, runtime=runtime
    )
    domain = BudgetDomain(space, budget)
    expected, canonical = [], 0
    for point in itertools.product(*(range(len(parameter.choices)) for parameter in space.parameters)):
        patched = space.execution[point[3]] == "patches"
        if space.canonical(point) != point or (patched and not own):
            continue
        canonical += 1
        whole = "wakeling-c" if runtime == "patched" else runtime
        if not exact(space, point, budget, "patched" if patched else whole)[1]:
            expected.append(point)
    assert list(domain.points()) == expected
    assert 0.2 < len(expected) / canonical < 0.8
    assert all(domain.is_feasible(point) for point in expected)


def test_every_feasible_choice_of_knobs_is_equally_likely() -> None:
    space = dataclasses.replace(SMALL, execution=("whole",), widths=(1.0,), channels=(1,))
    domain = BudgetDomain(space, cost.Budget(**LIMITS, runtime="tflm"))
    every = itertools.product(*(range(len(parameter.choices)) for parameter in space.parameters))
    weights = Counter(canonical for point in every if domain.is_feasible(canonical := space.canonical(point)))
    random = np.random.default_rng(3)
    draws = 3000
    drawn = Counter(domain.sample(random) for _ in range(draws))
    assert drawn.keys() <= weights.keys()
    total = sum(weights.values())
    expected = {point: draws * weight / total for point, weight in weights.items()}
    chi_squared = sum((drawn[point] - each) ** 2 / each for point, each in expected.items())
    freedom = len(weights) - 1
    assert min(expected.values()) > 5
    assert abs(chi_squared - freedom) < 4 * (2 * freedom) ** 0.5


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["tiny", "mobilenet_v1"]), st.integers(0, 2**32), st.data())
def test_repair_leads_to_a_feasible_point_and_keeps_a_feasible_one(
    name: str, seed: int, data: st.DataObject
) -> None:
    domain = _DOMAINS[name]
    point = data.draw(points(SPACES[name]))
    repaired = domain.repair(point, np.random.default_rng(seed))
    assert domain.is_feasible(repaired)
    assert SPACES[name].canonical(repaired) == repaired
    assert domain.repair(point, np.random.default_rng(seed)) == repaired
    if domain.is_feasible(point):
        assert repaired == SPACES[name].canonical(point)


_DOMAINS = {
    name: BudgetDomain(SPACES[name], cost.Budget(ram_bytes=64 * KIB, flash_bytes=256 * KIB, runtime="tflm"))
    for name in ("tiny", "mobilenet_v1")
}


def test_repair_changes_less_than_drawing_again() -> None:
    domain, random = _DOMAINS["tiny"], np.random.default_rng(5)
    parameters = SPACES["tiny"].parameters
    broken = [p for p in itertools.islice(domain.draws(random), 30) if not domain.is_feasible(p)]
    assert len(broken) > 5
    changes = []
    for point in map(SPACES["tiny"].canonical, broken):
        repaired = distance(parameters, point, domain.repair(point, random))
        changes.append((repaired, distance(parameters, point, domain.sample(random))))
    near, far = np.mean(changes, axis=0)
    assert near < far / 3


def test_one_step_is_enough_where_one_step_is() -> None:
    domain = BudgetDomain(SMALL, cost.Budget(**LIMITS, runtime="tflm"))
    broken = next(
        point
        for point in itertools.product(*(range(len(p.choices)) for p in SMALL.parameters))
        if point == SMALL.canonical(point) and point[3] == 0 and not domain.is_feasible(point)
    )
    repaired = domain.repair(broken, np.random.default_rng(0))
    assert sum(one != other for one, other in zip(broken, repaired, strict=True)) == 1


def test_patches_pay_for_what_they_compute_twice() -> None:
    budget = cost.Budget(ram_bytes=2**20, flash_bytes=2**20, runtime="wakeling-c", board=BOARD)
    domain = BudgetDomain(SMALL, budget)
    seen = 0
    for whole in itertools.islice(domain.points(), 400):
        patches = (*whole[:3], 1, *whole[4:])
        if whole[3] == 0:
            one, other = domain.costs(whole), domain.costs(patches)
            assert other["ram_bytes"] <= one["ram_bytes"]
            assert (other["macs"] > one["macs"]) == (other["latency_ms"] > one["latency_ms"])
            assert other["parameters"] == one["parameters"]
            seen += other["macs"] > one["macs"] and other["ram_bytes"] < one["ram_bytes"]
    assert seen > 10


def test_patches_are_for_our_own_c_only() -> None:
    domain = BudgetDomain(SMALL, cost.Budget(**LIMITS, runtime="tflm"))
    random = np.random.default_rng(0)
    assert {domain.sample(random)[3] for _ in range(30)} == {0}
    patches = (0, 0, 0, 1, *(0 for _ in SMALL.parameters[4:]))
    assert not domain.is_feasible(patches)
    assert domain.repair(patches, random) == (0, 0, 0, 0, *patches[4:])
    line = (
        "runs patch by patch, which only our own C does, and the budget's runtime is tflm; choose wakeling-c"
    )
    with pytest.raises(WakelingError, match=line):
        domain.costs(patches)
    only = dataclasses.replace(SMALL, execution=("patches",))
    with pytest.raises(WakelingError, match=f"search space small: the network {line}"):
        BudgetDomain(only, cost.Budget(**LIMITS, runtime="tflm"))
    own = BudgetDomain(SMALL, cost.Budget(**LIMITS, runtime="wakeling-c"))
    assert {own.runtime(own.sample(random)) for _ in range(30)} == {"wakeling-c", "patched"}


def test_where_nothing_fits_the_closest_network_is_named_with_what_it_lacks() -> None:
    domain = BudgetDomain(SMALL, cost.Budget(ram_bytes=2 * KIB, flash_bytes=256 * KIB, runtime="tflm"))
    expected = r"space small was found that fits; the closest is small-r32-gray-\w{10}: RAM .* of 2.0 KiB \("
    with pytest.raises(DoesNotFitError, match=expected):
        domain.sample(np.random.default_rng(0))
    with pytest.raises(DoesNotFitError, match="small-r32-gray-"):
        domain.repair(tuple(0 for _ in SMALL.parameters), np.random.default_rng(0))
    assert list(domain.points()) == []


def test_a_rare_feasible_network_is_found_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wakeling.search.budget_domain.MOST_DRAWS", 0)
    domain = BudgetDomain(
        SPACES["tiny"], cost.Budget(ram_bytes=16 * KIB, flash_bytes=130 * KIB, runtime="tflm")
    )
    assert domain.is_feasible(domain.sample(np.random.default_rng(1)))


def test_costs_of_an_infeasible_point_say_what_it_lacks() -> None:
    domain = BudgetDomain(SMALL, cost.Budget(ram_bytes=12 * KIB, flash_bytes=256 * KIB, runtime="tflm"))
    largest = tuple(len(parameter.choices) - 1 for parameter in SMALL.parameters)
    with pytest.raises(DoesNotFitError, match=r"small-r64-rgb-\w+ does not fit: RAM .* of 12.0 KiB"):
        domain.costs((*largest[:3], 0, *largest[4:]))


def test_a_family_grid_is_a_space_too() -> None:
    grid = GridSpace(resolutions=(32, 64), alphas=(0.1, 0.25, 1.0), depths=(1.0,))
    budget = cost.Budget(ram_bytes=64 * KIB, flash_bytes=300 * KIB, runtime="tflm")
    domain = BudgetDomain(grid, budget)
    every = itertools.product(*(range(len(parameter.choices)) for parameter in grid.parameters))
    expected = [point for point in every if not exact(grid, point, budget, "tflm")[1]]
    assert list(domain.points()) == expected
    assert 0 < len(expected) < 24
    assert domain.sample(np.random.default_rng(0)) in expected
    assert domain.repair((0, 2, 1, 1, 0), np.random.default_rng(0)) in expected


def test_a_limit_of_time_needs_a_core_with_known_times() -> None:
    board = dataclasses.replace(BOARD, core="RISC-V", power=None)
    with pytest.raises(LatencyError, match="no published time is known for RISC-V"):
        BudgetDomain(SMALL, cost.Budget(**LIMITS, board=board, frame_us=1000))
    domain = BudgetDomain(SMALL, cost.Budget(**LIMITS, board=board))
    assert "latency_ms" not in domain.costs(domain.sample(np.random.default_rng(0)))


def test_what_is_remembered_is_bounded_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> list[tuple[Point, Any]]:
        domain = BudgetDomain(SPACES["tiny"], cost.Budget(**LIMITS, runtime="wakeling-c"))
        random = np.random.default_rng(8)
        return [(point, domain.costs(point)) for point in (domain.sample(random) for _ in range(25))]

    plenty = run()
    monkeypatch.setattr("wakeling.search.costing.MOST_KEPT", 3)
    monkeypatch.setattr("wakeling.search.budget_domain.MOST_KEPT", 3)
    monkeypatch.setattr("wakeling.search.space.staged.MOST_KEPT", 3)
    assert run() == plenty


def test_a_copy_for_another_process_remembers_nothing_and_answers_the_same() -> None:
    domain = BudgetDomain(SMALL, cost.Budget(**LIMITS, runtime="tflm", board=BOARD, frame_us=200_000))
    fresh = pickle.dumps(domain)
    points = [domain.sample(np.random.default_rng(number)) for number in range(5)]
    assert pickle.dumps(domain) == fresh
    copy = pickle.loads(fresh)
    assert [copy.sample(np.random.default_rng(number)) for number in range(5)] == points
    assert [copy.costs(point) for point in points] == [domain.costs(point) for point in points]
