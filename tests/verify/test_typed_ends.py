"""Verifying models whose ends are uint8 or float32, and naming what LiteRT is known to do otherwise."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from wakeling.export import tflite
from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.ops import Activation, Conv2D, Dense, Dequantize, ElementType, Mul, Quantize, Reshape, Softmax
from wakeling.quantize.litert_kernels import (
    LITERT_DENSE_ROUNDS_ONCE,
    LITERT_MUL_FACTOR_IS_SINGLE,
    LITERT_SIGMOID_IS_A_TABLE,
)
from wakeling.quantize.model import QuantizedModel, TensorQuant
from wakeling.testing.random_models import quantize_randomly, random_images
from wakeling.verify import verify
from wakeling.verify.compare import explanations
from wakeling.verify.images import trial_inputs
from wakeling.verify.report import from_json


def classifier(start: ElementType, end: ElementType) -> Graph:
    builder = GraphBuilder("typed", (8, 8, 3), start)
    tensor = INPUT if start == "int8" else builder.append(Quantize(), INPUT, name="q")
    tensor = builder.append(Conv2D(filters=4, kernel=(8, 8), padding="valid", use_bias=True), tensor)
    tensor = builder.append(Reshape(shape=(4,)), tensor)
    tensor = builder.append(Softmax(), builder.append(Dense(units=2), tensor))
    if end == "uint8":
        builder.append(Quantize(to="uint8"), tensor)
    elif end == "float32":
        builder.append(Dequantize(), tensor)
    return builder.build()


@pytest.mark.parametrize(
    ("start", "end"),
    [("uint8", "uint8"), ("float32", "float32"), ("uint8", "float32"), ("float32", "int8")],
)
def test_ends_of_every_type_are_verified(start: ElementType, end: ElementType) -> None:
    model = quantize_randomly(classifier(start, end), 1)
    report = verify(model, tflite.to_bytes(model), random_images(model, 12, 0))
    assert report.agrees, report.summary
    assert report.witnesses[0].tensors == len(model.graph.nodes)


def test_a_difference_in_floats_is_found_and_counted_in_last_places() -> None:
    model = quantize_randomly(classifier("int8", "float32"), 1)
    key = next(iter(model.weights))
    other = dataclasses.replace(model, weights={**model.weights, key: -model.weights[key]})
    report = verify(model, tflite.to_bytes(other), random_images(model, 12, 0))
    assert not report.agrees
    assert report.witnesses[0].largest_difference > 1000
    assert f"by at most {report.witnesses[0].largest_difference} last places" in report.witnesses[0].detail
    assert from_json(report.to_json()) == report
    assert report.witnesses[0].first_difference is not None
    assert report.witnesses[0].first_difference.operator == "conv2d"


def test_a_float_input_is_tried_over_the_whole_range_of_its_first_tensor() -> None:
    model = quantize_randomly(classifier("float32", "int8"), 1)
    pixels = np.arange(256, dtype=np.uint8).reshape(4, 8, 8, 1).repeat(3, axis=3)
    reals = trial_inputs(model, pixels)
    quant = model.tensors["q"]
    assert reals.dtype == np.float32
    steps = reals / quant.scale + quant.zero_point
    assert steps.min() <= -127.4
    assert steps.max() >= 126.9


def gate(scale: float) -> QuantizedModel:
    """A sigmoid of the input and its product with the input."""
    builder = GraphBuilder("gate", (4, 4, 3))
    bent = builder.append(Activation(kind="sigmoid"), INPUT, name="sigmoid")
    product = builder.append(Mul(), INPUT, bent)
    tensor = builder.append(Reshape(shape=(48,)), product)
    builder.append(Dense(units=2), tensor)
    model = quantize_randomly(builder.build(), 0)
    tensors = {**model.tensors, INPUT: TensorQuant(scale=scale, zero_point=0)}
    return dataclasses.replace(model, tensors=tensors)


def test_only_differences_of_operators_that_occur_are_tried_alone_then_together() -> None:
    named = [explanation.names for explanation in explanations("litert", gate(0.1).graph)]
    assert named == [
        (LITERT_DENSE_ROUNDS_ONCE,),
        (LITERT_MUL_FACTOR_IS_SINGLE,),
        (LITERT_SIGMOID_IS_A_TABLE,),
        (LITERT_DENSE_ROUNDS_ONCE, LITERT_MUL_FACTOR_IS_SINGLE, LITERT_SIGMOID_IS_A_TABLE),
    ]
    plain = classifier("int8", "int8")
    assert [explanation.names for explanation in explanations("litert", plain)] == [
        (LITERT_DENSE_ROUNDS_ONCE,)
    ]
    assert explanations("tflm", plain) == ()


def test_a_sigmoid_of_a_huge_scale_is_explained_by_its_name() -> None:
    model = gate(50.0)
    report = verify(model, tflite.to_bytes(model), random_images(model, 12, 0))
    assert report.agrees, report.summary
    assert report.golden_equals_tflm
    assert LITERT_SIGMOID_IS_A_TABLE in report.witnesses[1].named_differences
