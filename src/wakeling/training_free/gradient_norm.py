"""The norm of the gradient (Abdelfattah et al. 2021, arXiv:2101.08134, there `grad_norm`)."""

from __future__ import annotations

from wakeling.graph import Graph
from wakeling.training_free.batch import Batch
from wakeling.training_free.gradients import weight_gradients


def gradient_norm(graph: Graph, batch: Batch, seed: int) -> float:
    """Sum over the layers of the Euclidean norm of the loss's gradient by the layer's weights."""
    (pairs,) = weight_gradients(graph, batch, seed)
    return sum(float(gradient.norm()) for _, gradient in pairs)
