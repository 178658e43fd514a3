"""Operators: shape rules against brute force and TFLite's padding, JSON, and complete tables."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

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
    Conv2D,
    Dense,
    DepthwiseConv2D,
    MaxPool2D,
    Operator,
    Pad,
    Reshape,
    Softmax,
    activation_of,
    input_count,
    operator_from_json,
    operator_name,
    operator_to_json,
    output_shape,
    same_padding,
    window_output,
)

PAIRS = st.tuples(st.integers(1, 5), st.integers(1, 5))
PADDINGS = st.sampled_from(("same", "valid"))
KINDS = st.sampled_from(("linear", "relu", "relu6"))
OPERATORS = st.one_of(
    st.builds(
        Conv2D,
        filters=st.integers(1, 99),
        kernel=PAIRS,
        stride=PAIRS,
        padding=PADDINGS,
        use_bias=st.booleans(),
        activation=KINDS,
    ),
    st.builds(DepthwiseConv2D, kernel=PAIRS, stride=PAIRS, padding=PADDINGS, activation=KINDS),
    st.builds(Dense, units=st.integers(1, 99), use_bias=st.booleans(), activation=KINDS),
    st.builds(BatchNorm, epsilon=st.floats(1e-6, 1e-2)),
    st.builds(Activation, kind=KINDS),
    st.builds(Add, activation=KINDS),
    st.builds(AveragePool2D, pool=PAIRS, stride=PAIRS, padding=PADDINGS),
    st.builds(MaxPool2D, pool=PAIRS, stride=PAIRS, padding=PADDINGS),
    st.builds(Pad, rows=PAIRS, columns=PAIRS),
    st.builds(Reshape, shape=st.lists(st.integers(1, 9), min_size=1, max_size=3).map(tuple)),
    st.just(Softmax()),
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
        (Add(), ((4, 4, 1), (4, 4, 2)), "two tensors of one shape"),
        (Add(), ((4, 4, 1),), "takes 2 inputs; given 1"),
        (Softmax(), ((4, 4, 1),), "a vector"),
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
