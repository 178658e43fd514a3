"""Liveness against hand-made cases and a planner that simulates one operator after another."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling import spec
from wakeling.cost import PLANNERS, live_at, liveness
from wakeling.cost.memory import lifetimes
from wakeling.fuse import fuse
from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.ops import Add, MaxPool2D, Reshape, Softmax


def simulated_peak(graph: Graph) -> int:
    """Run the graph with a set of held tensors; a tensor is freed once nobody needs it."""
    needed_by = {name: {reader.name for reader in readers} for name, readers in graph.consumers.items()}
    needed_by[graph.output] = needed_by[graph.output] | {"the caller"}
    alias = {node.name: node.inputs[0] for node in graph.nodes if isinstance(node.op, Reshape)}

    def root(name: str) -> str:
        while name in alias:
            name = alias[name]
        return name

    held, peak = {INPUT}, 0
    for node in graph.nodes:
        held.add(root(node.name))
        peak = max(peak, sum(math.prod(graph.shapes[name]) for name in held))
        for readers in needed_by.values():
            readers.discard(node.name)
        waiting = {root(name) for name, readers in needed_by.items() if readers}
        held &= waiting
    return peak


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Random graphs with branches: pools, sums of any two earlier equal tensors, convolutions."""
    builder = GraphBuilder("random", (8, 8, draw(st.integers(1, 4))))
    made = [INPUT]
    for index in range(draw(st.integers(1, 12))):
        tensor = draw(st.sampled_from(made))
        kind = draw(st.sampled_from(("conv", "pool", "add", "reshape")))
        if kind == "conv" or len(builder.shape(tensor)) == 1:
            image = [name for name in made if len(builder.shape(name)) == 3]
            filters = draw(st.integers(1, 6))
            made.append(
                builder.conv_bn(draw(st.sampled_from(image)), filters=filters, kernel=1, name=f"n{index}")
            )
        elif kind == "pool":
            made.append(builder.append(MaxPool2D(pool=(1, 1)), tensor, name=f"n{index}"))
        elif kind == "add":
            same = [name for name in made if builder.shape(name) == builder.shape(tensor)]
            made.append(builder.append(Add(), tensor, draw(st.sampled_from(same)), name=f"n{index}"))
        else:
            size = math.prod(builder.shape(tensor))
            made.append(builder.append(Reshape(shape=(size,)), tensor, name=f"n{index}"))
    return fuse(builder.build()).graph


@given(graph=graphs())
def test_peak_equals_a_simulation(graph: Graph) -> None:
    assert liveness(graph).peak_bytes == simulated_peak(graph)


@given(graph=graphs())
def test_peak_is_at_least_every_operators_inputs_and_output(graph: Graph) -> None:
    plan = liveness(graph)
    for step, node in enumerate(graph.nodes):
        tensors = {*node.inputs, *(() if isinstance(node.op, Reshape) else (node.name,))}
        assert plan.live_bytes[step] >= sum(math.prod(graph.shapes[name]) for name in tensors)


@given(graph=graphs())
def test_live_buffers_add_up_to_the_live_bytes(graph: Graph) -> None:
    plan = liveness(graph)
    for step, live in enumerate(plan.live_bytes):
        assert sum(buffer.size_bytes for buffer in live_at(plan, step)) == live
    assert plan.live_bytes[plan.peak_step] == plan.peak_bytes == max(plan.live_bytes)


@pytest.mark.parametrize(("channels", "expected"), [(3, 55_296), (1, 55_296)], ids=["rgb", "gray"])
def test_mobilenet_v1_quarter_96_needs_54_kib(channels: int, expected: int) -> None:
    """The first pointwise convolution: 48·48·8 in, 48·48·16 out."""
    network = spec.make("mobilenet_v1", alpha=0.25, resolution=96, channels=channels)
    plan = liveness(fuse(spec.lower(network)).graph)
    assert plan.peak_bytes == expected == 48 * 48 * (8 + 16)
    assert {buffer.name for buffer in live_at(plan, plan.peak_step)} == {
        "block1_depthwise",
        "block1_pointwise",
    }


def test_residual_keeps_the_skipped_tensor_alive() -> None:
    builder = GraphBuilder("residual", (4, 4, 2))
    wide = builder.conv_bn(INPUT, filters=10, kernel=1, name="wide")
    narrow = builder.conv_bn(wide, filters=2, kernel=1, activation="linear", name="narrow")
    builder.add(INPUT, narrow, name="sum")
    plan = liveness(fuse(builder.build()).graph)
    assert plan.live_bytes == (16 * (2 + 10), 16 * (2 + 10 + 2), 16 * (2 + 2 + 2))


def test_reshape_shares_its_inputs_buffer() -> None:
    builder = GraphBuilder("head", (2, 2, 3))
    flat = builder.append(Reshape(shape=(12,)), INPUT, name="flat")
    builder.append(Softmax(), flat, name="probabilities")
    graph = builder.build()
    assert [buffer.name for buffer in lifetimes(graph)] == [INPUT, "probabilities"]
    assert liveness(graph).live_bytes == (12, 24)


def test_output_is_held_to_the_end() -> None:
    builder = GraphBuilder("early", (4, 4, 1))
    output = builder.append(MaxPool2D(pool=(1, 1)), INPUT, name="early")
    builder.append(MaxPool2D(pool=(4, 4)), INPUT, name="late")
    plan = liveness(builder.build(output))
    assert plan.live_bytes == (16 + 16, 16 + 16 + 1)


def test_every_planner_returns_a_plan_in_its_own_name() -> None:
    graph = fuse(spec.lower(spec.make("mobilenet_v2", alpha=0.35, resolution=48))).graph
    for runtime, planner in PLANNERS.items():
        plan = planner(graph)
        assert plan.runtime == runtime
        assert plan.peak_bytes > 0
