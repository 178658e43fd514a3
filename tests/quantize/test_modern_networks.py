"""Newer families from training to verified integers: folded, observed, converted, compared."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.quantize.modern_networks import NETWORKS, dense_net_like, joined_ends, mobilenet_v3_like
from tests.quantize.networks import float_tensors, lively_weights
from tests.train.pictures import pictures
from wakeling.export import tflite
from wakeling.graph import Graph, weight_shapes
from wakeling.ops import Activation, Add, BatchNorm, Concat, Mul, Quantize, operator_name
from wakeling.quantize import aware, golden, post_training
from wakeling.quantize.affine import quant_sources
from wakeling.quantize.convert import convert
from wakeling.quantize.fake import FakeQuantized
from wakeling.quantize.fold import fold
from wakeling.quantize.model import QuantizedModel
from wakeling.quantize.observe import observe
from wakeling.train import Recipe, fit, metrics
from wakeling.train.augment import to_real
from wakeling.verify import verify

CPU = torch.device("cpu")
EACH = pytest.mark.parametrize("graph", NETWORKS, ids=lambda graph: graph.name)


def smooth_images(graph: Graph, count: int, seed: int = 0) -> np.ndarray:
    """Photo-like images: a few waves, so that neighbors are alike and means differ."""
    rng = np.random.default_rng(seed)
    height, width, channels = graph.input_shape
    rows, columns = np.indices((height, width))
    waves = [
        np.sin(rng.uniform(0, 0.4) * rows + rng.uniform(0, 0.4) * columns + rng.uniform(0, 6))
        for _ in range(count * channels)
    ]
    images = np.stack(waves).reshape(count, channels, height, width).transpose(0, 2, 3, 1)
    return (127.5 + 127 * images * rng.uniform(0.2, 1, (count, 1, 1, channels))).astype(np.uint8)


def quantized(graph: Graph, seed: int = 0) -> tuple[Graph, dict, QuantizedModel, np.ndarray]:
    fused, weights = fold(graph, lively_weights(graph, seed))
    images = smooth_images(graph, 48, seed)
    model = convert(fused, weights, observe(fused, weights, images), labels=("no", "yes"))
    return fused, weights, model, images


@EACH
def test_the_folded_network_computes_the_same(graph: Graph) -> None:
    weights = lively_weights(graph, 3)
    fused, folded = fold(graph, weights)
    assert not any(isinstance(node.op, BatchNorm) for node in fused.nodes)
    assert {key: array.shape for key, array in folded.items()} == weight_shapes(fused)
    x = to_real(smooth_images(graph, 4), CPU)
    before = float_tensors(graph, weights, x)["head_dense"]
    after = float_tensors(fused, folded, x)["head_dense"]
    np.testing.assert_allclose(after, before, atol=2e-4 * np.abs(before).max())


@EACH
def test_the_integers_are_those_of_every_runtime_and_near_the_floats(graph: Graph) -> None:
    fused, weights, model, images = quantized(graph)
    report = verify(model, tflite.to_bytes(model), images[:8])
    assert report.agrees, report.summary
    logits = float_tensors(fused, weights, to_real(images, CPU))["head_dense"]
    quant = model.tensors["head_dense"]
    found = golden.run_all(model, golden.to_int8(images))["head_dense"]
    error = quant.scale * (found.astype(float) - quant.zero_point) - logits
    assert np.abs(error).mean() < 0.1 * logits.std()


@EACH
def test_fake_quantized_logits_are_those_of_the_integers_and_everything_learns(graph: Graph) -> None:
    fused, weights, model, images = quantized(graph)
    ranges = observe(fused, weights, images)
    fake = FakeQuantized(fused, weights, ranges)
    x = to_real(images, CPU)
    with torch.no_grad():
        logits = fake.eval()(x).numpy()
    quant = model.tensors["head_dense"]
    found = golden.run_all(model, golden.to_int8(images))["head_dense"].astype(float) - quant.zero_point
    assert np.abs(found - logits / quant.scale).mean() < 2.5
    again = convert(fused, weights, fake.ranges(), labels=("no", "yes"))
    for name, ours in model.tensors.items():
        # the buffers of ranges are single precision
        assert again.tensors[name].scale == pytest.approx(ours.scale, rel=1e-5)
    fake.train()
    fake.observing = True
    (fake(x) ** 2).sum().backward()
    for name, parameter in fake.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all()
        assert parameter.grad.abs().sum() > 0, name


def test_a_batch_norm_without_a_convolution_becomes_a_product_and_a_sum() -> None:
    graph = dense_net_like()
    norms = [node.name for node in graph.nodes if isinstance(node.op, BatchNorm)]
    weights = lively_weights(graph, 0)
    fused, folded = fold(graph, weights)
    for name in norms:
        total, product = fused.by_name[name].op, fused.by_name[f"{name}_scale"].op
        assert isinstance(total, Add)
        assert total.activation == "relu"
        assert isinstance(product, Mul)
        variance = weights[f"{name}/variance"].astype(float) + 1e-3
        np.testing.assert_allclose(
            folded[f"{name}_scale/constant"], weights[f"{name}/gamma"] / np.sqrt(variance), rtol=1e-6
        )
    assert [operator_name(node.op) for node in fused.nodes].count("activation") == 0


def test_what_tflite_lacks_is_spelled_out() -> None:
    graph = mobilenet_v3_like(curve="swish", gate="hard_sigmoid")
    fused, folded = fold(graph, lively_weights(graph, 0))
    kinds = {node.op.kind for node in fused.nodes if isinstance(node.op, Activation)}
    assert kinds == {"sigmoid"}
    assert sorted({float(folded[key]) for key in folded if folded[key].shape == ()}) == pytest.approx(
        [1 / 6, 3.0]
    )


def test_what_is_concatenated_has_one_scale() -> None:
    fused, _, model, _ = quantized(dense_net_like())
    joined = [node for node in fused.nodes if isinstance(node.op, Concat)]
    first = quant_sources(fused)[joined[0].name]
    for node in joined:
        assert quant_sources(fused)[node.name] == first
        assert {model.tensors[name] for name in (*node.inputs, node.name)} == {model.tensors[first]}


def test_a_prescribed_scale_is_requantized_before_it_is_joined() -> None:
    fused, _, model, _ = quantized(joined_ends())
    (joined,) = (node for node in fused.nodes if isinstance(node.op, Concat))
    makers = [fused.by_name[name] for name in joined.inputs]
    assert [isinstance(maker.op, Quantize) for maker in makers] == [True, True, False]
    assert makers[0].inputs == ("input",)
    scale = model.tensors[joined.name]
    assert all(model.tensors[maker.name] == scale for maker in makers)
    assert model.tensors["input"].scale == 1 / 128


def test_a_gated_network_is_trained_quantized_and_verified() -> None:
    train, val = pictures(160), pictures(60, seed=9)
    recipe = Recipe(
        epochs=5,
        batch_size=32,
        learning_rate=0.02,
        weight_averaging=0.9,
        threads=1,
        quantization_epochs=1,
        quantization_learning_rate=0.001,
    )
    graph = mobilenet_v3_like(train.images.shape[1], gate="hard_sigmoid")
    trained = fit(graph, train, val, recipe)
    model, _ = aware(trained, train, val)
    for quantized_model in (post_training(trained, train.images), model):
        answers = golden.probabilities(quantized_model, val.images)
        assert metrics.balanced_accuracy(val.label, answers) > 0.9
        report = verify(quantized_model, tflite.to_bytes(quantized_model), val.images[:8])
        assert report.agrees, report.summary
