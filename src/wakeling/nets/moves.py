"""Layers that move values: padding, concatenation, reshaping, transposing, slicing; and the mean."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wakeling.nets.axes import to_graph_order, to_torch_order, torch_axis
from wakeling.ops import Concat, Mean, Pad, Reshape, Shape, StridedSlice, Transpose


class ZeroPad(nn.Module):
    """Zeros (in real units) around an image."""

    def __init__(self, op: Pad, shape: Shape) -> None:
        super().__init__()
        channels = op.channels if any(op.channels) else ()
        self._margins = [*op.columns, *op.rows, *channels]

    def forward(self, x: Tensor) -> Tensor:
        """The layer on a batch."""
        return F.pad(x, self._margins)


class Join(nn.Module):
    """Tensors one behind the other along an axis."""

    def __init__(self, op: Concat, shape: Shape) -> None:
        super().__init__()
        self._axis = torch_axis(op.axis, shape)

    def forward(self, *parts: Tensor) -> Tensor:
        """The layer on a batch."""
        return torch.cat(parts, dim=self._axis)


class Reorder(nn.Module):
    """The same values in another shape, read in height, width, channels order."""

    def __init__(self, op: Reshape, shape: Shape) -> None:
        super().__init__()
        self._shape = op.shape

    def forward(self, x: Tensor) -> Tensor:
        """The layer on a batch."""
        return to_torch_order(to_graph_order(x).reshape(-1, *self._shape))


class Permute(nn.Module):
    """The axes in another order."""

    def __init__(self, op: Transpose, shape: Shape) -> None:
        super().__init__()
        self._order = (0, *(axis + 1 for axis in op.order))

    def forward(self, x: Tensor) -> Tensor:
        """The layer on a batch."""
        return to_torch_order(to_graph_order(x).permute(self._order))


class Slice(nn.Module):
    """Every so-manieth value between two bounds of each axis."""

    def __init__(self, op: StridedSlice, shape: Shape) -> None:
        super().__init__()
        bounds = zip(op.begin, op.end, op.strides, strict=True)
        self._slices = (slice(None), *(slice(*bound) for bound in bounds))

    def forward(self, x: Tensor) -> Tensor:
        """The layer on a batch."""
        return to_torch_order(to_graph_order(x)[self._slices])


class AxesMean(nn.Module):
    """Mean over whole axes."""

    def __init__(self, op: Mean, shape: Shape) -> None:
        super().__init__()
        self._keep = op.keep_dims
        self._axes = [torch_axis(axis, shape) for axis in op.axes]
        self._graph_axes = [axis + 1 for axis in op.axes]
        self._all = len(op.axes) == len(shape)

    def forward(self, x: Tensor) -> Tensor:
        """The layer on a batch; the mean over everything is (batch, 1), as in a graph."""
        if self._keep:
            return x.mean(dim=self._axes, keepdim=True)
        if self._all:
            return x.flatten(1).mean(dim=1, keepdim=True)
        return to_torch_order(to_graph_order(x).mean(dim=self._graph_axes))
