"""Synaptic flow against products of absolute weights, path by path, and torch in plain doubles."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.training_free.networks import chain, family, graph_of, residual
from wakeling.graph import INPUT, Graph
from wakeling.nets import build, export_weights, initialize
from wakeling.ops import Activation, BatchNorm, Conv2D, Dense, Mean, Mul
from wakeling.training_free.synflow import synflow


def weights_of(graph: Graph, seed: int) -> dict[str, np.ndarray]:
    module = build(graph)
    initialize(module, seed)
    return {key.removesuffix("/weight"): value for key, value in export_weights(module).items()}


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_a_chain_is_its_layers_times_the_sum_over_its_paths(depth: int) -> None:
    # by the conservation of flow, each layer's weights carry R, the product of the |W| on ones
    graph = chain(depth)
    weights = weights_of(graph, seed=3)
    flow = np.ones(3)
    for number in range(depth):
        flow = np.abs(weights[f"conv{number}"].reshape(4, -1).astype(np.float64)) @ flow
    total = (np.abs(weights["dense"].astype(np.float64)) @ flow).sum()
    assert synflow(graph, 3) == pytest.approx(math.log((depth + 1) * total), rel=1e-9)


def test_activations_and_batch_norms_do_not_matter() -> None:
    scores = {kind: synflow(chain(4, kind), 0) for kind in ("relu", "relu6", "hard_swish")}
    assert len(set(scores.values())) == 1


@pytest.mark.parametrize("graph", [residual(skip=True), family(), family("mobilenet_v1")])
def test_it_is_what_plain_doubles_give(graph: Graph) -> None:
    module = build(graph)
    initialize(module, 1)
    module = module.double()
    weights = [
        layer.weight
        for node, layer in zip(module.nodes, module.layers, strict=True)
        if hasattr(layer, "weight") and not isinstance(node.op, BatchNorm)
    ]
    with torch.no_grad():
        for weight in weights:
            weight.abs_()
    values = {INPUT: torch.ones(1, graph.input_shape[2], *graph.input_shape[:2], dtype=torch.float64)}
    for node, layer in zip(module.nodes, module.layers, strict=True):
        inputs = [values[name] for name in node.inputs]
        passed = isinstance(node.op, BatchNorm | Activation)
        values[node.name] = inputs[0] if passed else layer(*inputs)
    values[module.logits].sum().backward()
    total = sum(float((weight.detach() * weight.grad).abs().sum()) for weight in weights)
    assert synflow(graph, 1) == pytest.approx(math.log(total), rel=1e-9)


def test_depth_beyond_double_precision_is_no_trouble() -> None:
    score = synflow(chain(1000, channels=64), 0)
    assert 709 < score < math.inf  # exp(709) is about the largest double


def test_a_gate_lets_everything_pass() -> None:
    def network(gated: bool) -> Graph:
        return graph_of(
            (4, 4, 3),
            ("conv", Conv2D(filters=6, kernel=(3, 3)), (INPUT,)),
            *(
                [
                    ("squeezed", Mean(keep_dims=True), ("conv",)),
                    ("opened", Activation(kind="hard_sigmoid"), ("squeezed",)),
                    ("weighed", Mul(), ("opened", "conv")),
                ]
                if gated
                else []
            ),
            ("mean", Mean(), ("weighed" if gated else "conv",)),
            ("dense", Dense(units=2), ("mean",)),
        )

    assert synflow(network(gated=True), 0) == synflow(network(gated=False), 0)
