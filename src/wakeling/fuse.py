"""From the graph that is trained to the graph that is deployed, structure only.

A batch norm folds into the convolution or dense layer before it (which gains a bias), and an
activation fuses into the operator before it, as every int8 runtime does. The weights are folded
in `quantize.fold`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from wakeling.errors import GraphError
from wakeling.graph import INPUT, Graph, Node
from wakeling.ops import Activation, Add, BatchNorm, Conv2D, Dense, DepthwiseConv2D, Operator, activation_of

_LINEAR = (Conv2D, DepthwiseConv2D, Dense)
_ACTIVATED = (Conv2D, DepthwiseConv2D, Dense, Add)


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
    if isinstance(following, Activation) and isinstance(op, _ACTIVATED) and activation_of(op) == "linear":
        return dataclasses.replace(op, activation=following.kind)
    return None


def fuse(graph: Graph) -> FusedGraph:
    """The deployed structure of a trained graph.

    What is merged works on single elements, so a fused node has its first member's shape.
    Raises GraphError for a batch norm that has no convolution or dense layer to fold into.
    """
    nodes: list[Node] = []
    renamed = {INPUT: INPUT}
    origins: dict[str, tuple[str, ...]] = {}
    merged: set[str] = set()
    for node in graph.nodes:
        if node.name in merged:
            continue
        if isinstance(node.op, BatchNorm):
            raise GraphError(f"batch norm {node.name!r} follows no convolution or dense layer to fold into")
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
