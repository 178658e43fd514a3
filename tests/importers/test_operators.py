"""Each operator as other programs write it: read, written again, the same numbers in LiteRT."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.importers.building import FileBuilder
from tests.importers.running import images_for, litert_outputs
from wakeling.export import tflite
from wakeling.importers import ImportedModel, read_tflite
from wakeling.importers.tflite import OPTION_TABLES, TRANSLATORS
from wakeling.importers.tflite_folding import _RULES as FOLDED
from wakeling.ops import Conv2D, operator_name

RNG = np.random.default_rng(0)
SAME, VALID = 0, 1
RELU, RELU6 = 1, 3

Case = Callable[[FileBuilder], object]


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(0, 1, shape).astype(np.float32)


def conv(builder: FileBuilder, *, bias: bool = True, **fields: int) -> None:
    filters = builder.constant(normal(6, 3, 3, 4))
    inputs = [builder.input, filters, *([builder.constant(normal(6))] if bias else [])]
    options = {"padding": SAME, "strideH": 2, "strideW": 1, **fields}
    builder.operator("CONV_2D", inputs, (1, 4, 6, 6), "Conv2DOptions", options)


def dilated_conv(builder: FileBuilder) -> None:
    inputs = [builder.input, builder.constant(normal(5, 3, 2, 4)), builder.constant(normal(5))]
    options = {"padding": VALID, "strideH": 1, "strideW": 1, "dilationHFactor": 2, "dilationWFactor": 3}
    builder.operator("CONV_2D", inputs, (1, 4, 3, 5), "Conv2DOptions", options)


def grouped_conv(builder: FileBuilder) -> None:
    inputs = [builder.input, builder.constant(normal(6, 1, 1, 2)), builder.constant(normal(6))]
    options = {"padding": SAME, "strideH": 1, "strideW": 1}
    builder.operator("CONV_2D", inputs, (1, 8, 6, 6), "Conv2DOptions", options, version=6)


def depthwise(builder: FileBuilder) -> None:
    inputs = [builder.input, builder.constant(normal(1, 3, 5, 12)), builder.constant(normal(12))]
    options = {
        "padding": SAME,
        "strideH": 1,
        "strideW": 2,
        "depthMultiplier": 3,
        "fusedActivationFunction": RELU6,
    }
    builder.operator("DEPTHWISE_CONV_2D", inputs, (1, 8, 3, 12), "DepthwiseConv2DOptions", options)


def dense_of_an_image(builder: FileBuilder) -> None:
    inputs = [builder.input, builder.constant(normal(5, 192)), builder.constant(normal(5))]
    options = {"fusedActivationFunction": RELU}
    builder.operator("FULLY_CONNECTED", inputs, (1, 5), "FullyConnectedOptions", options)


def dense_that_keeps_axes(builder: FileBuilder) -> None:
    pooled = builder.operator("MEAN", [builder.input, builder.constant([1, 2], np.int32)], (1, 1, 1, 4),
                              "ReducerOptions", {"keepDims": True})  # fmt: skip
    inputs = [pooled, builder.constant(normal(5, 4)), -1]
    options = {"keepNumDims": True}
    builder.operator("FULLY_CONNECTED", inputs, (1, 1, 1, 5), "FullyConnectedOptions", options, version=5)


def pooled(name: str, activation: int) -> Case:
    def build(builder: FileBuilder) -> None:
        options = {
            "padding": SAME,
            "strideH": 2,
            "strideW": 3,
            "filterHeight": 3,
            "filterWidth": 2,
            "fusedActivationFunction": activation,
        }
        builder.operator(name, [builder.input], (1, 4, 2, 4), "Pool2DOptions", options)

    return build


def with_constant(name: str, options: str, values: np.ndarray, *, first: bool = False) -> Case:
    def build(builder: FileBuilder) -> None:
        constant = builder.constant(values)
        inputs = [constant, builder.input] if first else [builder.input, constant]
        builder.operator(name, inputs, (1, 8, 6, 4), options, {"fusedActivationFunction": RELU})

    return build


def squeeze_and_excite(builder: FileBuilder) -> None:
    axes = builder.constant([1, 2], np.int32)
    mean = builder.operator("MEAN", [builder.input, axes], (1, 1, 1, 4), "ReducerOptions", {"keepDims": True})
    gate = builder.operator("LOGISTIC", [mean], (1, 1, 1, 4))
    builder.operator("MUL", [gate, builder.input], (1, 8, 6, 4), "MulOptions")


def mean(axes: list[int], shape: tuple[int, ...], keep: bool) -> Case:
    def build(builder: FileBuilder) -> None:
        inputs = [builder.input, builder.constant(axes, np.int32)]
        builder.operator("MEAN", inputs, shape, "ReducerOptions", {"keepDims": keep})

    return build


def pad(margins: list[tuple[int, int]], shape: tuple[int, ...]) -> Case:
    def build(builder: FileBuilder) -> None:
        builder.operator("PAD", [builder.input, builder.constant(margins, np.int32)], shape, "PadOptions")

    return build


def padv2(builder: FileBuilder) -> None:
    margins = builder.constant([(0, 0), (1, 2), (0, 1), (0, 0)], np.int32)
    inputs = [builder.input, margins, builder.constant(0.0)]
    builder.operator("PADV2", inputs, (1, 11, 7, 4), "PadV2Options")


def pad_of_a_vector_by_nothing(builder: FileBuilder) -> None:
    flat = builder.operator("RESHAPE", [builder.input, builder.constant([1, 192], np.int32)], (1, 192))
    margins = builder.constant([(0, 0), (0, 0)], np.int32)
    same = builder.operator("PAD", [flat, margins], (1, 192), "PadOptions")
    builder.operator("RELU", [same], (1, 192))


def reshape(wanted: list[int], shape: tuple[int, ...]) -> Case:
    def build(builder: FileBuilder) -> None:
        builder.operator("RESHAPE", [builder.input, builder.constant(wanted, np.int32)], shape)

    return build


def old_reshape(builder: FileBuilder) -> None:
    options = {"newShape": np.array([1, 24, -1], np.int32)}
    builder.operator("RESHAPE", [builder.input], (1, 24, 8), "ReshapeOptions", options)


def squeezed(builder: FileBuilder) -> None:
    axes = builder.constant([2], np.int32)
    narrow = builder.operator(
        "MEAN", [builder.input, axes], (1, 8, 1, 4), "ReducerOptions", {"keepDims": True}
    )
    options = {"squeezeDims": np.array([-2], np.int32)}
    flat = builder.operator("SQUEEZE", [narrow], (1, 8, 4), "SqueezeOptions", options)
    builder.operator("EXPAND_DIMS", [flat, builder.constant(-1, np.int32)], (1, 8, 4, 1), "ExpandDimsOptions")


def transposed(builder: FileBuilder) -> None:
    order = builder.constant([0, 3, 1, 2], np.int32)
    builder.operator("TRANSPOSE", [builder.input, order], (1, 4, 8, 6), "TransposeOptions")


def concatenated(builder: FileBuilder) -> None:
    other = builder.operator("TANH", [builder.input], (1, 8, 6, 4))
    inputs = [builder.input, other, builder.input]
    options = {"axis": -1}
    builder.operator("CONCATENATION", inputs, (1, 8, 6, 12), "ConcatenationOptions", options)


def strided(
    begin: list[int], end: list[int], strides: list[int], shape: tuple[int, ...], **fields: int
) -> Case:
    def build(builder: FileBuilder) -> None:
        bounds = [builder.constant(values, np.int32) for values in (begin, end, strides)]
        builder.operator("STRIDED_SLICE", [builder.input, *bounds], shape, "StridedSliceOptions", fields)

    return build


def sliced(builder: FileBuilder) -> None:
    bounds = [builder.constant(values, np.int32) for values in ([0, 2, 0, 1], [1, 3, -1, 2])]
    builder.operator("SLICE", [builder.input, *bounds], (1, 3, 6, 2), "SliceOptions")


def split(builder: FileBuilder) -> None:
    axis = builder.constant(-1, np.int32)
    first = builder.operator(
        "SPLIT", [axis, builder.input], [(1, 8, 6, 2)] * 2, "SplitOptions", {"numSplits": 2}
    )
    builder.operator("SUB", [first + 1, first], (1, 8, 6, 2), "SubOptions")


def split_v(builder: FileBuilder) -> None:
    inputs = [builder.input, builder.constant([3, -1], np.int32), builder.constant(1, np.int32)]
    first = builder.operator(
        "SPLIT_V", inputs, [(1, 3, 6, 4), (1, 5, 6, 4)], "SplitVOptions", {"numSplits": 2}
    )
    builder.operator("CONCATENATION", [first + 1, first], (1, 8, 6, 4), "ConcatenationOptions", {"axis": 1})


def softmax(builder: FileBuilder) -> None:
    builder.operator("SOFTMAX", [builder.input], (1, 8, 6, 4), "SoftmaxOptions", {"beta": 0.5})


def pointwise(name: str) -> Case:
    def build(builder: FileBuilder) -> None:
        builder.operator(name, [builder.input], (1, 8, 6, 4))

    return build


def half_precision_weights(builder: FileBuilder) -> None:
    stored = builder.constant(normal(6, 1, 1, 4), np.float16)
    weights = builder.operator("DEQUANTIZE", [stored], (6, 1, 1, 4), "DequantizeOptions", version=3)
    options = {"padding": SAME, "strideH": 1, "strideW": 1}
    inputs = [builder.input, weights, builder.constant(normal(6))]
    builder.operator("CONV_2D", inputs, (1, 8, 6, 6), "Conv2DOptions", options)


def int8_stored_weights(builder: FileBuilder) -> None:
    values = RNG.integers(-127, 128, (6, 1, 1, 4))
    scales = (RNG.uniform(0.001, 0.1, 6), [0] * 6, 0)
    stored = builder.constant(values, np.int8, scales)
    weights = builder.operator("DEQUANTIZE", [stored], (6, 1, 1, 4), "DequantizeOptions", version=5)
    options = {"padding": SAME, "strideH": 1, "strideW": 1}
    inputs = [builder.input, weights, builder.constant(normal(6))]
    builder.operator("CONV_2D", inputs, (1, 8, 6, 6), "Conv2DOptions", options)


def flattening_of_an_unknown_batch(builder: FileBuilder) -> None:
    """What TensorFlow's converter writes for Keras's Flatten."""
    builder.graph.tensors[builder.input].shapeSignature = np.array([-1, 8, 6, 4], np.int32)
    shape = builder.operator("SHAPE", [builder.input], (4,), "ShapeOptions", {"outType": 2}, element="int32")
    bounds = [builder.constant([value], np.int32) for value in (0, 1, 1)]
    batch = builder.operator(
        "STRIDED_SLICE", [shape, *bounds], (), "StridedSliceOptions", {"shrinkAxisMask": 1}, element="int32"
    )
    inputs = [batch, builder.constant(192, np.int32)]
    packed = builder.operator("PACK", inputs, (2,), "PackOptions", {"valuesCount": 2}, element="int32")
    builder.operator("RESHAPE", [builder.input, packed], (1, 192))


def flattening_by_a_product(builder: FileBuilder) -> None:
    shape = builder.operator("SHAPE", [builder.input], (4,), "ShapeOptions", {"outType": 2}, element="int32")
    bounds = [builder.constant([value], np.int32) for value in (1, 0, 1)]
    rest = builder.operator(
        "STRIDED_SLICE", [shape, *bounds], (3,), "StridedSliceOptions", {"endMask": 1}, element="int32"
    )
    inputs = [rest, builder.constant([0], np.int32)]
    product = builder.operator(
        "REDUCE_PROD", inputs, (1,), "ReducerOptions", {"keepDims": True}, element="int32"
    )
    wanted = builder.operator(
        "CONCATENATION", [builder.constant([1], np.int32), product], (2,), "ConcatenationOptions",
        {"axis": 0}, element="int32",
    )  # fmt: skip
    builder.operator("RESHAPE", [builder.input, wanted], (1, 192))


CASES: dict[str, tuple[Case, list[str]]] = {
    "conv": (conv, ["conv2d"]),
    "conv, relu": (lambda b: conv(b, fusedActivationFunction=RELU), ["conv2d"]),
    "dilated conv": (dilated_conv, ["conv2d"]),
    "grouped conv": (grouped_conv, ["conv2d"]),
    "depthwise, multiplier 3": (depthwise, ["depthwise_conv2d"]),
    "dense of an image": (dense_of_an_image, ["reshape", "dense"]),
    "dense that keeps its axes": (dense_that_keeps_axes, ["mean", "reshape", "dense", "reshape"]),
    "average pool": (pooled("AVERAGE_POOL_2D", 0), ["average_pool2d"]),
    "average pool, relu": (pooled("AVERAGE_POOL_2D", RELU), ["average_pool2d", "activation"]),
    "max pool, relu6": (pooled("MAX_POOL_2D", RELU6), ["max_pool2d", "activation"]),
    "add a scalar": (with_constant("ADD", "AddOptions", np.float32(0.5)), ["add"]),
    "add channels first": (with_constant("ADD", "AddOptions", normal(4), first=True), ["add"]),
    "subtract a constant": (with_constant("SUB", "SubOptions", normal(1, 8, 6, 4)), ["sub"]),
    "subtract from a constant": (with_constant("SUB", "SubOptions", normal(1, 1, 1, 4), first=True), ["sub"]),
    "multiply by a column": (with_constant("MUL", "MulOptions", normal(6, 1)), ["mul"]),
    "squeeze and excite": (squeeze_and_excite, ["mean", "activation", "mul"]),
    "mean": (mean([1, 2], (1, 4), False), ["mean"]),
    "mean of channels, kept": (mean([-1], (1, 8, 6, 1), True), ["mean"]),
    "mean of everything": (mean([1, 2, 3], (1,), False), ["mean"]),
    "pad": (pad([(0, 0), (1, 2), (3, 0), (0, 0)], (1, 11, 9, 4)), ["pad"]),
    "pad channels": (pad([(0, 0), (0, 0), (0, 0), (1, 5)], (1, 8, 6, 10)), ["pad"]),
    "pad by nothing": (pad([(0, 0)] * 4, (1, 8, 6, 4)), ["pad"]),
    "pad a vector by nothing": (pad_of_a_vector_by_nothing, ["reshape", "activation"]),
    "pad, version 2": (padv2, ["pad"]),
    "reshape": (reshape([1, 48, 4], (1, 48, 4)), ["reshape"]),
    "reshape with -1": (reshape([1, -1], (1, 192)), ["reshape"]),
    "reshape with -1 for the batch": (reshape([-1, 192], (1, 192)), ["reshape"]),
    "reshape by its options": (old_reshape, ["reshape"]),
    "squeeze and expand": (squeezed, ["mean", "reshape", "reshape"]),
    "transpose": (transposed, ["transpose"]),
    "concatenation": (concatenated, ["activation", "concat"]),
    "strided slice": (strided([0, 1, 0, 0], [1, 8, 6, 4], [1, 3, 2, 1], (1, 3, 3, 4)), ["strided_slice"]),
    "strided slice by masks": (
        strided([0, -3, 1, 5], [0, 0, -1, 0], [1, 1, 1, 1], (1, 3, 4, 4), beginMask=9, endMask=11),
        ["strided_slice"],
    ),
    "strided slice, one row": (
        strided([0, 2, 0, 0], [1, 3, 6, 4], [1, 1, 1, 1], (1, 6, 4), shrinkAxisMask=2),
        ["strided_slice", "reshape"],
    ),
    "slice": (sliced, ["strided_slice"]),
    "split": (split, ["strided_slice", "strided_slice", "sub"]),
    "split into sizes": (split_v, ["strided_slice", "strided_slice", "concat"]),
    "softmax, beta 0.5": (softmax, ["softmax"]),
    "logistic": (pointwise("LOGISTIC"), ["activation"]),
    "hard swish": (pointwise("HARD_SWISH"), ["activation"]),
    "relu": (pointwise("RELU"), ["activation"]),
    "relu6": (pointwise("RELU6"), ["activation"]),
    "tanh": (pointwise("TANH"), ["activation"]),
    "weights stored as float16": (half_precision_weights, ["conv2d"]),
    "weights stored as int8": (int8_stored_weights, ["conv2d"]),
    "flattening of an unknown batch": (flattening_of_an_unknown_batch, ["reshape"]),
    "flattening by a product": (flattening_by_a_product, ["reshape"]),
}


def operators(model: ImportedModel) -> list[str]:
    return [operator_name(node.op) for node in model.graph.nodes]


@pytest.mark.parametrize("case", CASES)
def test_an_operator_keeps_its_numbers_when_it_is_read_and_written_again(case: str) -> None:
    build, expected = CASES[case]
    builder = FileBuilder((1, 8, 6, 4))
    build(builder)
    content = builder.finish()
    model = read_tflite(content)
    assert operators(model) == expected
    assert model.floating is not None
    images = images_for((8, 6, 4), "float32")
    wanted = litert_outputs(content, images)
    found = litert_outputs(tflite.to_bytes(model.floating), images)
    shape = model.graph.shapes[model.graph.output]
    assert wanted[0].shape == found[0].shape
    assert wanted[0].shape in ((1, *shape), shape)
    np.testing.assert_array_equal(found, wanted)


def test_a_convolution_without_bias_is_read_as_one() -> None:
    """TFLM runs it; LiteRT refuses it, so a file that is written again has a bias of zeros."""
    builder = FileBuilder((1, 8, 6, 4))
    conv(builder, bias=False)
    model = read_tflite(builder.finish())
    (node,) = model.graph.nodes
    assert isinstance(node.op, Conv2D)
    assert not node.op.use_bias
    assert model.floating is not None
    again = read_tflite(tflite.to_bytes(model.floating))
    assert again.floating is not None
    (bias,) = again.floating.biases.values()
    assert not bias.any()


def test_every_operator_that_is_read_has_a_case() -> None:
    seen: set[str] = set()
    for build, _ in CASES.values():
        builder = FileBuilder((1, 8, 6, 4))
        build(builder)
        seen |= set(read_tflite(builder.finish()).operator_counts)
    assert set(TRANSLATORS) | set(FOLDED) == seen | {"QUANTIZE"}


def test_the_kinds_of_options_are_the_schemas() -> None:
    from wakeling.export.schema import schema

    codes = vars(schema().BuiltinOptions)
    names = {
        "MEAN": "Reducer",
        "REDUCE_PROD": "Reducer",
        "AVERAGE_POOL_2D": "Pool2D",
        "MAX_POOL_2D": "Pool2D",
    }
    for operator, code in OPTION_TABLES.items():
        plain = names.get(operator, operator.replace("_2D", "2D").replace("_", " ").title().replace(" ", ""))
        assert code == codes[f"{plain.replace('2d', '2D')}Options"], operator
