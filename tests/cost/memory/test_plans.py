"""What holds for every planner: nothing overlaps, sums add up, JSON round trips, bounds are bounds."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cost.memory.graphs import graphs, staged_graphs
from wakeling import spec
from wakeling.cost import PLANNERS, MemoryPlan, live_at
from wakeling.cost.memory import (
    best_order,
    liveness,
    patched,
    plan_from_json,
    plan_to_json,
    tflm,
    wakeling_c,
)
from wakeling.fuse import fuse
from wakeling.graph import INPUT, Graph

ANY_GRAPH = st.one_of(graphs(), staged_graphs())
PLACED = ("tflm", "wakeling-c", "patched")


def overlapping(plan: MemoryPlan) -> list[tuple[str, str]]:
    """Pairs of buffers that share a byte at one step."""
    return [
        (one.name, other.name)
        for one, other in itertools.combinations(plan.buffers, 2)
        if one.offset_bytes is not None
        and other.offset_bytes is not None
        and one.first <= other.last
        and other.first <= one.last
        and one.offset_bytes < other.offset_bytes + other.size_bytes
        and other.offset_bytes < one.offset_bytes + one.size_bytes
    ]


@pytest.mark.parametrize("runtime", PLACED)
@given(graph=ANY_GRAPH)
@settings(max_examples=80, deadline=None)
def test_no_two_live_buffers_overlap(runtime: str, graph: Graph) -> None:
    plan = PLANNERS[runtime](graph)
    assert not overlapping(plan)
    alignment = 16 if runtime == "tflm" else 4
    for buffer in plan.buffers:
        assert buffer.offset_bytes is not None
        assert buffer.offset_bytes % alignment == 0
        assert buffer.offset_bytes + buffer.size_bytes <= plan.peak_bytes
    ends = [(buffer.offset_bytes or 0) + buffer.size_bytes for buffer in plan.buffers]
    assert max(ends) == plan.peak_bytes


@pytest.mark.parametrize("runtime", list(PLANNERS))
@given(graph=ANY_GRAPH)
@settings(max_examples=40, deadline=None)
def test_live_bytes_are_the_sums_of_live_buffers(runtime: str, graph: Graph) -> None:
    plan = PLANNERS[runtime](graph)
    for step, live in enumerate(plan.live_bytes):
        assert sum(buffer.size_bytes for buffer in live_at(plan, step)) == live
    assert plan.live_bytes[plan.peak_step] == max(plan.live_bytes) <= plan.peak_bytes
    if plan.parts:
        assert sum(plan.parts.values()) == plan.peak_bytes
        assert min(plan.parts.values()) >= 0
    if plan.lower_bound_bytes is not None:
        assert plan.lower_bound_bytes <= plan.peak_bytes


@pytest.mark.parametrize("runtime", list(PLANNERS))
@given(graph=ANY_GRAPH)
@settings(max_examples=30, deadline=None)
def test_plans_survive_json(runtime: str, graph: Graph) -> None:
    plan = PLANNERS[runtime](graph)
    text = json.dumps(plan_to_json(plan))
    assert plan_from_json(runtime, json.loads(text)) == plan


@given(graph=ANY_GRAPH)
@settings(max_examples=100, deadline=None)
def test_each_runtime_keeps_to_the_bounds_of_the_others(graph: Graph) -> None:
    given_order, best = liveness(graph), best_order(graph)
    assert best.peak_bytes <= given_order.peak_bytes
    assert patched(graph).lower_bound_bytes <= wakeling_c(graph).lower_bound_bytes
    # TFLM computes nothing in place, and copies a reshape's values.
    assert tflm(graph).peak_bytes >= given_order.peak_bytes


@given(graph=ANY_GRAPH)
@settings(max_examples=60, deadline=None)
def test_every_tensor_has_an_offset_in_our_own_arena(graph: Graph) -> None:
    offsets = wakeling_c(graph).offsets
    assert {INPUT, *(node.name for node in graph.nodes)} <= set(offsets)


@pytest.mark.parametrize("runtime", list(PLANNERS))
def test_float32_tensors_take_four_bytes_an_element(runtime: str) -> None:
    graph = fuse(spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=48))).graph
    wide = Graph(
        name=graph.name,
        input_shape=graph.input_shape,
        nodes=graph.nodes,
        output=graph.output,
        input_type="float32",
    )
    narrow_bytes, wide_bytes = (
        plan.peak_bytes - plan.parts.get("persistent", 0)
        for plan in (PLANNERS[runtime](graph), PLANNERS[runtime](wide))
    )
    assert wide_bytes == 4 * narrow_bytes


def test_vww_by_every_runtime() -> None:
    """MobileNetV1 0.25-96, the MLPerf Tiny reference: one network, five figures."""
    graph = fuse(spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=96))).graph
    assert {runtime: planner(graph).peak_bytes for runtime, planner in PLANNERS.items()} == {
        "liveness": 55_296,
        "best-order": 55_296,
        "tflm": 100_708,
        "wakeling-c": 37_488,
        "patched": 37_488,
    }
