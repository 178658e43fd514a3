"""Integers as other converters write them: scales one by one or for all, constants, uint8 ends."""

from __future__ import annotations

import numpy as np
import pytest

from tests.importers.building import FileBuilder, Quant
from tests.importers.running import images_for, litert_outputs
from wakeling.errors import ModelFileError
from wakeling.export import tflite
from wakeling.graph import INPUT
from wakeling.importers import ImportedModel, read_tflite
from wakeling.ops import Dequantize, Mul, Quantize
from wakeling.quantize import golden
from wakeling.quantize.litert_kernels import LITERT_KERNELS

RNG = np.random.default_rng(3)
SOURCE: Quant = ([0.02], [-5], 0)
TARGET: Quant = ([0.05], [3], 0)
CONV = {"strideH": 1, "strideW": 1}


def integers(*shape: int) -> np.ndarray:
    return RNG.integers(-127, 128, shape)


def layer(kind: str, scales: int, axis: int, builder: FileBuilder | None = None) -> FileBuilder:
    """One layer of eight outputs, with so many weight scales."""
    dense = kind == "FULLY_CONNECTED"
    builder = builder or FileBuilder((1, 16) if dense else (1, 4, 4, 8), "int8", SOURCE)
    shapes = {"CONV_2D": (8, 3, 3, 8), "DEPTHWISE_CONV_2D": (1, 3, 3, 8), "FULLY_CONNECTED": (8, 16)}
    values = RNG.uniform(0.001, 0.004, scales)
    weight = builder.constant(integers(*shapes[kind]), np.int8, (values, [0] * scales, axis))
    bias_quant: Quant = (np.float32(SOURCE[0][0]) * values, [0] * scales, 0)
    bias = builder.constant(RNG.integers(-3000, 3000, 8), np.int32, bias_quant)
    options = {
        "CONV_2D": ("Conv2DOptions", CONV),
        "DEPTHWISE_CONV_2D": ("DepthwiseConv2DOptions", {**CONV, "depthMultiplier": 1}),
        "FULLY_CONNECTED": ("FullyConnectedOptions", {}),
    }
    shape = (1, 8) if dense else (1, 4, 4, 8)
    name, fields = options[kind]
    builder.operator(
        kind, [builder.input, weight, bias], shape, name, fields, element="int8", quant=TARGET, version=4
    )
    return builder


def check(content: bytes) -> ImportedModel:
    """LiteRT computes the file, the file written again, and the golden interpreter the same."""
    model = read_tflite(content)
    assert model.quantized is not None, model.unquantized_reason
    images = images_for(model.graph.input_shape, model.graph.input_type)
    expected = litert_outputs(content, images)
    np.testing.assert_array_equal(litert_outputs(tflite.to_bytes(model.quantized), images), expected)
    found = golden.run(model.quantized, images, kernels=LITERT_KERNELS)
    np.testing.assert_array_equal(found.reshape(expected.shape), expected)
    assert len(np.unique(expected)) > 1
    return model


@pytest.mark.parametrize(
    ("kind", "scales", "axis"),
    [
        ("CONV_2D", 8, 0),
        ("CONV_2D", 1, 0),
        ("CONV_2D", 1, 3),
        ("DEPTHWISE_CONV_2D", 8, 3),
        ("DEPTHWISE_CONV_2D", 1, 0),
        ("FULLY_CONNECTED", 1, 0),
        ("FULLY_CONNECTED", 8, 0),
    ],
)
def test_weights_with_one_scale_or_one_for_each_channel(kind: str, scales: int, axis: int) -> None:
    model = check(layer(kind, scales, axis).finish())
    assert model.quantized is not None
    (found,) = model.quantized.weight_scales.values()
    assert len(found) == (scales if kind == "FULLY_CONNECTED" else 8)


@pytest.mark.parametrize("first", [True, False])
def test_a_constant_factor_has_a_scale_of_its_own(first: bool) -> None:
    builder = FileBuilder((1, 4, 4, 8), "int8", SOURCE)
    constant = builder.constant(integers(8), np.int8, ([0.01], [7], 0))
    inputs = [constant, builder.input] if first else [builder.input, constant]
    builder.operator("MUL", inputs, (1, 4, 4, 8), "MulOptions", element="int8", quant=TARGET, version=2)
    model = check(builder.finish())
    (node,) = model.graph.nodes
    assert node.op == Mul(constant=(8,))
    assert model.quantized is not None
    assert model.quantized.tensors[f"{node.name}/constant"].zero_point == 7


