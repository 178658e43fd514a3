"""Patches: what they need and add against pixel-by-pixel marking, and a run inside the arena."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.cost.memory.arena_machine import Machine, Region
from tests.cost.memory.graphs import graphs, staged_graphs
from tests.cost.memory.patches import Box, boxes
from tests.cost.memory.whole_arrays import expected
from wakeling import spec
from wakeling.cost import count
from wakeling.cost.memory import patch_trade, patched, wakeling_c
from wakeling.cost.memory.patch_stages import Stages
from wakeling.fuse import fuse
from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.ops import Conv2D, Dense, DepthwiseConv2D, Reshape

LOCAL = ("conv", "conv", "depthwise", "depthwise", "pool", "pad", "add", "activation", "concat", "slice")


def vww(**knobs: float) -> Graph:
    return fuse(spec.lower(spec.make("mobilenet_v1", **{"alpha": 0.25, "resolution": 96, **knobs}))).graph


def patches_of(shape: tuple[int, ...], rows: int, columns: int) -> list[Box]:
    """Even patches of an image, as the planner cuts them."""
    return [
        (
            (row * shape[0] // rows, (row + 1) * shape[0] // rows),
            (column * shape[1] // columns, (column + 1) * shape[1] // columns),
        )
        for row in range(rows)
        for column in range(columns)
    ]


def added_macs(graph: Graph, length: int, rows: int, columns: int) -> int:
    """By marking the pixels that every patch computes."""
    added = 0
    areas = {node.name: 0 for node in graph.nodes[:length]}
    for patch in patches_of(graph.nodes[length - 1].shape, rows, columns):
        for name, (high, wide) in boxes(graph, length, patch).items():
            if name in areas:
                areas[name] += (high[1] - high[0]) * (wide[1] - wide[0])
    for node in graph.nodes[:length]:
        whole = math.prod(node.shape[:2])
        macs = count(node.op, graph.shapes[node.inputs[0]], node.shape).macs
        added += macs // whole * (areas[node.name] - whole)
    return added


class PatchMachine(Machine):
    """Runs the stage once for every patch, then the rest on whole images."""

    def run_patched(self, image: bytes) -> bytes:
        option = self.plan.patch
        assert option is not None
        start = self.offsets[INPUT]
        self.arena[start : start + len(image)] = image
        stage = self.graph.nodes[: option.operators]
        for patch in patches_of(stage[-1].shape, option.rows, option.columns):
            needed = boxes(self.graph, option.operators, patch)
            for step, node in enumerate(stage):
                self.forget(step)
                if node.name in self.pads or node.name not in needed:
                    continue
                sources = {name: self._region(name, needed) for name in self.sources(node)}
                self.run_node(node, sources, self._region(node.name, needed), needed[node.name])
        for step, node in enumerate(self.graph.nodes[option.operators :], option.operators):
            self.forget(step)
            if not isinstance(node.op, Reshape) and node.name not in self.pads:
                whole = {name: self.whole(name) for name in self.sources(node)}
                self.run_node(node, whole, self.whole(node.name))
        return self.read_output()

    def _region(self, name: str, needed: dict[str, Box]) -> Region:
        option = self.plan.patch
        assert option is not None
        if name in (INPUT, option.last):
            return self.whole(name)
        nothing = ((0, 0), (0, 0))
        return Region(self.offsets[name], *needed.get(name, nothing), self.graph.shapes[name][2])


def check_by_running(graph: Graph, data: st.DataObject) -> None:
    """Any stage on any grid, not just the best one."""
    stages = list(Stages(graph, most_patches=3, streams_input=False))
    assume(stages)
    stage = data.draw(st.sampled_from(stages))
    grids = list(stage.grids())
    assume(grids)
    plan = stage.plan(*data.draw(st.sampled_from(grids)))
    image = np.random.default_rng(0).integers(0, 256, graph.input_shape, np.uint8).tobytes()
    machine = PatchMachine(
        graph, plan, lanes=data.draw(st.sampled_from((1, 4))), at_once=data.draw(st.integers(1, 3))
    )
    found = machine.run_patched(image)
    assert found == expected(graph, image)[graph.output].astype(np.uint8).tobytes()


@given(graph=staged_graphs(), data=st.data())
@settings(max_examples=80, deadline=None)
def test_a_run_patch_by_patch_inside_the_arena_gives_the_result_of_whole_images(
    graph: Graph, data: st.DataObject
) -> None:
    check_by_running(graph, data)


@pytest.mark.slow
@given(graph=st.one_of(staged_graphs(), graphs(kinds=LOCAL, most=8)), data=st.data())
@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_thousands_of_runs_patch_by_patch_give_the_result_of_whole_images(
    graph: Graph, data: st.DataObject
) -> None:
    check_by_running(graph, data)


@given(graph=staged_graphs())
@settings(max_examples=25, deadline=None)
def test_added_macs_equal_a_count_of_marked_pixels(graph: Graph) -> None:
    for option in patch_trade(graph, most_patches=2)[1:]:
        assert option.added_macs == added_macs(graph, option.operators, option.rows, option.columns)


@given(graph=st.one_of(staged_graphs(), graphs(most=7)))
@settings(max_examples=150, deadline=None)
def test_the_plan_is_the_smallest_of_the_trade(graph: Graph) -> None:
    """Found with pruning; the trade looks at everything."""
    trade = patch_trade(graph)
    plan = patched(graph)
    smallest = min(option.peak_bytes for option in trade)
    assert plan.lower_bound_bytes == smallest
    if plan.patch is None:
        assert smallest == trade[0].peak_bytes
        return
    rivals = [option for option in trade if option.peak_bytes == smallest]
    shortest = min(option.operators for option in rivals)
    assert plan.patch.operators == shortest
    fewest = min(option.added_macs for option in rivals if option.operators == shortest)
    assert plan.patch.added_macs == fewest


@pytest.mark.parametrize("grid", [(1, 2), (2, 2), (3, 4), (4, 4)])
def test_vww_adds_the_macs_that_marking_counts(grid: tuple[int, int]) -> None:
    graph = vww()
    options = {(option.operators, option.rows, option.columns): option for option in patch_trade(graph)}
    for length in (4, 8):
        assert options[length, *grid].added_macs == added_macs(graph, length, *grid)


def test_gray_vww_with_patches_needs_less_ram_and_says_what_it_costs() -> None:
    """9,216 bytes of input, 4,608 of the stage's output and 6,064 of one patch of 16."""
    graph = vww(channels=1)
    plan = patched(graph)
    assert plan.patch is not None
    assert (plan.patch.operators, plan.patch.rows, plan.patch.columns) == (8, 4, 4)
    assert plan.peak_bytes == 19_888 < wakeling_c(graph).peak_bytes == 37_488
    assert plan.patch.added_macs == 1_267_776


