"""From the graph that is trained to the graph that is deployed, structure only.

A batch norm folds into the convolution or dense layer before it (which gains a bias), and an
activation fuses into the operator before it, as every int8 runtime does. A batch norm with nothing
before it to fold into (DenseNet's) stays: a factor and an offset for each channel. The weights are
folded in `quantize.fold`.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from wakeling.graph import INPUT, Graph, Node
from wakeling.ops import (
    Activation,
    ActivationKind,
    Add,
    BatchNorm,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Mul,
    Operator,
    Sub,
    activation_of,
)

_LINEAR = frozenset((Conv2D, DepthwiseConv2D, Dense))
_ACTIVATED = frozenset((Conv2D, DepthwiseConv2D, Dense, Add, Sub, Mul))
_TAKERS: dict[type[Operator], frozenset[type[Operator]]] = {BatchNorm: _LINEAR, Activation: _ACTIVATED}
"""Operators that can be merged into the one before them, and into which."""

_FUSED_KINDS = get_args(ActivationKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class FusedGraph:
    """The deployed graph, and for each of its nodes the training nodes that it stands for.

    `origins[name]` lists them in execution order: the operator itself, then the batch norm and
    the activation that were merged into it, where there were any. The fused node keeps the name
    of the first.
    """

    graph: Graph
    origins: dict[str, tuple[str, ...]]


@dataclass(slots=True)
class _Kept:
    """A node that stays, and what it takes over. Mutable: filled while the graph is walked."""

    node: Node
    members: tuple[str, ...]
    activation: ActivationKind
    has_norm: bool = False


def fuse(graph: Graph) -> FusedGraph:
    """The deployed structure of a trained graph.

    What is merged works on single elements, so a fused node has its first member's shape.
    """
    if _TAKERS.keys().isdisjoint([type(node.op) for node in graph.nodes]):
        return as_it_is(graph)
    readers = Counter(itertools.chain.from_iterable([node.inputs for node in graph.nodes]))
    readers[graph.output] += 1  # the caller reads the output
    kept: list[_Kept] = []
    holders: dict[str, _Kept] = {}
    for node in graph.nodes:
        name, op, inputs, _ = node
        takers = _TAKERS.get(type(op))
        if takers is not None and readers[inputs[0]] == 1:
            holder = holders.get(inputs[0])
            kind: Any = getattr(op, "kind", "linear")  # Any: a batch norm has none
            if (
                holder is not None
                and holder.activation == "linear"
                and type(holder.node.op) in takers
                and kind in _FUSED_KINDS
            ):
                holder.members += (name,)
                holder.activation = kind
                holder.has_norm = holder.has_norm or type(op) is BatchNorm
                holders[name] = holder
                continue
        holders[name] = holder = _Kept(node, (name,), activation_of(op))
        kept.append(holder)
    if len(kept) == len(graph.nodes):
        return as_it_is(graph)
    names = {INPUT: INPUT, **{name: holder.node.name for name, holder in holders.items()}}
    fused = Graph(
        name=graph.name,
        input_shape=graph.input_shape,
        nodes=_fused_nodes(kept, names),
        output=names[graph.output],
        input_type=graph.input_type,
    )
    return FusedGraph(graph=fused, origins={holder.node.name: holder.members for holder in kept})


def _fused_nodes(kept: list[_Kept], names: Mapping[str, str]) -> tuple[Node, ...]:
    """The nodes of the fused graph, which reads tensors by these `names`; alike ones share an operator."""
    made: dict[tuple[Operator, bool, ActivationKind], Operator] = {}
    nodes = []
    for holder in kept:
        name, op, inputs, shape = holder.node
        if len(holder.members) > 1:
            key = op, holder.has_norm, holder.activation
            if key not in made:
                made[key] = _merged(*key)
            op = made[key]
        nodes.append(Node(name, op, tuple([names[tensor] for tensor in inputs]), shape))
    return tuple(nodes)


def _merged(op: Any, has_norm: bool, activation: ActivationKind) -> Operator:  # Any: one of `_ACTIVATED`
    """`op` with what it took over."""
    changes = {"use_bias": True} if has_norm else {}
    return cast(Operator, dataclasses.replace(op, activation=activation, **changes))


def as_it_is(graph: Graph) -> FusedGraph:
    """A graph that is deployed already, with each node its own origin."""
    return FusedGraph(graph=graph, origins={node.name: (node.name,) for node in graph.nodes})
