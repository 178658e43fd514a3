from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.quantize.networks import float_tensors, lively_weights
from tests.train.pictures import tiny_graph
from wakeling import spec
from wakeling.errors import GraphError
from wakeling.graph import GraphBuilder, weight_shapes
from wakeling.ops import BatchNorm, Conv2D, Dense
from wakeling.quantize.fold import fold


def images(graph, count=4):
    height, width, channels = graph.input_shape
    return torch.rand(count, channels, height, width, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize(
    "graph",
    [
        tiny_graph(),
        *(
            spec.lower(make(alpha=0.25, resolution=32, channels=1, classes=2))
            for make in spec.FAMILIES.values()
        ),
    ],
    ids=lambda graph: graph.name,
)
def test_the_folded_network_computes_the_same(graph):
    weights = lively_weights(graph, 3)
    fused, folded = fold(graph, weights)
    assert not any(isinstance(node.op, BatchNorm) for node in fused.nodes)
    assert {key: array.shape for key, array in folded.items()} == weight_shapes(fused)
    before = float_tensors(graph, weights, images(graph))["head_dense"]
    after = float_tensors(fused, folded, images(graph))["head_dense"]
    np.testing.assert_allclose(after, before, atol=2e-4 * np.abs(before).max())


def test_one_channel_by_hand():
    builder = GraphBuilder("one", (1, 1, 1))
    x = builder.append(Conv2D(filters=1, kernel=(1, 1)), "input", name="conv")
    builder.append(BatchNorm(epsilon=0.01), x, name="norm")
    values = {"conv/weight": 2, "norm/gamma": 3, "norm/beta": 5, "norm/mean": 7, "norm/variance": 0.24}
    graph = builder.build()
    shapes = weight_shapes(graph)
    _, folded = fold(graph, {key: np.full(shapes[key], value, np.float32) for key, value in values.items()})
    assert folded["conv/weight"].item() == pytest.approx(3 / 0.5 * 2)
    assert folded["conv/bias"].item() == pytest.approx(5 - 7 * 3 / 0.5)


def test_biases_and_batch_norms_behind_dense_layers_and_each_other_fold():
    builder = GraphBuilder("chain", (4, 4, 2))
    x = builder.append(Conv2D(filters=3, kernel=(3, 3), use_bias=True), "input", name="conv")
    x = builder.append(BatchNorm(), x, name="first")
    x = builder.append(BatchNorm(), x, name="second")
    x = builder.classifier(x, classes=4)
    dense = builder.append(Dense(units=2), x, name="head_dense2")
    builder.append(BatchNorm(), dense, name="third")
    graph = builder.build()
    weights = lively_weights(graph, 0)
    fused, folded = fold(graph, weights)
    before = float_tensors(graph, weights, images(graph))["third"]
    after = float_tensors(fused, folded, images(graph))["head_dense2"]
    np.testing.assert_allclose(after, before, atol=1e-5)


def test_weights_of_another_graph_are_refused():
    weights = lively_weights(tiny_graph(), 0)
    with pytest.raises(GraphError, match="it must be"):
        fold(tiny_graph(channels=1), weights)
    weights["stem_bn/variance"] = np.full(8, -1, np.float32)
    with pytest.raises(GraphError, match="variance"):
        fold(tiny_graph(), weights)
