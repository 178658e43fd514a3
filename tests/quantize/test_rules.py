"""What TFLite's int8 scheme refuses: scales, zero points and types, each with one line."""

from __future__ import annotations

import pytest

from wakeling.errors import GraphError
from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.ops import (
    Activation,
    Concat,
    Conv2D,
    Dequantize,
    ElementType,
    Mean,
    Operator,
    Quantize,
    Reshape,
    Softmax,
    Sub,
    Transpose,
)
from wakeling.quantize.rules import SOFTMAX_OUTPUT, TANH_OUTPUT, check_scales, check_types
from wakeling.quantize.tensors import TensorQuant

SOME, OTHER = TensorQuant(scale=0.1, zero_point=3), TensorQuant(scale=0.2, zero_point=3)


def one(op: Operator, element: ElementType = "int8") -> Graph:
    builder = GraphBuilder("one", (2, 3, 4), element)
    builder.append(op, INPUT, name="op")
    return builder.build()


@pytest.mark.parametrize(
    ("op", "source", "output", "message"),
    [
        (Transpose(order=(2, 0, 1)), SOME, OTHER, "must keep its input's scale"),
        (Activation(kind="relu6"), SOME, OTHER, "must keep its input's scale"),
        (Activation(kind="linear"), SOME, OTHER, "must keep its input's scale"),
        (Activation(kind="sigmoid"), SOME, SOME, "must have the output"),
        (Activation(kind="tanh"), SOME, SOFTMAX_OUTPUT, "must have the output"),
        (Activation(kind="tanh"), TensorQuant(scale=1e-9, zero_point=0), TANH_OUTPUT, "2\\^-28"),
        (Activation(kind="hard_swish"), SOME, TensorQuant(scale=1e-4, zero_point=0), "1/512 to 128 times"),
        (Activation(kind="hard_swish"), SOME, TensorQuant(scale=100.0, zero_point=0), "1/512 to 128 times"),
        (
            Activation(kind="hard_swish"),
            TensorQuant(scale=1e-7, zero_point=0),
            TensorQuant(scale=1e-7, zero_point=0),
            "2\\^-22",
        ),
        (Softmax(beta=0.001), TensorQuant(scale=1e-6, zero_point=0), SOFTMAX_OUTPUT, "beta 0.001"),
    ],
)
def test_scales_that_a_runtime_refuses_are_refused(op, source, output, message) -> None:
    with pytest.raises(GraphError, match=message) as raised:
        check_scales(one(op), {INPUT: source, "op": output})
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("op", "output"),
    [
        (Activation(kind="relu"), OTHER),
        (Activation(kind="hard_swish"), OTHER),
        (Activation(kind="tanh"), TANH_OUTPUT),
        (Mean(), OTHER),
        (Quantize(), OTHER),
    ],
)
def test_scales_that_every_runtime_takes_pass(op: Operator, output: TensorQuant) -> None:
    check_scales(one(op), {INPUT: SOME, "op": output})


def test_a_concatenation_needs_one_scale_for_all_inputs() -> None:
    builder = GraphBuilder("concat", (2, 2, 1))
    other = builder.append(Quantize(), INPUT, name="other")
    builder.append(Concat(axis=2), INPUT, other, name="both")
    graph = builder.build()
    check_scales(graph, {INPUT: SOME, "other": SOME, "both": SOME})
    with pytest.raises(GraphError, match="'both' must keep"):
        check_scales(graph, {INPUT: SOME, "other": OTHER, "both": SOME})


def test_the_constant_counts_among_the_operands_of_a_sum() -> None:
    tiny = TensorQuant(scale=1e-5, zero_point=0)
    graph = one(Sub(constant=(4,), constant_first=True))
    check_scales(graph, {INPUT: tiny, "op/constant": tiny, "op": tiny})
    large = TensorQuant(scale=20.0, zero_point=0)
    with pytest.raises(GraphError, match="too small for inputs of scale 20"):
        check_scales(graph, {INPUT: tiny, "op/constant": large, "op": tiny})


@pytest.mark.parametrize(
    ("op", "element", "known"),
    [
        (Conv2D(filters=1, kernel=(1, 1)), "uint8", "takes int8 to int8; given uint8 to uint8"),
        (Activation(kind="relu"), "float32", "given float32 to float32"),
        (Quantize(to="uint8"), "float32", "given float32 to uint8"),
        (Quantize(to="uint8"), "uint8", "given uint8 to uint8"),
        (Dequantize(), "float32", "takes int8 to float32, uint8 to float32"),
        (Transpose(order=(0, 1, 2)), "uint8", "given uint8 to uint8"),
    ],
)
def test_types_without_a_kernel_are_refused(op: Operator, element: ElementType, known: str) -> None:
    with pytest.raises(GraphError, match=known):
        check_types(one(op, element))


def test_operands_of_different_types_are_refused() -> None:
    builder = GraphBuilder("mixed", (2, 2, 1))
    real = builder.append(Dequantize(), INPUT)
    builder.append(Concat(axis=2), INPUT, real, name="both")
    with pytest.raises(GraphError, match=r"concat 'both' takes .* given float32 to int8, int8 to int8"):
        check_types(builder.build())


def test_values_of_every_type_may_be_reshaped() -> None:
    for element in ("int8", "uint8", "float32"):
        check_types(one(Reshape(shape=(24,)), element))  # type: ignore[arg-type]
