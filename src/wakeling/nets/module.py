"""A graph as one torch module that runs its nodes in execution order."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from wakeling.graph import INPUT, Graph
from wakeling.nets.layers import layer_for
from wakeling.ops import Softmax

Tap = Callable[[str, Tensor], Tensor]
"""Sees every tensor by its name as it is made, and returns what the readers shall read."""


class GraphModule(nn.Module):
    """A graph with parameters: float images in real units in, logits out.

    `layers[i]` computes `graph.nodes[i]`. A softmax that makes the graph's output is left out, so
    `forward` returns logits; losses and `softmax` are for the caller.
    """

    def __init__(self, graph: Graph) -> None:
        """One layer a node; raises UnsupportedOpError for an operator that has none."""
        super().__init__()
        self.graph = graph
        last = graph.by_name[graph.output]
        self.nodes = tuple(
            node for node in graph.nodes if not (node is last and isinstance(last.op, Softmax))
        )
        self.logits = last.inputs[0] if isinstance(last.op, Softmax) else last.name
        self.layers = nn.ModuleList(layer_for(node.op, graph.shapes[node.inputs[0]]) for node in self.nodes)
        readers = {name: node.name for node in self.nodes for name in node.inputs}
        self._released = {
            node.name: tuple(
                name for name in node.inputs if readers[name] == node.name and name != self.logits
            )
            for node in self.nodes
        }

    def forward(self, x: Tensor, tap: Tap | None = None) -> Tensor:
        """Logits (batch, classes) of images (batch, channels, height, width) in real units.

        `tap` is called on the input and on every tensor that a node makes.
        """
        values: dict[str, Tensor] = {INPUT: tap(INPUT, x) if tap else x}
        for node, layer in zip(self.nodes, self.layers, strict=True):
            made: Tensor = layer(*(values[name] for name in node.inputs))
            values[node.name] = tap(node.name, made) if tap else made
            for name in self._released[node.name]:
                values.pop(name, None)
        return values[self.logits]


def build(graph: Graph) -> GraphModule:
    """The module of any graph, as trained or fused, with every parameter zero.

    Fill it with `initialize` or `load_weights`. Raises UnsupportedOpError.
    """
    return GraphModule(graph)
