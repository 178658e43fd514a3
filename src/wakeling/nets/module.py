"""A graph as one torch module that runs its nodes in execution order."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from wakeling.graph import INPUT, Graph, Node
from wakeling.nets.layers import layer_for
from wakeling.ops import Softmax

Compute = Callable[[Node, nn.Module, tuple[Tensor, ...]], Tensor]
"""Makes a node's tensor from its layer and its inputs."""


def apply_layer(node: Node, layer: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
    """What the layer makes."""
    made: Tensor = layer(*inputs)
    return made


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

    def forward(self, x: Tensor, compute: Compute = apply_layer) -> Tensor:
        """Logits (batch, classes) of images (batch, channels, height, width) in real units.

        `compute` makes each node's tensor, so that a caller can look at it or round it.
        """
        values: dict[str, Tensor] = {INPUT: x}
        for node, layer in zip(self.nodes, self.layers, strict=True):
            values[node.name] = compute(node, layer, tuple(values[name] for name in node.inputs))
            for name in self._released[node.name]:
                values.pop(name, None)
        return values[self.logits]


def build(graph: Graph) -> GraphModule:
    """The module of any graph, as trained or fused, with every parameter zero.

    Fill it with `initialize` or `load_weights`. Raises UnsupportedOpError.
    """
    return GraphModule(graph)
