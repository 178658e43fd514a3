"""Operators: shape rules against brute force and TFLite's padding, JSON, and complete tables."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling import ops
from wakeling.errors import GraphError, UnsupportedOpError
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
    activation_of,
    input_count,
    operator_from_json,
    operator_name,
    operator_to_json,
    output_shape,
    output_type,
    same_padding,
    window_output,
)

PAIRS = st.tuples(st.integers(1, 5), st.integers(1, 5))
PADDINGS = st.sampled_from(("same", "valid"))
KINDS = st.sampled_from(("linear", "relu", "relu6"))
POINTWISE = st.sampled_from(get_args(ops.PointwiseKind))
TRIPLES = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5))
CONSTANTS = st.none() | st.lists(st.integers(1, 9), min_size=1, max_size=3).map(tuple)
OPERATORS = st.one_of(
    st.builds(
        Conv2D,
        filters=st.integers(1, 99),
        kernel=PAIRS,
        stride=PAIRS,
        padding=PADDINGS,
        use_bias=st.booleans(),
        activation=KINDS,
        dilation=PAIRS,
        groups=st.integers(1, 4),
    ),
    st.builds(
        DepthwiseConv2D,
        kernel=PAIRS,
        stride=PAIRS,
        padding=PADDINGS,
        activation=KINDS,
        multiplier=st.integers(1, 8),
    ),
    st.builds(Dense, units=st.integers(1, 99), use_bias=st.booleans(), activation=KINDS),
    st.builds(BatchNorm, epsilon=st.floats(1e-6, 1e-2)),
    st.builds(Activation, kind=POINTWISE),
    st.builds(Add, activation=KINDS, constant=CONSTANTS),
    st.builds(Sub, activation=KINDS, constant=CONSTANTS, constant_first=st.booleans()),
    st.builds(Mul, activation=KINDS, constant=CONSTANTS),
    st.builds(Concat, axis=st.integers(0, 2)),
    st.builds(AveragePool2D, pool=PAIRS, stride=PAIRS, padding=PADDINGS),
    st.builds(MaxPool2D, pool=PAIRS, stride=PAIRS, padding=PADDINGS),
    st.builds(Mean, axes=st.sampled_from(((0, 1), (0,), (1, 2))), keep_dims=st.booleans()),
    st.builds(Pad, rows=PAIRS, columns=PAIRS, channels=PAIRS),
    st.builds(Reshape, shape=st.lists(st.integers(1, 9), min_size=1, max_size=3).map(tuple)),
    st.builds(Transpose, order=st.permutations((0, 1, 2)).map(tuple)),
    st.builds(StridedSlice, begin=TRIPLES, end=TRIPLES, strides=TRIPLES),
    st.builds(Softmax, beta=st.floats(0.5, 2)),
    st.builds(Quantize, to=st.sampled_from(sorted(ops.ELEMENT_BYTES))),
    st.just(Dequantize()),
)


@given(op=OPERATORS)
def test_operators_survive_json(op: Operator) -> None:
    attributes = json.loads(json.dumps(operator_to_json(op)))
    assert operator_from_json(operator_name(op), attributes) == op


@given(size=st.integers(1, 60), kernel=st.integers(1, 9), stride=st.integers(1, 4))
def test_same_padding_covers_every_stride_and_pads_more_at_the_end(
    size: int, kernel: int, stride: int
) -> None:
    before, after = same_padding(size, kernel, stride)
    positions = window_output(size, kernel, stride, "same")
    assert positions == math.ceil(size / stride)
    assert 0 <= after - before <= 1
    # the last window ends with the padding, or inside the image where none is needed
    last = -before + (positions - 1) * stride + kernel
    assert last == size + after if before + after else last <= size


@given(size=st.integers(1, 60), kernel=st.integers(1, 9), stride=st.integers(1, 4))
def test_valid_windows_are_those_that_lie_inside(size: int, kernel: int, stride: int) -> None:
    inside = [start for start in range(0, size, stride) if start + kernel <= size]
    if kernel <= size:
        assert window_output(size, kernel, stride, "valid") == len(inside)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "expected"),
    # TensorFlow's guide to padding: 224 with a 3×3 kernel and stride 2 pads nothing in front
    [(224, 3, 2, (0, 1)), (96, 3, 2, (0, 1)), (25, 3, 2, (1, 1)), (7, 3, 1, (1, 1)), (6, 1, 2, (0, 0))],
)
def test_same_padding_is_tflites(size: int, kernel: int, stride: int, expected: tuple[int, int]) -> None:
    assert same_padding(size, kernel, stride) == expected


@given(
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    kernel=st.integers(1, 3),
    stride=st.integers(1, 3),
    padding=PADDINGS,
)
def test_convolution_shape_equals_torchs(
    height: int, width: int, kernel: int, stride: int, padding: Any
) -> None:
    torch = pytest.importorskip("torch")
    op = Conv2D(filters=5, kernel=(kernel, kernel), stride=(stride, stride), padding=padding)
    if padding == "valid" and min(height, width) < kernel:
        with pytest.raises(GraphError, match="valid padding"):
            output_shape(op, ((height, width, 2),))
        return
    image = torch.zeros(1, 2, height, width)
    if padding == "same":
        rows, columns = same_padding(height, kernel, stride), same_padding(width, kernel, stride)
        image = torch.nn.functional.pad(image, (*columns, *rows))
    made = torch.nn.functional.conv2d(image, torch.zeros(5, 2, kernel, kernel), stride=stride)
    assert output_shape(op, ((height, width, 2),)) == (*made.shape[2:], 5)


@pytest.mark.parametrize(
    ("op", "sources", "expected"),
    [
        (DepthwiseConv2D(kernel=(3, 3), stride=(2, 2)), ((9, 8, 4),), (5, 4, 4)),
        (Dense(units=7), ((4,),), (7,)),
        (BatchNorm(), ((5, 5, 2),), (5, 5, 2)),
        (BatchNorm(), ((5,),), (5,)),
        (Activation(kind="relu"), ((5, 4, 2),), (5, 4, 2)),
        (Add(), ((5, 4, 2), (5, 4, 2)), (5, 4, 2)),
        (AveragePool2D(pool=(5, 4)), ((5, 4, 2),), (1, 1, 2)),
        (MaxPool2D(pool=(2, 2), stride=(2, 2)), ((5, 4, 2),), (2, 2, 2)),
        (MaxPool2D(pool=(2, 2), stride=(2, 2), padding="same"), ((5, 4, 2),), (3, 2, 2)),
        (Pad(rows=(1, 2), columns=(0, 3)), ((5, 4, 2),), (8, 7, 2)),
        (Reshape(shape=(40,)), ((5, 4, 2),), (40,)),
        (Softmax(), ((3,),), (3,)),
        (Softmax(), ((5, 4, 2),), (5, 4, 2)),
        (Conv2D(filters=6, kernel=(3, 3), dilation=(2, 2), padding="valid"), ((9, 8, 4),), (5, 4, 6)),
        (Conv2D(filters=6, kernel=(1, 1), groups=2), ((5, 4, 4),), (5, 4, 6)),
        (DepthwiseConv2D(kernel=(3, 3), multiplier=8), ((9, 8, 1),), (9, 8, 8)),
        (Add(), ((5, 4, 2), (1, 1, 2)), (5, 4, 2)),
        (Mul(), ((1, 1, 2), (5, 4, 2)), (5, 4, 2)),
        (Mul(), ((5, 4, 2), (2,)), (5, 4, 2)),
        (Sub(constant=(2,)), ((5, 4, 2),), (5, 4, 2)),
        (Concat(), ((5, 4, 2), (5, 4, 3), (5, 4, 1)), (5, 4, 6)),
        (Concat(axis=0), ((5,), (4,)), (9,)),
        (Mean(), ((5, 4, 2),), (2,)),
        (Mean(keep_dims=True), ((5, 4, 2),), (1, 1, 2)),
        (Pad(rows=(0, 0), columns=(0, 0), channels=(0, 3)), ((5, 4, 2),), (5, 4, 5)),
        (Transpose(order=(2, 0, 1)), ((5, 4, 2),), (2, 5, 4)),
        (StridedSlice(begin=(0, 1, 0), end=(5, 4, 2), strides=(2, 1, 2)), ((5, 4, 2),), (3, 3, 1)),
        (Quantize(to="uint8"), ((3,),), (3,)),
        (Dequantize(), ((3,),), (3,)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_shape_rules(op: Operator, sources: tuple[ops.Shape, ...], expected: ops.Shape) -> None:
    assert output_shape(op, sources) == expected


@pytest.mark.parametrize(
    ("op", "sources", "message"),
    [
        (Conv2D(filters=0, kernel=(1, 1)), ((4, 4, 1),), "at least one filter"),
        (Conv2D(filters=1, kernel=(0, 1)), ((4, 4, 1),), "a window and a stride of at least 1"),
        (Conv2D(filters=1, kernel=(5, 5), padding="valid"), ((4, 4, 1),), "valid padding"),
        (Conv2D(filters=1, kernel=(1, 1)), ((4,),), "an image"),
        (Dense(units=2), ((4, 4, 1),), "a vector"),
        (Dense(units=0), ((4,),), "at least one unit"),
        (Add(), ((4, 4, 3), (4, 4, 2)), "two tensors of one shape"),
        (Add(), ((4, 4, 1),), "takes 2 inputs; given 1"),
        (Conv2D(filters=3, kernel=(1, 1), groups=2), ((4, 4, 4),), "its groups divide"),
        (DepthwiseConv2D(kernel=(1, 1), multiplier=0), ((4, 4, 4),), "a multiplier of at least 1"),
        (Conv2D(filters=3, kernel=(1, 1), dilation=(0, 1)), ((4, 4, 4),), "a dilation of at least 1"),
        (Add(constant=(3,)), ((4, 4, 2),), "shapes that broadcast"),
        (Concat(axis=2), ((4, 4, 1), (4, 5, 1)), "agree in every axis but 2"),
        (Concat(axis=3), ((4, 4, 1),), "an axis from 0 to 2"),
        (Mean(axes=(0, 3)), ((4, 4, 1),), "different axes from 0 to 2"),
        (Mean(axes=(1, 1)), ((4, 4, 1),), "different axes from 0 to 2"),
        (Pad(rows=(-1, 1), columns=(1, 1)), ((4, 4, 1),), "margins of at least 0"),
        (Transpose(order=(0, 0, 1)), ((4, 4, 1),), "each axis of (4, 4, 1) once"),
        (StridedSlice(begin=(0,), end=(9,), strides=(1,)), ((4,),), "bounds inside the tensor"),
        (StridedSlice(begin=(2,), end=(2,), strides=(1,)), ((4,),), "bounds inside the tensor"),
        (StridedSlice(begin=(0,), end=(1,), strides=(1,)), ((4, 4),), "for each axis"),
        (Reshape(shape=(3,)), ((4,),), "as many values"),
        (Pad(rows=(1, 1), columns=(1, 1)), ((4,),), "an image"),
        (MaxPool2D(pool=(3, 3)), ((2, 2, 1),), "valid padding"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_shapes_that_do_not_fit_are_refused(
    op: Operator, sources: tuple[ops.Shape, ...], message: str
) -> None:
    with pytest.raises(GraphError, match=operator_name(op)) as caught:
        output_shape(op, sources)
    assert message in str(caught.value)


def test_every_operator_has_a_shape_rule_and_a_name() -> None:
    assert set(ops.SHAPE_RULES) == set(ops.OPERATORS.values())
    for name, cls in ops.OPERATORS.items():
        assert operator_name(cls) == name
        assert dataclasses.is_dataclass(cls)


def test_unknown_operators_are_named() -> None:
    with pytest.raises(UnsupportedOpError, match="'conv3d' has no entry in the operator table"):
        operator_from_json("conv3d", {})
    with pytest.raises(UnsupportedOpError, match="'int' has no entry in the shape table"):
        output_shape(3, ((1,),))  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(GraphError, match="cannot be made from"):
        operator_from_json("conv2d", {"filtres": 3})


def test_inputs_and_activations() -> None:
    assert input_count(Add()) == 2
    assert input_count(Softmax()) == 1
    assert activation_of(Conv2D(filters=1, kernel=(1, 1), activation="relu")) == "relu"
    assert activation_of(Softmax()) == "linear"
    assert input_count(Add(constant=(1,))) == 1
    assert input_count(Concat()) is None


def test_types_change_where_values_are_converted() -> None:
    assert output_type(Quantize(to="uint8"), "float32") == "uint8"
    assert output_type(Dequantize(), "int8") == "float32"
    assert output_type(Softmax(), "int8") == "int8"
