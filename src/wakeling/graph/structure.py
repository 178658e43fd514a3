"""The graph itself: a frozen list of operators in execution order, and the shapes of its weights.

Building one is in `graph.builder`, JSON in `graph.codec`; weights live elsewhere, keyed by
`weight_key(node, part)`. A node's name is also the name of the tensor that it makes.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import Any, NamedTuple

from wakeling.ops import (
    ELEMENT_BYTES,
    TYPE_CHANGING,
    BatchNorm,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    ElementType,
    Operator,
    Shape,
    constant_of,
    output_type,
)

INPUT = "input"


class Node(NamedTuple):
    """One operator, the tensors that it reads and the shape that it makes.

    A tuple and no dataclass, since a search makes some hundred thousand of them a second and every
    planner walks through them.
    """

    name: str
    op: Operator
    inputs: tuple[str, ...]
    shape: Shape


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A network as primitive operators, one input and one output, in execution order.

    `input_shape` is (height, width, channels) for an image; the input tensor is called `input` and
    holds elements of `input_type` once the network is deployed.
    """

    name: str
    input_shape: Shape
    nodes: tuple[Node, ...]
    output: str
    input_type: ElementType = "int8"

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle holds: the fields, without the views that are derived from them."""
        return {
            "name": self.name,
            "input_shape": self.input_shape,
            "nodes": self.nodes,
            "output": self.output,
            "input_type": self.input_type,
        }

    @functools.cached_property
    def shapes(self) -> Mapping[str, Shape]:
        """The shape of every tensor, the input included."""
        shapes = {INPUT: self.input_shape}
        shapes.update([(name, shape) for name, _, _, shape in self.nodes])
        return MappingProxyType(shapes)

    @functools.cached_property
    def types(self) -> Mapping[str, ElementType]:
        """The element type of every tensor of the deployed network, the input included."""
        types = dict.fromkeys(self.shapes, self.input_type)
        if not TYPE_CHANGING.isdisjoint([type(node.op) for node in self.nodes]):
            for name, op, inputs, _ in self.nodes:
                types[name] = output_type(op, types[inputs[0]])
        return MappingProxyType(types)

    @functools.cached_property
    def sizes(self) -> Mapping[str, int]:
        """Bytes of every tensor of the deployed network, the input included."""
        kinds = zip(self.shapes.items(), self.types.values(), strict=True)
        return MappingProxyType({name: prod(shape) * ELEMENT_BYTES[kind] for (name, shape), kind in kinds})

    @functools.cached_property
    def by_name(self) -> Mapping[str, Node]:
        """Every node by its name."""
        return MappingProxyType({node.name: node for node in self.nodes})

    @functools.cached_property
    def consumers(self) -> Mapping[str, tuple[Node, ...]]:
        """The nodes that read each tensor, in execution order."""
        readers: dict[str, list[Node]] = {name: [] for name in self.shapes}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                readers[name].append(node)
        return MappingProxyType({name: tuple(nodes) for name, nodes in readers.items()})


def weight_key(node: Node | str, part: str) -> str:
    """The key of a weight array.

    Parts and shapes: conv2d `weight` (filters, height, width, in-channels / groups);
    depthwise_conv2d `weight` (1, height, width, channels · multiplier); dense `weight` (units,
    features); `bias` (outputs,); batch_norm `gamma`, `beta`, `mean`, `variance` (channels,);
    add, sub and mul `constant`, where they have one. This is TFLite's order.
    """
    return f"{node if isinstance(node, str) else node.name}/{part}"


def weight_shapes(graph: Graph) -> dict[str, Shape]:
    """The shape of every weight array of the graph, by key (see `weight_key`)."""
    shapes: dict[str, Shape] = {}
    for node in graph.nodes:
        source = graph.shapes[node.inputs[0]]
        op = node.op
        match op:
            case Conv2D():
                shapes[weight_key(node, "weight")] = (op.filters, *op.kernel, source[-1] // op.groups)
            case DepthwiseConv2D():
                shapes[weight_key(node, "weight")] = (1, *op.kernel, node.shape[-1])
            case Dense():
                shapes[weight_key(node, "weight")] = (op.units, source[-1])
            case BatchNorm():
                for part in ("gamma", "beta", "mean", "variance"):
                    shapes[weight_key(node, part)] = (source[-1],)
            case _:
                constant = constant_of(op)
                if constant is not None:
                    shapes[weight_key(node, "constant")] = constant
                continue
        if getattr(op, "use_bias", False):
            shapes[weight_key(node, "bias")] = (node.shape[-1],)
    return shapes
