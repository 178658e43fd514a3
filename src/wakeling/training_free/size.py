"""The baselines: what counting says about a network, without a look at its weights."""

from __future__ import annotations

from wakeling.cost import cost
from wakeling.graph import Graph


def macs(graph: Graph, seed: int) -> float:
    """Multiply-accumulates of one image."""
    return float(cost(graph, runtimes=()).macs)


def parameters(graph: Graph, seed: int) -> float:
    """Weights and biases of the deployed network."""
    return float(cost(graph, runtimes=()).deployed_parameters)
