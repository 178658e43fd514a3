"""Batch norms folded into the weights before them: the numbers to `fuse.fuse`'s structure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wakeling.errors import GraphError
from wakeling.fuse import fuse
from wakeling.graph import Graph, weight_key, weight_shapes
from wakeling.nets.weights import check_weights
from wakeling.ops import BatchNorm, DepthwiseConv2D, Operator

Weights = dict[str, NDArray[np.float32]]


def fold(graph: Graph, weights: Mapping[str, NDArray[np.float32]]) -> tuple[Graph, Weights]:
    """The fused graph and its weights, which compute what `graph` computes outside of training.

    With s = γ / √(variance + ε): weight ← s·weight along the output channels and bias ←
    s·(bias − mean) + β (Jacob et al. 2018, section 3.2). Computed in float64. Raises GraphError
    where the weights do not belong to the graph, a batch norm has nothing to fold into, or a
    variance is negative.
    """
    check_weights(graph.name, weight_shapes(graph), weights)
    fused = fuse(graph)
    folded: Weights = {}
    for node in fused.graph.nodes:
        if isinstance(node.op, BatchNorm):
            raise GraphError(f"batch norm {node.name!r} follows no convolution or dense layer to fold into")
        key, bias_key = weight_key(node, "weight"), weight_key(node, "bias")
        if key not in weights:
            continue
        weight = weights[key].astype(np.float64)
        bias = np.zeros(node.shape[-1])
        if bias_key in weights:
            bias = weights[bias_key].astype(np.float64)
        for name in fused.origins[node.name][1:]:
            merged = graph.by_name[name].op
            if isinstance(merged, BatchNorm):
                scale, shift = _affine(merged, name, weights)
                weight = weight * _along_outputs(scale, node.op)
                bias = scale * bias + shift
        folded[key] = weight.astype(np.float32)
        if bias_key in weight_shapes(fused.graph):
            folded[bias_key] = bias.astype(np.float32)
    check_weights(fused.graph.name, weight_shapes(fused.graph), folded)
    return fused.graph, folded


def _affine(
    op: BatchNorm, name: str, weights: Mapping[str, NDArray[np.float32]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale and shift of a batch norm with fixed statistics."""
    gamma, beta, mean, variance = (
        weights[weight_key(name, part)].astype(np.float64) for part in ("gamma", "beta", "mean", "variance")
    )
    if (variance + op.epsilon <= 0).any():
        raise GraphError(f"batch norm {name!r} has a negative variance; the weights are damaged")
    scale = gamma / np.sqrt(variance + op.epsilon)
    return scale, beta - mean * scale


def _along_outputs(scale: NDArray[np.float64], op: Operator) -> NDArray[np.float64]:
    """`scale` shaped to multiply a weight array along its output channels (see `graph.weight_key`)."""
    if isinstance(op, DepthwiseConv2D):
        return scale
    trailing = 1 if not hasattr(op, "kernel") else 3
    return scale.reshape(-1, *(1,) * trailing)
