"""How each operator is written: versions, shapes, types and constants, read back by the schema."""

from __future__ import annotations

import dataclasses

import pytest

from tests.export.rewriting import unpacked
from wakeling.export import metadata, tflite
from wakeling.export.schema import schema
from wakeling.export.versions import SINCE
from wakeling.graph import INPUT, GraphBuilder
from wakeling.ops import ElementType, Mean, Mul, Quantize, Reshape, Sub
from wakeling.quantize.model import TensorQuant
from wakeling.testing.random_models import quantize_randomly, random_model

NAMES = {code: name for name, code in vars(schema().BuiltinOperator).items() if isinstance(code, int)}


def test_every_version_that_is_written_has_a_release() -> None:
    """Also: the versions that TensorFlow's `op_version.cc` gives int8 and uint8 and float32 tensors."""
    seen: dict[str, set[int]] = {}
    for seed in range(150):
        file = unpacked(tflite.to_bytes(random_model(seed)))
        for code in file.operatorCodes:
            seen.setdefault(NAMES[code.builtinCode], set()).add(code.version)
    for builtin, versions in seen.items():
        assert max(versions) <= len(SINCE[builtin])
    assert seen["CONV_2D"] == {3, 6}  # 6: groups
    assert seen["DEPTHWISE_CONV_2D"] == {3}
    assert seen["FULLY_CONNECTED"] == {4}
    assert seen["MUL"] == {2}
    assert seen["TRANSPOSE"] == {2, 4}  # 4: five axes
    assert seen["QUANTIZE"] == seen["HARD_SWISH"] == {1}
    for builtin in ("ADD", "SUB", "MEAN", "PAD", "CONCATENATION", "STRIDED_SLICE", "SOFTMAX", "LOGISTIC"):
        assert seen[builtin] == {2}, builtin


def test_a_product_of_a_factor_of_one_or_more_is_of_version_3() -> None:
    builder = GraphBuilder("mul", (2, 2, 1))
    builder.append(Mul(), INPUT, INPUT, name="square")
    model = quantize_randomly(builder.build(), 0)
    step = model.tensors[INPUT].scale
    for scale, version in ((step * step, 3), (step * step * 1.01, 2)):
        tensors = {**model.tensors, "square": TensorQuant(scale=scale, zero_point=0)}
        file = unpacked(tflite.to_bytes(dataclasses.replace(model, tensors=tensors)))
        assert [code.version for code in file.operatorCodes] == [version]


def test_a_mean_over_everything_leaves_the_batch_axis() -> None:
    builder = GraphBuilder("mean", (4, 4, 2))
    builder.append(Mean(axes=(0, 1, 2)), INPUT, name="mean")
    graph = unpacked(tflite.to_bytes(quantize_randomly(builder.build(), 0))).subgraphs[0]
    shapes = {tensor.name: tensor.shape.tolist() for tensor in graph.tensors}
    assert shapes[b"mean"] == [1]
    assert shapes[b"input"] == [1, 4, 4, 2]


def test_constants_and_real_tensors_have_their_types() -> None:
    builder = GraphBuilder("types", (2, 2, 3), "float32")
    tensor = builder.append(Quantize(), INPUT, name="q")
    tensor = builder.append(Sub(constant=(3,), constant_first=True), tensor, name="sub")
    tensor = builder.append(Quantize(to="uint8"), tensor, name="pixels")
    builder.append(Reshape(shape=(12,)), tensor, name="flat")
    model = quantize_randomly(builder.build(), 0)
    file = unpacked(tflite.to_bytes(model))
    graph, types = file.subgraphs[0], schema().TensorType
    tensors = {tensor.name.decode(): tensor for tensor in graph.tensors}
    expected = {INPUT: "FLOAT32", "q": "INT8", "sub": "INT8", "sub/constant": "INT8", "pixels": "UINT8"}
    for name, element in expected.items():
        assert tensors[name].type == getattr(types, element)
    assert tensors[INPUT].quantization is None
    constant = tensors["sub/constant"]
    assert constant.shape.tolist() == [3]
    assert bytes(file.buffers[constant.buffer].data) == model.weights["sub/constant"].tobytes()
    assert constant.quantization.zeroPoint.tolist() == [model.tensors["sub/constant"].zero_point]
    inputs = [graph.tensors[index].name for index in graph.operators[1].inputs]
    assert inputs == [b"sub/constant", b"q"]


@pytest.mark.parametrize(("element", "feed"), [("int8", "minus128"), ("uint8", "raw"), ("float32", None)])
def test_the_file_says_how_pixels_are_fed(element: ElementType, feed: str | None) -> None:
    builder = GraphBuilder("fed", (4, 4, 3), element)
    builder.append(Quantize(), INPUT)
    model = quantize_randomly(builder.build(), 0)
    description = metadata.describe(model)
    assert description.get("preprocessing", {}).get("input") == feed
    if feed is not None:
        assert model.preprocessing is not None
        assert model.preprocessing.zero_point == model.tensors[INPUT].zero_point
