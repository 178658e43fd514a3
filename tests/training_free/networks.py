"""Small graphs with known weights, and batches, for the tests of scores."""

from __future__ import annotations

import numpy as np

from wakeling import spec
from wakeling.graph import INPUT, Graph, Node
from wakeling.ops import (
    Activation,
    Add,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    MaxPool2D,
    Mean,
    Mul,
    Operator,
    PointwiseKind,
    Shape,
    Softmax,
    Sub,
    output_shape,
)
from wakeling.training_free import Batch


def graph_of(input_shape: Shape, *steps: tuple[str, Operator, tuple[str, ...]]) -> Graph:
    """A graph of (name, operator, inputs) in execution order; the last is the output."""
    shapes = {INPUT: input_shape}
    nodes = []
    for name, op, inputs in steps:
        shapes[name] = output_shape(op, [shapes[tensor] for tensor in inputs])
        nodes.append(Node(name, op, inputs, shapes[name]))
    return Graph(name="made", input_shape=input_shape, nodes=tuple(nodes), output=steps[-1][0])


def chain(depth: int, activation: PointwiseKind = "relu6", channels: int = 4) -> Graph:
    """Pointwise convolutions on one pixel, each with batch norm and activation, then a dense layer."""
    steps: list[tuple[str, Operator, tuple[str, ...]]] = []
    last = INPUT
    for number in range(depth):
        steps += [
            (f"conv{number}", Conv2D(filters=channels, kernel=(1, 1)), (last,)),
            (f"norm{number}", BatchNorm(), (f"conv{number}",)),
            (f"act{number}", Activation(kind=activation), (f"norm{number}",)),
        ]
        last = f"act{number}"
    steps += [("mean", Mean(), (last,)), ("dense", Dense(units=2), ("mean",))]
    return graph_of((1, 1, 3), *steps)


def residual(skip: bool) -> Graph:
    """A stem and one depthwise convolution, with or without a skip over it."""
    steps: list[tuple[str, Operator, tuple[str, ...]]] = [
        ("stem", Conv2D(filters=4, kernel=(3, 3), stride=(2, 2)), (INPUT,)),
        ("stem_norm", BatchNorm(), ("stem",)),
        ("stem_act", Activation(kind="relu"), ("stem_norm",)),
        ("depth", DepthwiseConv2D(kernel=(3, 3)), ("stem_act",)),
        ("depth_norm", BatchNorm(), ("depth",)),
        *([("add", Add(), ("stem_act", "depth_norm"))] if skip else []),
        ("mean", Mean(), ("add" if skip else "depth_norm",)),
        ("dense", Dense(units=2), ("mean",)),
    ]
    return graph_of((8, 8, 3), *steps)


def gated() -> Graph:
    """Two branches that are joined and then weighed by a squeeze-and-excite gate."""
    return graph_of(
        (8, 8, 3),
        ("one", Conv2D(filters=4, kernel=(1, 1), use_bias=True, activation="relu"), (INPUT,)),
        ("other", Conv2D(filters=4, kernel=(3, 3), use_bias=True, activation="relu6"), (INPUT,)),
        ("joined", Concat(), ("one", "other")),
        ("squeezed", Mean(keep_dims=True), ("joined",)),
        ("gate", Conv2D(filters=8, kernel=(1, 1)), ("squeezed",)),
        ("opened", Activation(kind="hard_sigmoid"), ("gate",)),
        ("weighed", Mul(), ("joined", "opened")),
        ("pooled", MaxPool2D(pool=(2, 2), stride=(2, 2)), ("weighed",)),
        ("less", Sub(), ("pooled", "pooled")),
        ("sum", Add(), ("less", "pooled")),
        ("mean", Mean(), ("sum",)),
        ("dense", Dense(units=3), ("mean",)),
        ("softmax", Softmax(), ("dense",)),
    )


def family(name: str = "mobilenet_v2", **knobs: float) -> Graph:
    """A small network of a family, as it is trained."""
    given = {"alpha": 0.35, "resolution": 32, "channels": 3, "classes": 2, "depth": 0.5, **knobs}
    return spec.lower(spec.make(name, **given))


def noise(graph: Graph, count: int = 16, seed: int = 0) -> Batch:
    """Random images of the graph's shape, labels in turn."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (count, *graph.input_shape), np.uint8)
    return Batch(images=images, labels=np.arange(count, dtype=np.int64) % 2)
