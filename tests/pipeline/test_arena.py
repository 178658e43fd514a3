"""The arena before training is the arena of what is trained: structure alone decides it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.quantize.modern_networks import NETWORKS
from tests.quantize.networks import lively_weights
from wakeling.export import tflite
from wakeling.graph import Graph
from wakeling.pipeline.arena import arena_before_training, model_of_zeros
from wakeling.quantize.convert import convert
from wakeling.quantize.deployable import deployed_structure
from wakeling.quantize.fold import fold
from wakeling.quantize.observe import observe
from wakeling.verify import tflm


@pytest.mark.parametrize("graph", NETWORKS, ids=lambda graph: graph.name)
def test_the_arena_is_known_before_training(graph: Graph) -> None:
    fused, weights = fold(graph, lively_weights(graph, 0))
    assert deployed_structure(graph) == fused
    images = np.random.default_rng(0).integers(0, 256, (4, *graph.input_shape), np.uint8)
    model = convert(fused, weights, observe(fused, weights, images), labels=("no", "yes"))
    assert model_of_zeros(graph, ("no", "yes")).graph == fused
    assert arena_before_training(graph, ("no", "yes")) == tflm.arena_bytes(tflite.to_bytes(model))
