"""The flash model against files that the exporter really writes."""

from __future__ import annotations

import numpy as np
import pytest

from wakeling import cost, spec
from wakeling.cost.flash import RUNTIMES, flash_by_runtime
from wakeling.cost.flash.code import CODE, COMPILED_BYTES
from wakeling.cost.parameters import parameters
from wakeling.fuse import fuse
from wakeling.graph import INPUT, Graph, GraphBuilder, weight_shapes
from wakeling.ops import (
    OPERATORS,
    Activation,
    Add,
    BatchNorm,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dequantize,
    Quantize,
    Softmax,
)
from wakeling.quantize.model import Preprocessing, QuantizedModel, TensorQuant

pytest.importorskip("flatbuffers")
from wakeling.export import tflite  # needs the library that was just asked for


def random_model(network: spec.Network) -> QuantizedModel:
    """An int8 model with random integers and scales: what its file weighs does not depend on them."""
    generator = np.random.default_rng(7)
    graph = fuse(spec.lower(network)).graph
    tensors = {INPUT: TensorQuant(scale=1 / 128, zero_point=0)}
    scales = {}
    for node in graph.nodes:
        match node.op:
            case Conv2D() | DepthwiseConv2D():
                scales[node.name] = generator.uniform(0.001, 0.1, node.shape[-1]).astype(np.float32)
            case Dense():
                scales[node.name] = generator.uniform(0.001, 0.1, 1).astype(np.float32)
        keeps = len(node.inputs) == 1 and node.name not in scales and not isinstance(node.op, Softmax)
        fresh = TensorQuant(scale=float(generator.uniform(0.01, 0.1)), zero_point=-128)
        tensors[node.name] = tensors[node.inputs[0]] if keeps else fresh
    tensors[graph.output] = TensorQuant(scale=1 / 256, zero_point=-128)
    shapes = weight_shapes(graph)
    return QuantizedModel(
        graph=graph,
        tensors=tensors,
        weights={
            key: generator.integers(-127, 128, shape).astype(np.int8)
            for key, shape in shapes.items()
            if key.endswith("/weight")
        },
        weight_scales=scales,
        biases={
            key: generator.integers(-9999, 9999, shape).astype(np.int32)
            for key, shape in shapes.items()
            if key.endswith("/bias")
        },
        labels=tuple(f"label{index}" for index in range(network.classes)),
        preprocessing=Preprocessing(resolution=network.resolution, channels=network.channels),
        name=network.name,
    )


@pytest.mark.parametrize("family", sorted(spec.FAMILIES))
@pytest.mark.parametrize(
    ("alpha", "resolution", "channels", "depth"),
    [(0.25, 96, 3, 1.0), (0.05, 48, 1, 0.5), (0.35, 128, 3, 1.5), (0.1, 96, 1, 1.0)],
)
def test_file_size_is_within_three_percent(
    family: str, alpha: float, resolution: int, channels: int, depth: float
) -> None:
    network = spec.make(family, alpha=alpha, resolution=resolution, channels=channels, depth=depth)
    written = len(tflite.to_bytes(random_model(network), metadata=None))
    modelled = cost.cost(spec.lower(network)).flash.file_bytes
    assert modelled == pytest.approx(written, rel=0.03)


def test_an_own_network_is_within_three_percent_too() -> None:
    """Blocks and kernels that no family of the fit has."""
    network = spec.Network(
        name="own",
        resolution=64,
        channels=1,
        blocks=(
            spec.StandardConv(filters=12, kernel=5, stride=2),
            spec.InvertedResidual(filters=12, kernel=7, expansion=3),
            spec.DepthwiseSeparable(filters=40, kernel=5, stride=2),
            spec.ClassifierHead(classes=10),
        ),
    )
    written = len(tflite.to_bytes(random_model(network), metadata=None))
    assert cost.cost(spec.lower(network)).flash.file_bytes == pytest.approx(written, rel=0.03)


def mobilenet() -> Graph:
    return spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=96))


def flashes(graph: Graph, file_bytes: int | None = None) -> dict[str, cost.Flash]:
    deployed = fuse(graph).graph
    counted = [parameters(node.op, deployed.shapes[node.inputs[0]]) for node in deployed.nodes]
    return flash_by_runtime(deployed, counted, file_bytes)


@pytest.mark.parametrize(
    ("runtime", "image", "model", "picture", "other_image", "other_model", "other_picture"),
    [
        ("tflm", 446_048, 333_288, 96 * 96 * 3, 394_896, 300_568, 96 * 96),
        ("tflm-reference", 403_288, 333_288, 96 * 96 * 3, 352_136, 300_568, 96 * 96),
    ],
)
def test_code_of_the_measured_operators_is_the_measured_image_less_what_it_held(
    runtime: str,
    image: int,
    model: int,
    picture: int,
    other_image: int,
    other_model: int,
    other_picture: int,
) -> None:
    """Two networks measured with the same runtime leave the same code, and so does ours."""
    code = image - model - picture
    assert code == other_image - other_model - other_picture
    assert flashes(mobilenet())[runtime].runtime_bytes == pytest.approx(code, abs=3)


