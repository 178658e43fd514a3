"""The activations in float, by their kind, and the layer for one that stands alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wakeling.ops import Activation, PointwiseKind, Shape

ACTIVATIONS: Mapping[PointwiseKind, Callable[[Tensor], Tensor]] = MappingProxyType(
    {
        "linear": lambda x: x,
        "relu": F.relu,
        "relu6": F.relu6,
        "hard_swish": F.hardswish,
        "hard_sigmoid": F.hardsigmoid,
        "sigmoid": torch.sigmoid,
        "swish": F.silu,
        "tanh": torch.tanh,
    }
)


class Pointwise(nn.Module):
    """An activation that was not fused."""

    def __init__(self, op: Activation, shape: Shape) -> None:
        super().__init__()
        self._activation = ACTIVATIONS[op.kind]

    def forward(self, x: Tensor) -> Tensor:
        """The layer on a batch."""
        return self._activation(x)
