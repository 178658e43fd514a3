"""Scratch and in-place rules of our own C's kernels: closed forms, and a count of what is read in time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cost.memory.test_wakeling_c import check_by_running
from wakeling.cost import MemoryPlan
from wakeling.cost.memory import live_at, ring_bytes, rows_bytes, wakeling_c, windows_bytes
from wakeling.cost.memory.scratch import is_read_in_time
from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.ops import Add, AveragePool2D, Conv2D, DepthwiseConv2D, MaxPool2D, Operator, Pad


def chain(shape: tuple[int, ...], *ops: Operator) -> Graph:
    builder = GraphBuilder("chain", shape)
    tensor = INPUT
    for number, op in enumerate(ops):
        tensor = builder.append(op, tensor, name=f"n{number}")
    return builder.build()


def scratch_of(plan: MemoryPlan) -> dict[str, int]:
    return {buffer.name: buffer.size_bytes for buffer in plan.buffers if buffer.kind == "scratch"}


@pytest.mark.parametrize(
    ("op", "channels", "size"),
    [
        (Conv2D(filters=8, kernel=(3, 3)), 3, 3 * 2 * 28),  # 27 values
        (Conv2D(filters=8, kernel=(1, 1)), 8, 3 * 16),
        (Conv2D(filters=8, kernel=(1, 1)), 1, 3 * 16),  # one value: a vector of sixteen int8
        (Conv2D(filters=8, kernel=(1, 1)), 9, 3 * 24),
        (Conv2D(filters=8, kernel=(3, 3), groups=4), 8, 3 * 2 * 20),
        (Conv2D(filters=8, kernel=(3, 3), dilation=(2, 2)), 3, 3 * 2 * 28),
    ],
)
def test_three_windows_are_gathered_for_either_kind_of_core(op: Conv2D, channels: int, size: int) -> None:
    graph = chain((12, 12, channels), op)
    assert windows_bytes(graph.nodes[0], graph) == size


@pytest.mark.parametrize(
    ("op", "columns", "size"),
    [
        (DepthwiseConv2D(kernel=(3, 3)), None, 3 * 20 * 4),  # 11 + 3 + 3 = 17 columns
        (DepthwiseConv2D(kernel=(3, 3), multiplier=3), None, 3 * 20 * 4),
        (DepthwiseConv2D(kernel=(3, 3), stride=(2, 2)), None, 3 * 16 * 4),  # 5 · 2 + 6
        (DepthwiseConv2D(kernel=(3, 3), dilation=(2, 2)), None, 5 * 20 * 4),  # 11 + 5 + 3
        (DepthwiseConv2D(kernel=(5, 1)), 3, 5 * 8 * 4),  # 2 + 1 + 3 columns of a patch
    ],
)
def test_rows_of_four_channels_hold_what_a_row_of_windows_sees(
    op: DepthwiseConv2D, columns: int | None, size: int
) -> None:
    graph = chain((12, 12, 5), op)
    assert rows_bytes(graph.nodes[0], graph, columns) == size


def test_a_ring_has_four_channels_for_a_pool_and_all_for_a_convolution() -> None:
    graph = chain((8, 6, 7), MaxPool2D(pool=(3, 3), padding="same"), Conv2D(filters=7, kernel=(3, 3)))
    pool, conv = graph.nodes
    assert ring_bytes(pool, graph, (8, 6)) == 3 * 6 * 4
    assert ring_bytes(pool, graph, (2, 5)) == 2 * 5 * 4
    assert ring_bytes(conv, graph, (8, 6)) == 3 * 6 * 7
    assert scratch_of(wakeling_c(graph)) == {"n0/scratch": 72, "n1/scratch": 3 * 2 * 64 + 128}


@given(
    extent=st.integers(1, 6),
    stride=st.integers(1, 4),
    above=st.integers(0, 8),
    height=st.integers(1, 12),
    row=st.integers(1, 30),
    rows=st.integers(1, 14),
    output_row=st.integers(1, 30),
)
def test_rows_are_read_in_time_if_none_is_written_over_before_it_is_copied(
    extent: int, stride: int, above: int, height: int, row: int, rows: int, output_row: int
) -> None:
    """Against copying and writing row after row."""
    copied, is_safe = 0, True
    for number in range(rows):
        while copied < min(height, number * stride - above + extent):
            copied += 1
        if copied < height and (number + 1) * output_row > copied * row:
            is_safe = False
    op = MaxPool2D(pool=(extent, 1), stride=(stride, 1))
    assert is_read_in_time(op, above, height, row, (rows, output_row)) == is_safe


def test_a_pointwise_convolution_grows_over_its_input_which_ends_a_step_before() -> None:
    graph = chain(
        (4, 4, 4), MaxPool2D(pool=(1, 1)), Conv2D(filters=8, kernel=(1, 1)), AveragePool2D(pool=(4, 4))
    )
    plan = wakeling_c(graph)
    assert plan.live_bytes == (64, 128 + 48, 128)
    assert [(b.name, b.size_bytes, b.first, b.last) for b in plan.buffers if b.kind == "tensor"] == [
        (INPUT, 64, 0, 0),
        ("n1", 128, 1, 2),
    ]
    assert plan.offsets[INPUT] == plan.offsets["n0"] == plan.offsets["n1"]
    check_by_running(graph)


def test_what_shrinks_and_grows_at_once_lives_in_what_it_was_written_over() -> None:
    """n0 lies over the input in its first step and is written over in the next one."""
    shrink, grow = Conv2D(filters=2, kernel=(1, 1)), Conv2D(filters=8, kernel=(1, 1))
    plan = wakeling_c(chain((4, 4, 4), shrink, grow))
    assert [(b.tensors or b.name, b.size_bytes) for b in plan.buffers if b.kind == "tensor"] == [
        ((INPUT, "n0"), 64),
        ("n1", 128),
    ]
    check_by_running(chain((4, 4, 4), shrink, grow))


def test_the_input_is_as_large_as_what_grows_over_it_at_once() -> None:
    plan = wakeling_c(chain((4, 4, 4), Conv2D(filters=8, kernel=(1, 1))))
    assert [(b.tensors, b.size_bytes) for b in live_at(plan, 0) if b.kind == "tensor"] == [
        ((INPUT, "n0"), 128)
    ]


def test_a_convolution_keeps_three_rows_where_that_is_less_than_a_second_buffer() -> None:
    graph = chain((12, 10, 4), Conv2D(filters=4, kernel=(3, 3)))
    plan = wakeling_c(graph)
    assert plan.offsets["n0"] == plan.offsets[INPUT]
    assert plan.peak_bytes == 12 * 10 * 4 + 3 * 10 * 4 + windows_bytes(graph.nodes[0], graph)
    check_by_running(graph)


@pytest.mark.parametrize(
    "op",
    [
        Conv2D(filters=8, kernel=(3, 3)),  # from the second row on outputs run ahead of what is read
        Conv2D(filters=1, kernel=(12, 10), padding="valid"),  # all rows are a whole input
        Conv2D(filters=4, kernel=(3, 3), groups=4),
    ],
)
def test_a_convolution_gets_memory_of_its_own_otherwise(op: Conv2D) -> None:
    graph = chain((12, 10, 4), op)
    plan = wakeling_c(graph)
    assert plan.offsets["n0"] != plan.offsets[INPUT]
    check_by_running(graph)


@pytest.mark.parametrize(
    "op",
    [
        DepthwiseConv2D(kernel=(1, 1), stride=(2, 2), padding="valid"),
        MaxPool2D(pool=(1, 1), stride=(2, 2), padding="valid"),
        Conv2D(filters=1, kernel=(2, 2), stride=(2, 2), padding="valid"),
    ],
)
def test_a_fused_pad_above_may_let_the_output_overtake_the_input(op: Operator) -> None:
    """Windows of the first row see the margin only, and its outputs would lie over unread rows."""
    graph = chain((6, 6, 1), Pad(rows=(2, 0), columns=(0, 0)), op)
    plan = wakeling_c(graph)
    assert plan.offsets["n1"] != plan.offsets[INPUT]
    check_by_running(graph)


def test_an_operand_that_is_read_again_is_never_written_over() -> None:
    builder = GraphBuilder("again", (4, 4, 4))
    wide = builder.append(Conv2D(filters=8, kernel=(1, 1)), INPUT, name="wide")
    back = builder.append(Conv2D(filters=4, kernel=(1, 1)), wide, name="back")
    builder.append(Add(), INPUT, back, name="sum")
    plan = wakeling_c(builder.build())
    assert plan.offsets["wide"] != plan.offsets[INPUT]
    assert plan.offsets["back"] == plan.offsets["wide"]
    assert plan.live_bytes == (64 + 128 + 48, 64 + 128 + 48, 64 + 64)
