"""SNIP (Lee et al. 2019, arXiv:1810.02340), summed over the network.

Abdelfattah et al. 2021 (arXiv:2101.08134) made the pruning criterion a score of networks.
"""

from __future__ import annotations

from wakeling.graph import Graph
from wakeling.training_free.batch import Batch
from wakeling.training_free.gradients import weight_gradients


def snip(graph: Graph, batch: Batch, seed: int) -> float:
    """Σ |θ · ∂L/∂θ|: how much the loss would change, to first order, as single weights vanish."""
    (pairs,) = weight_gradients(graph, batch, seed)
    return sum(float((weight * gradient).abs().sum()) for weight, gradient in pairs)
