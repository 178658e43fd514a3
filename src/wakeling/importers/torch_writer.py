"""What the translation of a torch module writes to: a graph builder, its weights and its tensors' layouts.

`torch_operators` calls it, one operator after the other; nothing here knows what an operator means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from wakeling.graph import INPUT, GraphBuilder, weight_key
from wakeling.importers.torch_layout import GraphAxes, Layout, canonical_order
from wakeling.ops import Operator, operator_name

Array = NDArray[np.float32]
Arguments = Mapping[str, Any]  # Any: each rule knows what the schema promises it


class NotExpressibleError(Exception):
    """An operator that is known, used in a way that our operators cannot say; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A tensor of the graph, the torch tensor that it holds, and whether none of its values is negative."""

    tensor: str
    layout: Layout
    non_negative: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Several tensors that one operator makes; each is written when it is asked for."""

    make: tuple[Callable[[], Value], ...]


class Writer:
    """Collects nodes and weights in execution order, under names that tell the module they come from."""

    def __init__(self, builder: GraphBuilder) -> None:
        self.builder = builder
        self.weights: dict[str, Array] = {}
        self.prefix = ""
        self._names = {INPUT}
        self._settled: dict[tuple[str, Layout, GraphAxes], Value] = {}

    def emit(
        self,
        op: Operator,
        *sources: Value,
        layout: Layout,
        suffix: str = "",
        non_negative: bool = False,
        arrays: Mapping[str, Array] | None = None,
    ) -> Value:
        """Write one operator and its weight arrays, by `graph.weight_key`'s parts."""
        name = self._free_name(f"{self.prefix}{suffix}")
        tensor = self.builder.append(op, *(source.tensor for source in sources), name=name)
        for part, array in (arrays or {}).items():
            self.weights[weight_key(name, part)] = np.ascontiguousarray(array, np.float32)
        return Value(tensor=tensor, layout=layout, non_negative=non_negative)

    def _free_name(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self._names:
            number += 1
            name = f"{wanted}_{number}"
        self._names.add(name)
        return name

    def settled(self, value: Value, graph_axes: GraphAxes | None = None) -> Value:
        """The same torch tensor with its graph axes as a layer reads them (None: canonical).

        Written once, however many read it.
        """
        wanted = value.layout.canonical_axes if graph_axes is None else graph_axes
        key = (value.tensor, value.layout, wanted)
        if key not in self._settled:
            moved = value
            moves = value.layout.moves_to(wanted)
            for op in moves:
                layout = value.layout if op is not moves[-1] else value.layout.with_graph_axes(wanted)
                moved = self.emit(
                    op,
                    moved,
                    layout=layout,
                    suffix=f".{operator_name(op)}",
                    non_negative=value.non_negative,
                )
            if not moves:
                moved = Value(
                    tensor=value.tensor,
                    layout=value.layout.with_graph_axes(wanted),
                    non_negative=value.non_negative,
                )
            self._settled[key] = moved
        return self._settled[key]

    def image(self, value: Value) -> Value:
        """A tensor of channels, height and width (in torch's order), settled."""
        rank = len(value.layout.torch_axes)
        if rank != 3:
            raise NotExpressibleError(f"on {rank + 1} axes, not on images (batch, channels, height, width)")
        return self.settled(value)

    def vector(self, value: Value) -> tuple[Value, NDArray[np.int64]]:
        """A tensor of one axis in whatever order it is held, and torch's index of each of its values.

        So a dense layer on a flattened image needs no transposition: its weights are put in order.
        """
        layout = value.layout
        if len(layout.torch_axes) != 1:
            raise NotExpressibleError(f"on {len(layout.torch_axes) + 1} axes, not on (batch, features)")
        held = self.settled(value, (layout.graph_order,))
        indices = np.arange(int(np.prod(layout.sizes, dtype=np.int64))).reshape(layout.sizes)
        return held, indices.transpose(layout.graph_order).reshape(-1)


def constant_array(constant: torch.Tensor | float, rank: int) -> Array:
    """A constant operand in the axis order of a settled tensor of `rank` torch axes, batch left out.

    Leading axes of size 1 are left out too; raises NotExpressibleError where it has a batch axis.
    """
    array = torch.as_tensor(constant).detach().to(torch.float32).cpu().numpy()
    if array.ndim > rank + 1 or (array.ndim == rank + 1 and array.shape[0] != 1):
        raise NotExpressibleError(f"with a constant of shape {array.shape}")
    shape = (1,) * (rank - array.ndim) + array.shape if array.ndim <= rank else array.shape[1:]
    ordered = array.reshape(shape).transpose(canonical_order(rank))
    kept = next((axis for axis, size in enumerate(ordered.shape) if size > 1), rank - 1)
    return ordered.reshape(ordered.shape[kept:])


def need(condition: bool, why: str) -> None:
    """Refuse a use that our operators cannot say."""
    if not condition:
        raise NotExpressibleError(why)


def rank_of(value: Value) -> int:
    """The number of torch axes, batch left out."""
    return len(value.layout.torch_axes)


def axis_of(value: Value, dim: int) -> int:
    """The torch axis, batch left out, that `dim` means; raises for the batch axis."""
    rank = rank_of(value)
    axis = (dim if dim >= 0 else dim + rank + 1) - 1
    need(0 <= axis < rank, "along the batch axis")
    return axis
