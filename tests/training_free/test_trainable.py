"""Taking fused graphs apart again gives back the graph that was trained."""

from __future__ import annotations

import pytest

from tests.training_free.networks import family, residual
from wakeling.fuse import fuse
from wakeling.graph import Graph
from wakeling.training_free.trainable import trainable


@pytest.mark.parametrize("graph", [family(), family("mobilenet_v1"), residual(skip=True)])
def test_it_undoes_fusing(graph: Graph) -> None:
    apart = trainable(fuse(graph).graph)
    assert [(node.op, node.shape) for node in apart.nodes] == [(node.op, node.shape) for node in graph.nodes]
    assert apart.shapes[apart.output] == graph.shapes[graph.output]
    assert fuse(apart).graph == fuse(graph).graph


def test_a_graph_as_trained_stays_as_it_is() -> None:
    graph = family()
    assert trainable(graph) == graph
