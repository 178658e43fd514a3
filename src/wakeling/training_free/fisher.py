"""Fisher pruning's importance of channels (Theis et al. 2018, arXiv:1801.05787), summed.

Turner et al. 2020 (BlockSwap, arXiv:1906.04113) made it a score of networks.
"""

from __future__ import annotations

from wakeling.graph import Graph
from wakeling.training_free.batch import Batch
from wakeling.training_free.gradients import activation_gradients


def fisher(graph: Graph, batch: Batch, seed: int) -> float:
    """Σ over channels of 1/(2N) Σ over photos (Σ over places of a · ∂L/∂a)², a an activation's output."""
    total = 0.0
    for value, gradient in activation_gradients(graph, batch, seed):
        products = value * gradient
        channels = products.flatten(2).sum(dim=2) if products.dim() > 2 else products
        total += float(channels.square().sum()) / (2 * len(batch))
    return total
