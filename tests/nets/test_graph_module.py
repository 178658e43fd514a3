from __future__ import annotations

import numpy as np
import pytest
import torch

from wakeling import spec
from wakeling.errors import GraphError
from wakeling.graph import GraphBuilder, weight_shapes
from wakeling.nets import apply_layer, build, export_weights, initialize, load_weights
from wakeling.ops import Dense


def mobilenet(family: str = "mobilenet_v2"):
    return spec.lower(spec.FAMILIES[family](alpha=0.25, resolution=32, channels=3, classes=2))


@pytest.mark.parametrize("family", sorted(spec.FAMILIES))
def test_the_module_has_the_graphs_shapes_and_parameters(family):
    graph = mobilenet(family)
    module = build(graph)
    shapes = weight_shapes(graph)
    assert {key: array.shape for key, array in export_weights(module).items()} == shapes
    seen = {}

    def note(node, layer, inputs):
        made = apply_layer(node, layer, inputs)
        seen[node.name] = (*made.shape[2:], made.shape[1])
        return made

    logits = module(torch.zeros(2, 3, 32, 32), note)
    assert logits.shape == (2, 2)
    assert seen == {node.name: node.shape for node in graph.nodes if node.name != graph.output}


def test_weights_round_trip():
    graph = mobilenet()
    random = np.random.default_rng(0)
    weights = {
        key: random.uniform(0.1, 1, shape).astype(np.float32) for key, shape in weight_shapes(graph).items()
    }
    module = build(graph)
    load_weights(module, weights)
    found = export_weights(module)
    assert found.keys() == weights.keys()
    assert all(np.array_equal(found[key], weights[key]) for key in weights)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("head_dense/bias"), "1 missing"),
        (lambda w: w.update({"other/weight": np.zeros(1, np.float32)}), "1 unknown"),
        (lambda w: w.update({"head_dense/bias": np.zeros(3, np.float32)}), r"it must be \(2,\)"),
        (lambda w: w.update({"head_dense/bias": np.full(2, np.nan, np.float32)}), "NaN"),
    ],
)
def test_weights_of_another_graph_are_refused(change, message):
    module = build(mobilenet())
    weights = export_weights(module)
    change(weights)
    with pytest.raises(GraphError, match=message):
        load_weights(module, weights)


def test_first_weights_depend_on_the_seed_alone():
    graph = mobilenet()
    before = torch.random.get_rng_state()
    first, second, other = build(graph), build(graph), build(graph)
    initialize(first, 1)
    torch.rand(3)
    initialize(second, 1)
    initialize(other, 2)
    torch.random.set_rng_state(before)
    one, two, three = export_weights(first), export_weights(second), export_weights(other)
    assert all(np.array_equal(one[key], two[key]) for key in one)
    assert not np.array_equal(one["head_dense/weight"], three["head_dense/weight"])


def test_building_and_initializing_leave_torchs_random_state_alone():
    before = torch.random.get_rng_state()
    initialize(build(mobilenet()), 0)
    assert torch.equal(before, torch.random.get_rng_state())


def test_first_activations_neither_vanish_nor_explode():
    module = build(mobilenet("mobilenet_v1")).train()
    initialize(module, 0)
    logits = module(torch.randn(64, 3, 32, 32, generator=torch.Generator().manual_seed(0)))
    assert 0.05 < float(logits.detach().std()) < 5


def test_a_softmax_inside_the_graph_is_computed():
    builder = GraphBuilder("inner", (4, 4, 1))
    builder.classifier("input", classes=3)
    builder.append(Dense(units=2), "head_softmax", name="after")
    module = build(builder.build())
    initialize(module, 0)
    assert [node.name for node in module.nodes][-2:] == ["head_softmax", "after"]
    assert module(torch.zeros(1, 1, 4, 4)).shape == (1, 2)
