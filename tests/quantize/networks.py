"""Random float networks, as trained and fused, with lively weights and statistics."""

from __future__ import annotations

import numpy as np

from wakeling.graph import Graph, weight_shapes
from wakeling.nets import apply_layer, build, initialize, load_weights
from wakeling.nets.weights import export_weights


def lively_weights(graph: Graph, seed: int) -> dict[str, np.ndarray]:
    """First weights with biases, and batch norms whose statistics differ from the neutral ones."""
    module = build(graph)
    initialize(module, seed)
    random = np.random.default_rng(seed)
    weights = export_weights(module)
    draws = {
        "bias": lambda shape: random.normal(0, 0.2, shape),
        "gamma": lambda shape: random.uniform(0.5, 1.5, shape),
        "beta": lambda shape: random.normal(0, 0.3, shape),
        "mean": lambda shape: random.normal(0, 0.3, shape),
        "variance": lambda shape: random.uniform(0.3, 2, shape),
    }
    for key, shape in weight_shapes(graph).items():
        part = key.rpartition("/")[2]
        if part in draws:
            weights[key] = draws[part](shape).astype(np.float32)
    return weights


def float_tensors(graph: Graph, weights: dict[str, np.ndarray], x) -> dict[str, np.ndarray]:
    """Every tensor of a float network on `x`, in the graph's axis order."""
    module = build(graph).eval()
    load_weights(module, weights)
    found = {}

    def note(node, layer, inputs):
        made = apply_layer(node, layer, inputs)
        array = made.detach().numpy()
        found[node.name] = array.transpose(0, 2, 3, 1) if array.ndim == 4 else array
        return made

    module(x, note)
    return found
