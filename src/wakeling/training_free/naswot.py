"""The activation-pattern kernel (Mellor et al. 2021, arXiv:2006.04647): the score of NASWOT.

Two photos are alike to a network where the same pieces of its activations work. The score is the
logarithm of the determinant of that likeness over a batch: large where no two photos are alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wakeling.graph import Graph, Node
from wakeling.nets import apply_layer
from wakeling.ops import Activation, PointwiseKind
from wakeling.training_free.batch import Batch, real_values
from wakeling.training_free.start import at_start, one_thread

BREAKS: Mapping[PointwiseKind, tuple[float, ...]] = MappingProxyType(
    {
        "linear": (),
        "relu": (0.0,),
        "relu6": (0.0, 6.0),
        "hard_swish": (-3.0, 3.0),
        "hard_sigmoid": (-3.0, 3.0),
        "swish": (0.0,),
        "sigmoid": (0.0,),
        "tanh": (0.0,),
    }
)
"""Where an activation changes its piece. The paper has rectifiers, with two pieces; relu6 has three.
Smooth ones have no pieces and count by their sign."""


def naswot(graph: Graph, batch: Batch, seed: int) -> float:
    """log det K of the batch; 0 where two photos have the same pattern.

    K[i, j] is the number of activations whose piece is the same for the photos i and j. It is a
    matrix of whole numbers, so its determinant is 0 or at least 1, and a logarithm below 0 stands
    for a determinant of 0.
    """
    return log_determinant(pattern_kernel(graph, batch, seed))


def pattern_kernel(graph: Graph, batch: Batch, seed: int) -> NDArray[np.float64]:
    """K (N, N) of the network's first weights; each different photo of the batch counts once."""
    different = np.unique(batch.images, axis=0, return_index=True)[1]
    order = np.sort(different)
    if len(order) < 2:
        return np.zeros((len(order), len(order)))
    kept = Batch(images=batch.images[order], labels=batch.labels[order])
    kernel = torch.zeros(len(kept), len(kept), dtype=torch.float64)

    def compute(node: Node, layer: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
        if isinstance(node.op, Activation):
            breaks = torch.tensor(BREAKS[node.op.kind])
            if len(breaks):
                pieces = torch.bucketize(inputs[0].flatten(1), breaks)
                for piece in range(len(breaks) + 1):
                    works = (pieces == piece).to(torch.float32)
                    kernel.add_(works @ works.T)
        return apply_layer(node, layer, inputs)

    with one_thread(), torch.no_grad():
        at_start(graph, seed)(real_values(kept), compute)
    made: NDArray[np.float64] = kernel.numpy()
    return made


def log_determinant(kernel: NDArray[np.float64]) -> float:
    """log det of a positive semidefinite matrix of whole numbers; 0 where it is singular."""
    if len(kernel) == 0 or np.linalg.matrix_rank(kernel, hermitian=True) < len(kernel):
        return 0.0
    return max(0.0, float(np.linalg.slogdet(kernel)[1]))