@pytest.mark.parametrize("element", ["uint8", "float32"])
def test_other_types_at_both_ends(element: str) -> None:
    shape = (1, 4, 4, 8)
    outer: Quant | None = ([0.02], [123], 0) if element == "uint8" else None
    builder = FileBuilder(shape, element, outer)
    inner = builder.operator("QUANTIZE", [builder.input], shape, element="int8", quant=SOURCE)
    relu = builder.operator("RELU6", [inner], shape, element="int8", quant=SOURCE, version=2)
    if element == "uint8":
        builder.operator("QUANTIZE", [relu], shape, element="uint8", quant=([0.02], [123], 0))
    else:
        builder.operator("DEQUANTIZE", [relu], shape, element="float32", version=2)
    model = check(builder.finish())
    first, _, last = (node.op for node in model.graph.nodes)
    assert first == Quantize(to="int8")
    assert last == (Quantize(to="uint8") if element == "uint8" else Dequantize())
    assert model.graph.input_type == element
    assert model.quantized is not None
    assert (INPUT in model.quantized.tensors) == (element == "uint8")


@pytest.mark.parametrize("fill", [-5, 0])
def test_only_padding_that_stands_for_zero_is_read(fill: int) -> None:
    builder = FileBuilder((1, 4, 4, 8), "int8", SOURCE)
    margins = builder.constant([(0, 0), (1, 1), (1, 1), (0, 0)], np.int32)
    inputs = [builder.input, margins, builder.constant(fill, np.int8, SOURCE)]
    builder.operator("PADV2", inputs, (1, 6, 6, 8), "PadV2Options", element="int8", quant=SOURCE, version=2)
    if fill == SOURCE[1][0]:
        check(builder.finish())
        return
    with pytest.raises(ModelFileError, match="pads with another value than 0"):
        read_tflite(builder.finish())


def test_weights_of_the_old_uint8_scheme_are_costed_but_not_computed() -> None:
    builder = FileBuilder((1, 4, 4, 8), "uint8", ([0.02], [128], 0))
    weight = builder.constant(RNG.integers(0, 256, (8, 1, 1, 8)), np.uint8, ([0.01], [121], 0))
    bias = builder.constant(np.zeros(8), np.int32, ([0.0002], [0], 0))
    inputs = [builder.input, weight, bias]
    builder.operator(
        "CONV_2D", inputs, (1, 4, 4, 8), "Conv2DOptions", CONV, element="uint8", quant=([0.05], [128], 0)
    )
    model = read_tflite(builder.finish())
    assert (model.quantized, model.floating) == (None, None)
    assert "uint8" in str(model.unquantized_reason)
    from wakeling.cost import cost

    assert cost(model.graph).macs == 4 * 4 * 8 * 8


def test_dynamic_range_weights_are_refused_with_advice() -> None:
    builder = FileBuilder((1, 4, 4, 8))
    weight = builder.constant(integers(8, 1, 1, 8), np.int8, ([0.01], [0], 0))
    inputs = [builder.input, weight, builder.constant(np.zeros(8))]
    builder.operator("CONV_2D", inputs, (1, 4, 4, 8), "Conv2DOptions", CONV)
    with pytest.raises(ModelFileError, match="dynamic range quantization is not read"):
        read_tflite(builder.finish())


def test_scales_that_our_rules_refuse_leave_the_graph_and_say_why() -> None:
    """A softmax whose output is not in steps of 1/256 runs nowhere, but it can be costed."""
    builder = FileBuilder((1, 8), "int8", SOURCE)
    builder.operator(
        "SOFTMAX", [builder.input], (1, 8), "SoftmaxOptions", {"beta": 1.0}, element="int8", quant=TARGET
    )
    model = read_tflite(builder.finish())
    assert model.quantized is None
    assert "1/256" in str(model.unquantized_reason)
    assert len(model.graph.nodes) == 1


def test_operands_of_different_types_are_refused() -> None:
    builder = FileBuilder((1, 4, 4, 8), "int8", SOURCE)
    real = builder.operator("DEQUANTIZE", [builder.input], (1, 4, 4, 8))
    builder.operator("ADD", [builder.input, real], (1, 4, 4, 8), "AddOptions")
    with pytest.raises(ModelFileError, match="different types: float32, int8"):
        read_tflite(builder.finish())
