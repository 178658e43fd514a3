"""From the graph that is trained to the graph that is deployed, structure only.

A batch norm folds into the convolution or dense layer before it (which gains a bias), and an
activation fuses into the operator before it, as every int8 runtime does. A batch norm with nothing
before it to fold into (DenseNet's) stays: a factor and an offset for each channel. The weights are
folded in `quantize.fold`.
"""

from __future__ import annotations

import dataclasses
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


def _merge(op: Operator, following: Operator) -> Operator | None:
    """`op` with `following` merged into it, or None where that is not possible."""
    if isinstance(following, BatchNorm) and isinstance(op, _LINEAR) and activation_of(op) == "linear":
        return dataclasses.replace(op, use_bias=True)
    if (
        isinstance(following, Activation)
        and following.kind in _FUSED_KINDS
        and isinstance(op, _ACTIVATED)
        and activation_of(op) == "linear"
    ):
        return dataclasses.replace(op, activation=cast(ActivationKind, following.kind))
    return None


def fuse(graph: Graph) -> FusedGraph:
    """The deployed structure of a trained graph.

    What is merged works on single elements, so a fused node has its first member's shape.
    """
    nodes: list[Node] = []
    renamed = {INPUT: INPUT}
    origins: dict[str, tuple[str, ...]] = {}
    merged: set[str] = set()
    for node in graph.nodes:
        if node.name in merged:
            continue
        op, chain = _chain(graph, node)
        merged.update(member.name for member in chain)
        inputs = tuple(renamed[name] for name in node.inputs)
        nodes.append(Node(name=node.name, op=op, inputs=inputs, shape=node.shape))
        renamed[chain[-1].name] = node.name
        origins[node.name] = tuple(member.name for member in chain)
    fused = Graph(
        name=graph.name,
        input_shape=graph.input_shape,
        nodes=tuple(nodes),
        output=renamed[graph.output],
        input_type=graph.input_type,
    )
    return FusedGraph(graph=fused, origins=origins)


def _chain(graph: Graph, node: Node) -> tuple[Operator, list[Node]]:
    """`node` and the sole readers behind it that merge into it, with the merged operator."""
    op, chain = node.op, [node]
    while chain[-1].name != graph.output:
        readers = graph.consumers[chain[-1].name]
        following = _merge(op, readers[0].op) if len(readers) == 1 else None
        if following is None:
            break
        op = following
        chain.append(readers[0])
    return op, chain