def test_patches_save_nothing_where_the_input_is_most_of_the_ram() -> None:
    """27,648 of 37,488 bytes are an RGB input, which stays whole; any patches take 10,672 more at least."""
    plan = patched(vww())
    assert min(option.peak_bytes for option in patch_trade(vww())[1:]) == 38_320
    assert plan.patch is None
    assert plan.peak_bytes == wakeling_c(vww()).peak_bytes == 37_488


def test_an_input_that_is_streamed_frees_its_buffer() -> None:
    plan = patched(vww(), streams_input=True)
    assert plan.peak_bytes == 13_852
    assert all(buffer.size_bytes < 96 * 96 * 3 for buffer in plan.buffers)


def test_a_network_that_starts_with_a_dense_layer_has_no_patches() -> None:
    builder = GraphBuilder("dense", (4, 4, 1))
    flat = builder.append(Reshape(shape=(16,)), INPUT)
    builder.append(Dense(units=100), flat)
    graph = builder.build()
    assert patched(graph).patch is None
    assert patched(graph).peak_bytes == wakeling_c(graph).peak_bytes
    assert [option.operators for option in patch_trade(graph)] == [0]


def test_halves_of_one_convolution_share_two_rows() -> None:
    """3×3, stride 1: each half reads one row of the other; behind it, a stride 8 makes the cut small."""
    builder = GraphBuilder("halo", (8, 8, 1))
    first = builder.append(Conv2D(filters=9, kernel=(3, 3)), INPUT, name="first")
    second = builder.append(DepthwiseConv2D(kernel=(3, 3)), first, name="second")
    builder.append(Conv2D(filters=1, kernel=(8, 8), padding="valid"), second, name="last")
    option = next(
        option
        for option in patch_trade(builder.build())
        if (option.operators, option.rows, option.columns) == (2, 2, 1)
    )
    assert option.added_macs == 2 * 8 * 9 * 9
