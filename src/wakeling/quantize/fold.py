"""Batch norms folded into the weights before them: the numbers to `fuse.fuse`'s structure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wakeling.fuse import fuse
from wakeling.graph import Graph, Node, weight_key, weight_shapes
from wakeling.nets.weights import check_weights
from wakeling.ops import BatchNorm, DepthwiseConv2D, Operator
from wakeling.quantize.deployable import (
    Weights,
    affine_of,
    requantize_for_concatenation,
    spell_out,
)


def fold(graph: Graph, weights: Mapping[str, NDArray[np.float32]]) -> tuple[Graph, Weights]:
    """The fused graph and its weights, which compute what `graph` computes outside of training.

    With s = γ / √(variance + ε): weight ← s·weight along the output channels and bias ←
    s·(bias − mean) + β (Jacob et al. 2018, section 3.2). Computed in float64. What has nothing
    to fold into is rewritten (`quantize.deployable`). Raises GraphError where the weights do not
    belong to the graph or a variance is negative.
    """
    check_weights(graph.name, weight_shapes(graph), weights)
    fused = fuse(graph)
    folded: Weights = {}
    for node in fused.graph.nodes:
        key, bias_key = weight_key(node, "weight"), weight_key(node, "bias")
        if key not in weights:
            folded |= _as_they_are(node, weights)
            continue
        weight = weights[key].astype(np.float64)
        bias = np.zeros(node.shape[-1])
        if bias_key in weights:
            bias = weights[bias_key].astype(np.float64)
        for name in fused.origins[node.name][1:]:
            merged = graph.by_name[name].op
            if isinstance(merged, BatchNorm):
                scale, shift = affine_of(merged, name, weights)
                weight = weight * _along_outputs(scale, node.op)
                bias = scale * bias + shift
        folded[key] = weight.astype(np.float32)
        if getattr(node.op, "use_bias", False):
            folded[bias_key] = bias.astype(np.float32)
    deployed, folded = spell_out(fused.graph, folded)
    deployed = requantize_for_concatenation(deployed)
    check_weights(deployed.name, weight_shapes(deployed), folded)
    return deployed, folded


def _as_they_are(node: Node, weights: Mapping[str, NDArray[np.float32]]) -> Weights:
    """The arrays of a node without a weight: a constant operand, or a batch norm that stayed."""
    keys = (weight_key(node, part) for part in ("constant", "gamma", "beta", "mean", "variance"))
    return {key: weights[key] for key in keys if key in weights}


def _along_outputs(scale: NDArray[np.float64], op: Operator) -> NDArray[np.float64]:
    """`scale` shaped to multiply a weight array along its output channels (see `graph.weight_key`)."""
    if isinstance(op, DepthwiseConv2D):
        return scale
    trailing = 1 if not hasattr(op, "kernel") else 3
    return scale.reshape(-1, *(1,) * trailing)
