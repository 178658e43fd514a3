"""Sums, differences and products of two tensors, or of a tensor and a trained constant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor, nn

from wakeling.nets.activations import ACTIVATIONS
from wakeling.nets.axes import to_graph_order, to_torch_order
from wakeling.ops import Add, Mul, Operator, Shape, Sub

_COMBINE: Mapping[type[Operator], Callable[[Tensor, Tensor], Tensor]] = MappingProxyType(
    {Add: torch.add, Sub: torch.sub, Mul: torch.mul}
)


class Elementwise(nn.Module):
    """Add, sub or mul; `constant` is a parameter in the graph's axis order where there is one."""

    constant: nn.Parameter | None

    def __init__(self, op: Add | Sub | Mul, shape: Shape) -> None:
        super().__init__()
        self._combine = _COMBINE[type(op)]
        self._activation = ACTIVATIONS[op.activation]
        self._constant_first = isinstance(op, Sub) and op.constant_first
        self.constant = None if op.constant is None else nn.Parameter(torch.zeros(op.constant))

    def forward(self, left: Tensor, right: Tensor | None = None) -> Tensor:
        """The layer on a batch; `right` is missing where the second operand is the constant."""
        if self.constant is None:
            assert right is not None
            return self._activation(self._combined(left, right))
        return self.compute(left, self.constant)

    def compute(self, x: Tensor, constant: Tensor) -> Tensor:
        """The layer on a batch, with this constant in place of its own."""
        other = to_torch_order(constant.reshape(1, *(1,) * (x.dim() - 1 - constant.dim()), *constant.shape))
        pair = (other, x) if self._constant_first else (x, other)
        return self._activation(self._combined(*pair))

    def _combined(self, left: Tensor, right: Tensor) -> Tensor:
        if left.dim() == right.dim():
            return self._combine(left, right)
        rank = max(left.dim(), right.dim())
        aligned = (_with_axes(to_graph_order(operand), rank) for operand in (left, right))
        return to_torch_order(self._combine(*aligned))


def _with_axes(x: Tensor, rank: int) -> Tensor:
    """`x` with axes of size 1 behind the batch, so that shapes are aligned at the end."""
    return x.reshape(len(x), *(1,) * (rank - x.dim()), *x.shape[1:])
