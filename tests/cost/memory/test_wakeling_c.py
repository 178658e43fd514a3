"""The arena of our own C: run in it, value by value, a graph gives what whole arrays give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cost.memory.arena_machine import Machine
from tests.cost.memory.graphs import graphs
from tests.cost.memory.whole_arrays import expected
from wakeling import spec
from wakeling.cost import live_at, liveness
from wakeling.cost.memory import wakeling_c
from wakeling.fuse import fuse
from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.ops import Add, Conv2D, DepthwiseConv2D, MaxPool2D, Pad, Reshape

LANES = st.sampled_from((1, 4))
AT_ONCE = st.integers(1, 3)


def check_by_running(graph: Graph, lanes: int = 4, at_once: int = 3) -> None:
    image = np.random.default_rng(at_once).integers(0, 256, graph.input_shape, np.uint8).tobytes()
    found = Machine(graph, wakeling_c(graph), lanes=lanes, at_once=at_once).run(image)
    assert found == expected(graph, image)[graph.output].astype(np.uint8).tobytes()


@given(graph=graphs(), lanes=LANES, at_once=AT_ONCE)
@settings(max_examples=150, deadline=None)
def test_a_run_inside_the_planned_arena_gives_the_result_of_whole_arrays(
    graph: Graph, lanes: int, at_once: int
) -> None:
    check_by_running(graph, lanes, at_once)


@pytest.mark.slow
@given(graph=graphs(most=16), lanes=LANES, at_once=AT_ONCE)
@settings(max_examples=3000, deadline=None)
def test_thousands_of_runs_inside_the_planned_arena_give_the_result_of_whole_arrays(
    graph: Graph, lanes: int, at_once: int
) -> None:
    check_by_running(graph, lanes, at_once)


def test_vww_fits_in_38_kilobytes_with_its_input_and_scratch() -> None:
    """Its largest tensor, 48·48·16, grew in place; the depthwise layer that reads it copies three rows."""
    plan = wakeling_c(fuse(spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=96))).graph)
    assert plan.peak_bytes == 48 * 48 * 16 + 3 * 52 * 4 <= 38_000
    assert plan.is_optimal
    assert {buffer.name for buffer in live_at(plan, 3)} == {"block1_pointwise", "block2_depthwise/scratch"}
    assert plan.offsets["block1_pointwise"] == plan.offsets["block1_depthwise"]


def test_a_depthwise_convolution_writes_over_its_input_through_three_rows() -> None:
    """Columns of a row: nine steps, three of the window, three that may be loaded beyond; in fours."""
    builder = GraphBuilder("depthwise", (12, 10, 4))
    builder.append(DepthwiseConv2D(kernel=(3, 3)), INPUT, name="deep")
    plan = wakeling_c(builder.build())
    assert plan.peak_bytes == 12 * 10 * 4 + 3 * 16 * 4
    assert plan.offsets["deep"] == plan.offsets[INPUT]


@pytest.mark.parametrize(("stride", "rows"), [((2, 2), 0), ((1, 1), 3)])
def test_a_pool_keeps_rows_of_four_channels_only_where_it_has_a_margin_above_or_left(
    stride: tuple[int, int], rows: int
) -> None:
    """3×3 with stride 2 on an even size: TFLite pads below and right only."""
    builder = GraphBuilder("pool", (12, 10, 6))
    builder.append(MaxPool2D(pool=(3, 3), stride=stride, padding="same"), INPUT, name="pool")
    plan = wakeling_c(builder.build())
    assert plan.offsets["pool"] == plan.offsets[INPUT]
    assert plan.peak_bytes == 12 * 10 * 6 + rows * 10 * 4


def test_what_a_strided_layer_frees_is_used_by_the_next_one() -> None:
    builder = GraphBuilder("shrinking", (8, 8, 4))
    half = builder.append(MaxPool2D(pool=(2, 2), stride=(2, 2)), INPUT, name="half")
    builder.append(Conv2D(filters=12, kernel=(1, 1)), half, name="wide")
    plan = wakeling_c(builder.build())
    assert plan.live_bytes == (8 * 8 * 4, 4 * 4 * 12 + 3 * 16)
    assert plan.peak_bytes == 8 * 8 * 4


def test_an_output_with_wider_rows_than_its_input_gets_memory_of_its_own() -> None:
    """A fused pad makes rows wider; written in place they would run over what is read next."""
    builder = GraphBuilder("wider", (8, 4, 2))
    padded = builder.append(Pad(rows=(0, 0), columns=(0, 3)), INPUT)
    builder.append(DepthwiseConv2D(kernel=(5, 1), padding="valid"), padded, name="deep")
    graph = builder.build()
    assert graph.sizes["deep"] <= graph.sizes[INPUT]
    plan = wakeling_c(graph)
    assert plan.offsets["deep"] != plan.offsets[INPUT]
    check_by_running(graph)


def test_a_pad_before_a_window_makes_no_buffer_and_one_before_a_sum_does() -> None:
    builder = GraphBuilder("pads", (6, 6, 2))
    first = builder.append(Pad(rows=(1, 1), columns=(1, 1)), INPUT, name="fused")
    image = builder.append(Conv2D(filters=2, kernel=(3, 3), padding="valid"), first, name="conv")
    second = builder.append(Pad(rows=(0, 1), columns=(0, 1)), image, name="copied")
    builder.append(Add(), second, second, name="sum")
    plan = wakeling_c(builder.build())
    assert plan.offsets["fused"] == plan.offsets[INPUT]
    names = {name for buffer in plan.buffers for name in (buffer.name,)}
    assert "copied" in names
    assert "fused" not in names


def test_a_sum_writes_over_the_operand_that_dies() -> None:
    builder = GraphBuilder("residual", (4, 4, 4))
    wide = builder.append(Conv2D(filters=4, kernel=(1, 1)), INPUT, name="conv")
    builder.append(Add(), INPUT, wide, name="sum")
    plan = wakeling_c(builder.build())
    assert plan.live_bytes == (2 * 64 + 3 * 16, 2 * 64)
    assert liveness(builder.build()).live_bytes[1] == 3 * 64


def test_a_reshape_is_free_and_the_output_stays_to_the_end() -> None:
    builder = GraphBuilder("early", (4, 4, 4))
    flat = builder.append(Reshape(shape=(64,)), INPUT, name="flat")
    builder.append(Conv2D(filters=1, kernel=(4, 4), padding="valid"), INPUT, name="late")
    plan = wakeling_c(builder.build(flat))
    assert plan.offsets["flat"] == plan.offsets[INPUT]
    assert {"flat"} <= {name for buffer in live_at(plan, 1) for name in buffer.tensors}
