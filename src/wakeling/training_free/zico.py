"""ZiCo (Li et al. 2023, arXiv:2301.11300): gradients that are large and agree.

Batches whose gradients are alike train fast; the score compares mean and spread between batches.
"""

from __future__ import annotations

import math

import torch

from wakeling.errors import DataError
from wakeling.graph import Graph
from wakeling.training_free.batch import Batch
from wakeling.training_free.gradients import weight_gradients

PARTS = 4
"""Batches whose gradients are compared."""


def zico(graph: Graph, batch: Batch, seed: int) -> float:
    """Σ over layers of log Σ over weights of mean |∂L/∂θ| / standard deviation of |∂L/∂θ|.

    Mean and deviation are over four parts of the batch. Weights whose gradient is the same in all
    parts (those of dead channels are zero) are left out, as in the paper. Raises DataError for a
    batch of fewer than two photos a part.
    """
    if len(batch) < 2 * PARTS:
        raise DataError(f"zico needs at least {2 * PARTS} photos; given {len(batch)}")
    parts = weight_gradients(graph, batch, seed, PARTS)
    total = 0.0
    for layer in zip(*parts, strict=True):
        sizes = torch.stack([gradient.abs() for _, gradient in layer])
        deviation = sizes.std(dim=0, unbiased=False)
        varies = deviation > 0
        ratio = float((sizes.mean(dim=0)[varies] / deviation[varies]).sum())
        total += math.log(ratio) if ratio > 0 else 0.0
    return total
