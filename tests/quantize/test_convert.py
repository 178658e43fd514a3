from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.quantize.networks import float_tensors, lively_weights
from tests.train.pictures import pictures, tiny_graph
from wakeling.errors import GraphError
from wakeling.graph import Graph, GraphBuilder, weight_key
from wakeling.ops import DepthwiseConv2D
from wakeling.quantize import golden
from wakeling.quantize.convert import convert
from wakeling.quantize.fold import fold
from wakeling.quantize.observe import observe
from wakeling.train.augment import to_real

LABELS = ("no", "yes")


def network(graph: Graph | None = None, seed: int = 2):
    graph = graph or tiny_graph()
    fused, weights = fold(graph, lively_weights(graph, seed))
    return fused, weights, observe(fused, weights, pictures(64).images)


def real_weights(model, node):
    weight = model.weights[weight_key(node, "weight")].astype(np.float64)
    scales = model.weight_scales[node.name].astype(np.float64)
    if isinstance(node.op, DepthwiseConv2D) or weight.ndim == 2:
        return weight * scales
    return weight * scales.reshape(-1, 1, 1, 1)


def test_integers_stand_for_the_float_weights_to_half_a_step():
    fused, weights, ranges = network()
    model = convert(fused, weights, ranges, labels=LABELS)
    for node in fused.nodes:
        key, bias_key = weight_key(node, "weight"), weight_key(node, "bias")
        if key not in weights:
            continue
        scales = model.weight_scales[node.name]
        assert np.abs(model.weights[key]).max() == 127
        assert np.abs(real_weights(model, node) - weights[key]).max() <= scales.max() * 0.501
        step = model.tensors[node.inputs[0]].scale * scales.astype(np.float64)
        assert (np.abs(model.biases[bias_key] * step - weights[bias_key]) <= step * 0.501).all()
    assert model.weight_scales["head_dense"].shape == (1,)
    assert model.weight_scales["depthwise"].shape == (8,)
    assert (model.preprocessing.resolution, model.preprocessing.channels) == (16, 3)
    assert model.labels == LABELS
    assert model.name == fused.name


@pytest.mark.parametrize("seed", range(4))
def test_the_integers_compute_what_the_floats_compute(seed):
    fused, weights, ranges = network(seed=seed)
    model = convert(fused, weights, ranges, labels=LABELS)
    images = pictures(64).images
    floats = float_tensors(fused, weights, to_real(images, torch.device("cpu")))
    integers = golden.run_all(model, golden.to_int8(images))
    for name in ("stem", "sum", "last", "head_dense"):
        quant = model.tensors[name]
        reals = quant.scale * (integers[name].astype(np.float64) - quant.zero_point)
        spread = floats[name].max() - floats[name].min()
        assert np.sqrt(np.mean((reals - floats[name]) ** 2)) < 0.02 * spread


def test_dead_channels_and_large_biases_stay_inside_int32():
    fused, weights, ranges = network()
    weights["stem/weight"][0] = 0
    weights["stem/weight"][1] = 1e-38
    weights["stem/bias"][1] = 500.0
    weights["head_dense/bias"][:] = 1e6
    weights["depthwise/weight"][..., 2] = 1e-20
    model = convert(fused, weights, ranges, labels=LABELS)
    for node in fused.nodes:
        key = weight_key(node, "bias")
        if key not in weights:
            continue
        assert np.abs(model.biases[key].astype(np.int64)).max() <= 2**30
        step = model.tensors[node.inputs[0]].scale * model.weight_scales[node.name].astype(np.float64)
        wanted = weights[key].astype(np.float64)
        assert np.allclose(model.biases[key] * step, wanted, rtol=1e-6, atol=step.max())
    assert golden.probabilities(model, pictures(3).images).shape == (3,)


def test_networks_that_are_not_square_are_refused():
    builder = GraphBuilder("wide", (8, 16, 3))
    builder.classifier(builder.conv_bn("input", filters=4, kernel=3, name="stem"), classes=2)
    graph = builder.build()
    fused, weights = fold(graph, lively_weights(graph, 0))
    with pytest.raises(GraphError, match="takes 8×16; only square images"):
        convert(fused, weights, {}, labels=LABELS)


def test_a_missing_weight_or_range_is_named():
    fused, weights, ranges = network()
    with pytest.raises(GraphError, match="tensor 'stem' has no range"):
        convert(fused, weights, {k: v for k, v in ranges.items() if k != "stem"}, labels=LABELS)
    with pytest.raises(GraphError, match="1 missing"):
        convert(fused, {k: v for k, v in weights.items() if k != "stem/bias"}, ranges, labels=LABELS)
