"""From the graph that is trained to the graph that is deployed, structure only.

A batch norm folds into the convolution or dense layer before it (which gains a bias), and an
activation fuses into the operator before it, as every int8 runtime does. A batch norm with nothing
before it to fold into (DenseNet's) stays: a factor and an offset for each channel. The weights are
folded in `quantize.fold`.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import cast, get_args

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

_LINEAR = (Conv2D, DepthwiseConv2D, Dense)
_ACTIVATED = (Conv2D, DepthwiseConv2D, Dense, Add, Sub, Mul)
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


@functools.lru_cache(maxsize=4096)
def _merge(op: Operator, following: Operator) -> Operator | None:
    """`op` with `following` merged into it, or None where that is not possible."""
    if activation_of(op) != "linear":
        return None
    if isinstance(following, BatchNorm) and isinstance(op, _LINEAR):
        return dataclasses.replace(op, use_bias=True)
    if isinstance(following, Activation) and following.kind in _FUSED_KINDS and isinstance(op, _ACTIVATED):
        return dataclasses.replace(op, activation=cast(ActivationKind, following.kind))
    return None


def fuse(graph: Graph) -> FusedGraph:
    """The deployed structure of a trained graph.

    What is merged works on single elements, so a fused node has its first member's shape.
    """
    readers: dict[str, int] = {graph.output: 1}  # the caller reads the output
    for node in graph.nodes:
        for name in node.inputs:
            readers[name] = readers.get(name, 0) + 1
    operators: dict[str, Operator] = {}
    origins: dict[str, tuple[str, ...]] = {}
    renamed = {INPUT: INPUT}
    for node in graph.nodes:
        source = renamed[node.inputs[0]]
        if (
            isinstance(node.op, BatchNorm | Activation)
            and source in operators
            and readers[node.inputs[0]] == 1
        ):
            merged = _merge(operators[source], node.op)
            if merged is not None:
                operators[source] = merged
                origins[source] += (node.name,)
                renamed[node.name] = source
                continue
        operators[node.name] = node.op
        origins[node.name] = (node.name,)
        renamed[node.name] = node.name
    if len(operators) == len(graph.nodes):
        return as_it_is(graph)
    nodes = [
        Node(
            name=node.name,
            op=operators[node.name],
            inputs=tuple([renamed[name] for name in node.inputs]),
            shape=node.shape,
        )
        for node in graph.nodes
        if node.name in operators
    ]
    fused = Graph(
        name=graph.name,
        input_shape=graph.input_shape,
        nodes=tuple(nodes),
        output=renamed[graph.output],
        input_type=graph.input_type,
    )
    return FusedGraph(graph=fused, origins=origins)


def as_it_is(graph: Graph) -> FusedGraph:
    """A graph that is deployed already, with each node its own origin."""
    return FusedGraph(graph=graph, origins={node.name: (node.name,) for node in graph.nodes})
