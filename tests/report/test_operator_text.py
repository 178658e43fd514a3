"""Operators in a few words."""

from __future__ import annotations

import pytest

from wakeling import ops
from wakeling.ops import OPERATORS, Operator
from wakeling.report.operator_text import operator_text

TEXTS: list[tuple[Operator, str]] = [
    (ops.Conv2D(filters=8, kernel=(3, 3), stride=(2, 2), activation="relu6"),
     "conv2d 3×3, 8 filters, stride 2, relu6"),
    (ops.Conv2D(filters=8, kernel=(3, 5), stride=(1, 2), dilation=(2, 2), groups=4, padding="valid"),
     "conv2d 3×5, 8 filters, 4 groups, stride 1×2, dilation 2, valid"),
    (ops.Conv2D(filters=8, kernel=(1, 1), padding="valid"), "conv2d 1×1, 8 filters"),
    (ops.DepthwiseConv2D(kernel=(3, 3), multiplier=8), "depthwise_conv2d 3×3, 8 filters a channel"),
    (ops.Dense(units=2), "dense 2 units"),
    (ops.BatchNorm(), "batch_norm"),
    (ops.Activation(kind="hard_swish"), "activation hard_swish"),
    (ops.Add(activation="relu"), "add relu"),
    (ops.Add(constant=()), "add one constant"),
    (ops.Sub(constant=(1, 1, 3), constant_first=True), "sub constant 1×1×3, from the constant"),
    (ops.Mul(constant=(3,)), "mul constant 3"),
    (ops.Concat(axis=2), "concat along channels"),
    (ops.AveragePool2D(pool=(7, 7)), "average_pool2d 7×7, valid"),
    (ops.MaxPool2D(pool=(3, 3), stride=(2, 2), padding="same"), "max_pool2d 3×3, stride 2"),
    (ops.Mean(axes=(0, 1), keep_dims=True), "mean over rows and columns, kept"),
    (ops.Pad(rows=(0, 1), columns=(2, 3)), "pad rows 0+1, columns 2+3"),
    (ops.Pad(rows=(0, 0), columns=(0, 0)), "pad by nothing"),
    (ops.Reshape(shape=(8,)), "reshape"),
    (ops.Transpose(order=(2, 0, 1)), "transpose axes 2 0 1"),
    (ops.StridedSlice(begin=(0, 1), end=(4, 8), strides=(1, 2)), "strided_slice 0:4, 1:8:2"),
    (ops.Softmax(), "softmax"),
    (ops.Softmax(beta=0.5), "softmax β 0.5"),
    (ops.Quantize(to="uint8"), "quantize to uint8"),
    (ops.Dequantize(), "dequantize"),
]  # fmt: skip


@pytest.mark.parametrize(("op", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_an_operator_says_what_sets_it_apart(op: Operator, text: str) -> None:
    assert operator_text(op) == text


def test_every_operator_has_its_words() -> None:
    assert {type(op) for op, _ in TEXTS} == set(OPERATORS.values())
