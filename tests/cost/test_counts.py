"""Counts against loops that do the arithmetic one operation at a time."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling import ops
from wakeling.cost import count, parameters
from wakeling.cost.counts import FORMULAS
from wakeling.cost.parameters import FORMULAS as PARAMETER_FORMULAS
from wakeling.errors import UnsupportedOpError
from wakeling.graph import Graph, Node, weight_shapes
from wakeling.ops import (
    Activation,
    Add,
    AveragePool2D,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dequantize,
    MaxPool2D,
    Mean,
    Mul,
    Operator,
    Pad,
    Quantize,
    Reshape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
    output_shape,
)

SIZES = st.integers(1, 6)
KERNELS = st.tuples(st.integers(1, 3), st.integers(1, 3))
STRIDES = st.tuples(st.integers(1, 2), st.integers(1, 2))


class Tally:
    """Counts what a sum of products costs, one operation at a time."""

    def __init__(self) -> None:
        self.multiplications = 0
        self.additions = 0

    def sum_of_products(self, products: int, *, bias: bool) -> None:
        for index in range(products):
            self.multiplications += 1
            if index:
                self.additions += 1
        if bias:
            self.additions += 1


@pytest.mark.parametrize("table", [FORMULAS, PARAMETER_FORMULAS], ids=["counts", "parameters"])
def test_tables_have_every_primitive_operator(table: dict[type[Operator], object]) -> None:
    assert set(table) == set(ops.OPERATORS.values())


def test_an_operator_without_formula_is_never_free() -> None:
    @dataclass(frozen=True)
    class Mystery:
        pass

    mystery = cast(Operator, Mystery())
    with pytest.raises(UnsupportedOpError, match="'Mystery' has no entry in the cost formula table"):
        count(mystery, (4, 4, 1), (4, 4, 1))
    with pytest.raises(UnsupportedOpError, match="'Mystery' has no entry in the parameter table"):
        parameters(mystery, (4, 4, 1))


@given(
    height=SIZES,
    width=SIZES,
    channels=SIZES,
    filters=SIZES,
    kernel=KERNELS,
    stride=STRIDES,
    bias=st.booleans(),
)
def test_convolution_counts_equal_a_loop(
    height: int,
    width: int,
    channels: int,
    filters: int,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    bias: bool,
) -> None:
    op = Conv2D(filters=filters, kernel=kernel, stride=stride, use_bias=bias)
    source = (height, width, channels)
    target = output_shape(op, (source,))
    tally = Tally()
    for _row in range(0, height, stride[0]):  # SAME padding: a window at every stride
        for _column in range(0, width, stride[1]):
            for _filter in range(filters):
                tally.sum_of_products(kernel[0] * kernel[1] * channels, bias=bias)
    counts = count(op, source, target)
    assert (counts.multiplications, counts.additions) == (tally.multiplications, tally.additions)
    assert counts.macs == counts.multiplications


@given(height=SIZES, width=SIZES, channels=SIZES, kernel=KERNELS, stride=STRIDES, bias=st.booleans())
def test_depthwise_counts_equal_a_loop(
    height: int, width: int, channels: int, kernel: tuple[int, int], stride: tuple[int, int], bias: bool
) -> None:
    op = DepthwiseConv2D(kernel=kernel, stride=stride, use_bias=bias)
    source = (height, width, channels)
    tally = Tally()
    for _row in range(0, height, stride[0]):
        for _column in range(0, width, stride[1]):
            for _channel in range(channels):
                tally.sum_of_products(kernel[0] * kernel[1], bias=bias)
    counts = count(op, source, output_shape(op, (source,)))
    assert (counts.multiplications, counts.additions) == (tally.multiplications, tally.additions)
    assert counts.macs == counts.multiplications


@given(features=SIZES, units=SIZES, bias=st.booleans())
def test_dense_counts_equal_a_loop(features: int, units: int, bias: bool) -> None:
    tally = Tally()
    for _unit in range(units):
        tally.sum_of_products(features, bias=bias)
    counts = count(Dense(units=units, use_bias=bias), (features,), (units,))
    assert (counts.multiplications, counts.additions) == (tally.multiplications, tally.additions)
    assert counts.macs == counts.multiplications


def test_the_papers_closed_form() -> None:
    """K²·M·N·H·W multiplications, (K²·M − 1)·N·H·W additions and one more for each bias."""
    op = Conv2D(filters=64, kernel=(3, 3), use_bias=True)
    counts = count(op, (14, 14, 32), (14, 14, 64))
    assert counts.multiplications == 9 * 32 * 64 * 14 * 14
    assert counts.additions == (9 * 32 - 1) * 64 * 14 * 14 + 64 * 14 * 14


@pytest.mark.parametrize(
    ("op", "source", "expected"),
    [
        (AveragePool2D(pool=(7, 7)), (7, 7, 10), {"additions": 48 * 10, "divisions": 10}),
        (AveragePool2D(pool=(2, 2), stride=(2, 2)), (8, 8, 3), {"additions": 3 * 48, "divisions": 48}),
        (MaxPool2D(pool=(2, 2), stride=(2, 2)), (8, 8, 3), {"comparisons": 3 * 48}),
        (Add(), (5, 5, 4), {"additions": 100}),
        (Add(activation="relu"), (5, 5, 4), {"additions": 100, "comparisons": 100}),
        (Activation(kind="relu6"), (5, 5, 4), {"comparisons": 200}),
        (Activation(kind="relu"), (5, 5, 4), {"comparisons": 100}),
        (Activation(kind="linear"), (5, 5, 4), {}),
        (Sub(activation="relu"), (5, 5, 4), {"additions": 100, "comparisons": 100}),
        (Mul(constant=(4,)), (5, 5, 4), {"multiplications": 100}),
        (Concat(), (5, 5, 4), {"copies": 200}),
        (Mean(), (5, 5, 4), {"additions": 96, "divisions": 4}),
        (Transpose(order=(2, 0, 1)), (5, 5, 4), {"copies": 100}),
        (StridedSlice(begin=(0, 0, 2), end=(5, 5, 4), strides=(1, 1, 1)), (5, 5, 4), {"copies": 50}),
        (Quantize(to="int8"), (5, 5, 4), {"conversions": 100}),
        (Dequantize(), (5, 5, 4), {"conversions": 100}),
        (
            Activation(kind="hard_swish"),
            (5, 5, 4),
            {"multiplications": 200, "additions": 100, "comparisons": 200},
        ),
        (Activation(kind="sigmoid"), (5, 5, 4), {"additions": 100, "exponentials": 100, "divisions": 100}),
        (BatchNorm(), (5, 5, 4), {"macs": 100, "multiplications": 100, "additions": 100}),
        (Pad(rows=(1, 1), columns=(0, 2)), (4, 4, 2), {"copies": 6 * 6 * 2}),
        (Reshape(shape=(100,)), (5, 5, 4), {}),
        (Softmax(), (3,), {"comparisons": 2, "additions": 5, "exponentials": 3, "divisions": 3}),
        (
            Conv2D(filters=2, kernel=(1, 1), activation="relu6"),
            (1, 1, 3),
            {"macs": 6, "multiplications": 6, "additions": 4, "comparisons": 4},
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_each_operator_costs(op: Operator, source: ops.Shape, expected: dict[str, int]) -> None:
    shapes = (source,) * (ops.input_count(op) or 2)
    counts = count(op, source, output_shape(op, shapes))
    found = {"macs": counts.macs, "multiplications": counts.multiplications, "additions": counts.additions}
    assert {name: n for name, n in {**found, **counts.other}.items() if n} == expected


@given(
    op=st.one_of(
        st.builds(Conv2D, filters=SIZES, kernel=KERNELS, use_bias=st.booleans()),
        st.builds(DepthwiseConv2D, kernel=KERNELS, use_bias=st.booleans()),
        st.just(BatchNorm()),
        st.just(Add()),
        st.just(Activation(kind="relu")),
        st.builds(DepthwiseConv2D, kernel=KERNELS, multiplier=SIZES, use_bias=st.booleans()),
        st.just(Mul(constant=(1,))),
        st.just(Concat()),
    ),
    source=st.tuples(SIZES, SIZES, SIZES),
)
def test_parameters_are_the_sizes_of_the_weight_arrays(op: Any, source: ops.Shape) -> None:
    inputs = ops.input_count(op) or 2
    shape = output_shape(op, (source,) * inputs)
    node = Node(name="one", op=op, inputs=("input",) * inputs, shape=shape)
    graph = Graph(name="one", input_shape=source, nodes=(node,), output="one")
    arrays = {key: math.prod(size) for key, size in weight_shapes(graph).items()}
    counted = parameters(op, source)
    assert counted.biases == arrays.pop("one/bias", 0)
    assert counted.weights + counted.statistics == sum(arrays.values())


def test_grouped_and_dilated_convolutions_keep_and_cost_a_share() -> None:
    plain = Conv2D(filters=8, kernel=(3, 3), dilation=(2, 2))
    grouped = dataclasses.replace(plain, groups=4)
    assert 4 * parameters(grouped, (9, 9, 12)).weights == parameters(plain, (9, 9, 12)).weights == 864
    assert (
        4 * count(grouped, (9, 9, 12), (9, 9, 8)).macs == count(plain, (9, 9, 12), (9, 9, 8)).macs == 69_984
    )


def test_dense_parameters_are_the_sizes_of_its_arrays() -> None:
    counted = parameters(Dense(units=3), (7,))
    assert (counted.weights, counted.biases, counted.scales) == (21, 3, 1)
    without = parameters(dataclasses.replace(Dense(units=3), use_bias=False), (7,))
    assert without.biases == 0