def test_our_own_c_is_near_its_measured_image() -> None:
    """Measured under emulation on a Cortex-M4, all channels kept (results/c.md)."""
    assert flashes(mobilenet())["wakeling-c"].total_bytes == pytest.approx(248_394, abs=3_000)


def test_c_keeps_a_multiplier_and_a_shift_for_each_channel() -> None:
    own = flashes(mobilenet())["wakeling-c"]
    channels = own.biases_bytes // 4
    assert own.quantization_bytes == 5 * channels
    assert own.weights_bytes == flashes(mobilenet())["tflm"].weights_bytes


def small(*, kind: str = "int8", with_add: bool = False, activation: str | None = None) -> Graph:
    builder = GraphBuilder("small", (8, 8, 4), "float32" if kind == "float32" else "int8")
    tensor = builder.append(Conv2D(filters=4, kernel=(3, 3), use_bias=True), "input", name="conv")
    if activation:
        tensor = builder.append(Activation(kind=activation), tensor, name="activation")  # type: ignore[arg-type]
    if with_add:
        tensor = builder.append(Add(), tensor, tensor, name="add")
    return builder.build()


def test_an_operator_brings_its_code_once() -> None:
    plain, added = flashes(small()), flashes(small(with_add=True))
    for runtime in RUNTIMES:
        extra = added[runtime].runtime_bytes - plain[runtime].runtime_bytes
        assert extra == CODE[runtime].operator_bytes["add"] > 0
    twice = GraphBuilder("twice", (8, 8, 4))
    tensor = twice.append(Conv2D(filters=4, kernel=(3, 3), use_bias=True), "input")
    twice.append(Conv2D(filters=4, kernel=(3, 3), use_bias=True), tensor)
    assert flashes(twice.build())["tflm"].runtime_bytes == plain["tflm"].runtime_bytes


def test_an_activation_that_stands_alone_brings_its_own_code() -> None:
    plain, swish = flashes(small()), flashes(small(activation="hard_swish"))
    extra = swish["tflm"].runtime_bytes - plain["tflm"].runtime_bytes
    assert extra == CODE["tflm"].operator_bytes["hard_swish"]


def test_a_batch_norm_that_stays_is_a_factor_and_an_offset() -> None:
    builder = GraphBuilder("norm", (8, 8, 4))
    builder.append(BatchNorm(), "input")
    code = CODE["tflm"]
    expected = code.core_bytes + code.operator_bytes["mul"] + code.operator_bytes["add"]
    assert flashes(builder.build())["tflm"].runtime_bytes == expected


def test_every_operator_has_a_code_size() -> None:
    without = {"activation", "batch_norm"}  # by its kind; as a product and a sum
    assert set(OPERATORS) - without <= set(COMPILED_BYTES)
    for table in CODE.values():
        assert set(table.operator_bytes) == set(COMPILED_BYTES)


def test_float_weights_take_four_bytes_and_no_tables() -> None:
    integers, floats = flashes(small())["tflm"], flashes(small(kind="float32"))["tflm"]
    assert floats.weights_bytes == 4 * integers.weights_bytes == 4 * 4 * 3 * 3 * 4
    assert floats.biases_bytes == integers.biases_bytes == 4 * 4
    assert floats.quantization_bytes == 0 < integers.quantization_bytes


def test_our_c_is_for_integers_only() -> None:
    assert "wakeling-c" in flashes(small())
    assert "wakeling-c" not in flashes(small(kind="float32"))


def test_a_network_that_is_quantized_inside_has_int8_weights() -> None:
    """MLTK's person model takes and gives float32 but computes in int8."""
    builder = GraphBuilder("inside", (8, 8, 4), "float32")
    tensor = builder.append(Quantize(to="int8"), "input")
    tensor = builder.append(Conv2D(filters=4, kernel=(3, 3), use_bias=True), tensor)
    builder.append(Dequantize(), tensor)
    found = flashes(builder.build())
    assert found["tflm"].weights_bytes == found["wakeling-c"].weights_bytes == 4 * 3 * 3 * 4


@pytest.mark.parametrize("file_bytes", [100, 219_064, 333_288, 10_000_000])
def test_the_size_of_a_file_that_exists_is_taken_as_it_is(file_bytes: int) -> None:
    found = flashes(mobilenet(), file_bytes)
    assert found["tflm"].file_bytes == found["tflm-reference"].file_bytes == file_bytes
    assert min(found["tflm"].structure_bytes, found["tflm"].weights_bytes) >= 0
    assert found["wakeling-c"] == flashes(mobilenet())["wakeling-c"]
    assert cost.cost(mobilenet(), file_bytes=file_bytes).flash.file_bytes == file_bytes
