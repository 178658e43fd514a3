"""The flash model against files that the exporter really writes."""

from __future__ import annotations

import numpy as np
import pytest

from wakeling import cost, spec
from wakeling.cost.flash import RUNTIME_BYTES
from wakeling.fuse import fuse
from wakeling.graph import INPUT, weight_shapes
from wakeling.ops import Conv2D, Dense, DepthwiseConv2D, Softmax
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


def test_runtime_code_is_the_measured_image_less_what_it_held() -> None:
    """Two networks measured with the same runtime leave the same code."""
    person_detect = 394_896 - 300_568 - 96 * 96  # image, model, gray test picture
    assert person_detect == RUNTIME_BYTES == 85_112
