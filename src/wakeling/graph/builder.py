"""Builds graphs operator by operator; shapes and names are checked on the way.

A builder is passed explicitly, never global. What it builds is in `graph.structure`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from wakeling.errors import GraphError
from wakeling.graph.structure import INPUT, Graph, Node
from wakeling.ops import (
    ELEMENT_BYTES,
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
    operator_name,
    output_shape,
)

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
