"""The graph that everything reads: a frozen list of operators in execution order.

Built by a `GraphBuilder` that is passed explicitly; weights live elsewhere, keyed by
`weight_key(node, part)`. A node's name is also the name of the tensor that it makes.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import Any, NamedTuple, get_args

from wakeling.errors import GraphError
from wakeling.ops import (
    ELEMENT_BYTES,
    TYPE_CHANGING,
    Activation,
    ActivationKind,
    Add,
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    ElementType,
    Operator,
    Padding,
    Reshape,
    Shape,
    Softmax,
    constant_of,
    operator_from_json,
    operator_name,
    operator_to_json,
    output_shape,
    output_type,
)

INPUT = "input"
FORMAT = "wakeling.graph/1"


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


_BATCH_NORM = BatchNorm()
_ACTIVATIONS: Mapping[ActivationKind, Activation] = MappingProxyType(
    {kind: Activation(kind=kind) for kind in get_args(ActivationKind)}
)


@functools.lru_cache(maxsize=65_536)
def _convolution(
    filters: int | None, kernel: int, stride: int, padding: Padding, fused: ActivationKind | None
) -> Conv2D | DepthwiseConv2D:
    """A square convolution, depthwise without `filters`; `fused`: with bias and this activation.

    Kept, because the thousands of networks of a search have the same few operators.
    """
    window, steps = (kernel, kernel), (stride, stride)
    use_bias, activation = fused is not None, fused or "linear"
    if filters is None:
        return DepthwiseConv2D(
            kernel=window, stride=steps, padding=padding, use_bias=use_bias, activation=activation
        )
    return Conv2D(
        filters=filters,
        kernel=window,
        stride=steps,
        padding=padding,
        use_bias=use_bias,
        activation=activation,
    )


class GraphBuilder:
    """Collects nodes in execution order; each method returns the new tensor's name.

    A `deployed` builder writes batch norms and activations into the convolutions at once: it builds
    what `fuse.fuse` makes of the other's graph, in a third of the time.
    """

    def __init__(
        self, name: str, input_shape: Shape, input_type: ElementType = "int8", *, deployed: bool = False
    ) -> None:
        if not input_shape or min(input_shape) < 1:
            raise GraphError(
                f"input shape must be (height, width, channels) or a vector's, each at least 1; "
                f"given {input_shape}"
            )
        if input_type not in ELEMENT_BYTES:
            raise GraphError(f"input type is {input_type!r}; known: {', '.join(ELEMENT_BYTES)}")
        self._name = name
        self._input_shape = input_shape
        self._input_type = input_type
        self._deployed = deployed
        self._nodes: list[Node] = []
        self._shapes: dict[str, Shape] = {INPUT: input_shape}

    @property
    def deployed(self) -> bool:
        """Whether batch norms and activations are written into the operators before them."""
        return self._deployed

    def shape(self, tensor: str) -> Shape:
        """The shape of a tensor made so far; raises GraphError for an unknown one."""
        if tensor not in self._shapes:
            raise GraphError(
                f"tensor {tensor!r} is not made before it is read; known: {', '.join(self._shapes)}"
            )
        return self._shapes[tensor]

    def append(self, op: Operator, *inputs: str, name: str | None = None) -> str:
        """Add one operator; raises GraphError where shapes or names do not fit."""
        shapes = self._shapes
        try:
            shape = output_shape(op, tuple([shapes[tensor] for tensor in inputs]))
        except KeyError as missing:
            self.shape(missing.args[0])  # raises in one line
            raise
        return self._put(op, inputs, name or f"{operator_name(op)}_{len(self._nodes)}", shape)

    def _put(self, op: Operator, inputs: tuple[str, ...], name: str, shape: Shape) -> str:
        """Add one operator whose output is known to have this shape."""
        if name in self._shapes:
            raise GraphError(f"tensor name {name!r} is used twice")
        self._nodes.append(Node(name, op, inputs, shape))
        self._shapes[name] = shape
        return name

    def conv_bn(
        self,
        tensor: str,
        *,
        filters: int,
        kernel: int,
        stride: int = 1,
        padding: Padding = "same",
        activation: ActivationKind = "relu6",
        name: str,
    ) -> str:
        """Convolution, batch norm and activation, as they are trained."""
        op = _convolution(filters, kernel, stride, padding, activation if self._deployed else None)
        return self._norm_act(self.append(op, tensor, name=name), activation, name)

    def depthwise_bn(
        self,
        tensor: str,
        *,
        kernel: int = 3,
        stride: int = 1,
        padding: Padding = "same",
        activation: ActivationKind = "relu6",
        name: str,
    ) -> str:
        """Depthwise convolution, batch norm and activation, as they are trained."""
        op = _convolution(None, kernel, stride, padding, activation if self._deployed else None)
        return self._norm_act(self.append(op, tensor, name=name), activation, name)

    def _norm_act(self, tensor: str, activation: ActivationKind, name: str) -> str:
        if self._deployed:
            return tensor
        shape = self._shapes[tensor]
        tensor = self._put(_BATCH_NORM, (tensor,), f"{name}_bn", shape)
        if activation == "linear":
            return tensor
        return self._put(_ACTIVATIONS[activation], (tensor,), f"{name}_{activation}", shape)

    def add(self, left: str, right: str, *, name: str) -> str:
        """Element-wise sum."""
        return self.append(Add(), left, right, name=name)

    def classifier(self, tensor: str, *, classes: int, name: str = "head") -> str:
        """Global average pooling, a dense layer and softmax."""
        height, width, channels = self.shape(tensor)
        tensor = self.append(AveragePool2D(pool=(height, width)), tensor, name=f"{name}_pool")
        tensor = self.append(Reshape(shape=(channels,)), tensor, name=f"{name}_flatten")
        tensor = self.append(Dense(units=classes), tensor, name=f"{name}_dense")
        return self.append(Softmax(), tensor, name=f"{name}_softmax")

    def build(self, output: str | None = None) -> Graph:
        """The finished graph; the output is the last tensor unless named."""
        if not self._nodes:
            raise GraphError(f"graph {self._name!r} has no operators")
        name = output or self._nodes[-1].name
        self.shape(name)
        return Graph(
            name=self._name,
            input_shape=self._input_shape,
            nodes=tuple(self._nodes),
            output=name,
            input_type=self._input_type,
        )


def to_json(graph: Graph) -> dict[str, Any]:
    """The graph as plain JSON values."""
    return {
        "format": FORMAT,
        "name": graph.name,
        "input_shape": list(graph.input_shape),
        "input_type": graph.input_type,
        "output": graph.output,
        "nodes": [
            {
                "name": node.name,
                "op": operator_name(node.op),
                "inputs": list(node.inputs),
                "attributes": operator_to_json(node.op),
            }
            for node in graph.nodes
        ],
    }


def from_json(value: Mapping[str, Any]) -> Graph:
    """The inverse of `to_json`; shapes are derived again, so a file cannot lie about them."""
    if value.get("format") != FORMAT:
        raise GraphError(f"graph format is {value.get('format')!r}; this version reads {FORMAT!r}")
    try:
        builder = GraphBuilder(value["name"], tuple(value["input_shape"]), value.get("input_type", "int8"))
        for node in value["nodes"]:
            op = operator_from_json(node["op"], node["attributes"])
            builder.append(op, *node["inputs"], name=node["name"])
        return builder.build(value["output"])
    except (KeyError, TypeError) as error:
        raise GraphError(f"graph file is malformed: {type(error).__name__} {error}") from None


def content_hash(graph: Graph) -> str:
    """Sixteen hex digits that name a graph's structure (not its weights)."""
    import hashlib

    text = json.dumps(to_json(graph), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
