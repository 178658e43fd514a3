"""The graph that would be trained: every activation and batch norm a node of its own.

The inverse of `fuse` as far as structure goes, so that a network scores the same before and after
its batch norms are folded, and scores find activations in one place.
"""

from __future__ import annotations

import dataclasses

from wakeling.graph import INPUT, Graph, Node
from wakeling.ops import Activation, BatchNorm, Conv2D, DepthwiseConv2D, activation_of


def trainable(graph: Graph) -> Graph:
    """`graph` with fused activations behind their operators, and batch norms for convolutions' biases.

    A convolution that has a bias and no batch norm behind it is taken for a folded one. Operators
    keep their names and their order, so first weights of a seed stay the same.
    """
    followed = {node.inputs[0] for node in graph.nodes if isinstance(node.op, BatchNorm)}
    names = {INPUT: INPUT}
    nodes: list[Node] = []
    for node in graph.nodes:
        name, op, inputs, shape = node
        kind = activation_of(op)
        folded = isinstance(op, Conv2D | DepthwiseConv2D) and op.use_bias and name not in followed
        changes = {
            **({"activation": "linear"} if kind != "linear" else {}),
            **({"use_bias": False} if folded else {}),
        }
        # Any: which operators have these fields is checked above
        plain = dataclasses.replace(op, **changes) if changes else op  # type: ignore[arg-type]
        nodes.append(Node(name, plain, tuple(names[tensor] for tensor in inputs), shape))
        last = name
        if folded:
            nodes.append(Node(f"{name}/norm", BatchNorm(), (last,), shape))
            last = f"{name}/norm"
        if kind != "linear":
            nodes.append(Node(f"{name}/activation", Activation(kind=kind), (last,), shape))
            last = f"{name}/activation"
        names[name] = last
    return dataclasses.replace(graph, nodes=tuple(nodes), output=names[graph.output])
