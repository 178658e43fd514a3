"""Small networks of newer families, as they are trained: gates, shuffled channels, concatenations."""

from __future__ import annotations

from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.ops import (
    Activation,
    AveragePool2D,
    BatchNorm,
    Concat,
    Conv2D,
    DepthwiseConv2D,
    Mean,
    Mul,
    Pad,
    PointwiseKind,
    Reshape,
    StridedSlice,
    Transpose,
)


def _norm_act(builder: GraphBuilder, tensor: str, kind: PointwiseKind) -> str:
    tensor = builder.append(BatchNorm(), tensor)
    return tensor if kind == "linear" else builder.append(Activation(kind=kind), tensor)


def _pointwise(builder: GraphBuilder, tensor: str, filters: int, kind: PointwiseKind) -> str:
    return _norm_act(builder, builder.append(Conv2D(filters=filters, kernel=(1, 1)), tensor), kind)


def _stem(builder: GraphBuilder, kind: PointwiseKind) -> str:
    return _norm_act(builder, builder.append(Conv2D(filters=8, kernel=(3, 3), stride=(2, 2)), INPUT), kind)


def _squeeze_excite(builder: GraphBuilder, tensor: str, gate_kind: PointwiseKind) -> str:
    channels = builder.shape(tensor)[2]
    gate = builder.append(Mean(axes=(0, 1), keep_dims=True), tensor)
    gate = builder.append(Conv2D(filters=channels // 4, kernel=(1, 1), use_bias=True), gate)
    gate = builder.append(Activation(kind="relu"), gate)
    gate = builder.append(Conv2D(filters=channels, kernel=(1, 1), use_bias=True), gate)
    gate = builder.append(Activation(kind=gate_kind), gate)
    return builder.append(Mul(), tensor, gate)


def mobilenet_v3_like(
    size: int = 32, *, curve: PointwiseKind = "hard_swish", gate: PointwiseKind = "sigmoid"
) -> Graph:
    """Inverted residuals with squeeze-and-excite; EfficientNet's with swish in place of hard swish."""
    builder = GraphBuilder(f"mobilenet_v3_like_{curve}_{gate}", (size, size, 3))
    tensor = _stem(builder, curve)
    kinds: tuple[PointwiseKind, ...] = ("relu", curve)
    for kind in kinds:
        inside = _pointwise(builder, tensor, 24, kind)
        inside = builder.append(DepthwiseConv2D(kernel=(5, 5)), inside)
        inside = _squeeze_excite(builder, _norm_act(builder, inside, kind), gate)
        tensor = builder.add(tensor, _pointwise(builder, inside, 8, "linear"), name=f"sum_{kind}")
    tensor = _pointwise(builder, tensor, 32, curve)
    tensor = builder.append(Mean(axes=(0, 1)), tensor)
    tensor = builder.append(Reshape(shape=(1, 1, 32)), tensor)
    return builder.build(builder.classifier(tensor, classes=2))


def shuffle_net_like(size: int = 32) -> Graph:
    """Grouped convolutions, split branches, and channels that are shuffled between them."""
    builder = GraphBuilder("shuffle_net_like", (size, size, 3))
    tensor = _stem(builder, "relu")
    height, width, channels = builder.shape(tensor)
    for _ in range(2):
        halves = []
        for first in (0, channels // 2):
            end = (height, width, first + channels // 2)
            op = StridedSlice(begin=(0, 0, first), end=end, strides=(1, 1, 1))
            halves.append(builder.append(op, tensor))
        op = Conv2D(filters=channels // 2, kernel=(3, 3), groups=2, dilation=(2, 2))
        right = _norm_act(builder, builder.append(op, halves[1]), "relu")
        tensor = builder.append(Concat(axis=2), halves[0], right)
        tensor = builder.append(Reshape(shape=(height, width, 2, channels // 2)), tensor)
        tensor = builder.append(Transpose(order=(0, 1, 3, 2)), tensor)
        tensor = builder.append(Reshape(shape=(height, width, channels)), tensor)
    return builder.build(builder.classifier(tensor, classes=2))


def dense_net_like(size: int = 32) -> Graph:
    """Batch norms with nothing before them to fold into, and every layer's input concatenated."""
    builder = GraphBuilder("dense_net_like", (size, size, 3))
    tensor = builder.append(Conv2D(filters=8, kernel=(3, 3), stride=(2, 2)), INPUT)
    for _ in range(3):
        grown = _norm_act(builder, tensor, "relu")
        grown = builder.append(Conv2D(filters=4, kernel=(3, 3)), grown)
        tensor = builder.append(Concat(axis=2), tensor, grown)
    tensor = _norm_act(builder, tensor, "relu")
    tensor = builder.append(AveragePool2D(pool=(2, 2), stride=(2, 2)), tensor)
    return builder.build(builder.classifier(tensor, classes=2))


def joined_ends(size: int = 32) -> Graph:
    """The input itself, a tanh and a padded convolution concatenated: three scales that must be one."""
    builder = GraphBuilder("joined_ends", (size, size, 3))
    bent = builder.append(Activation(kind="tanh"), _pointwise(builder, INPUT, 4, "linear"))
    made = builder.append(DepthwiseConv2D(kernel=(3, 3), multiplier=2), INPUT)
    made = builder.append(Pad(rows=(0, 0), columns=(0, 0), channels=(1, 1)), made)
    tensor = builder.append(Concat(axis=2), INPUT, bent, made)
    tensor = _pointwise(builder, tensor, 8, "relu6")
    return builder.build(builder.classifier(tensor, classes=2))


NETWORKS = (
    mobilenet_v3_like(),
    mobilenet_v3_like(curve="swish", gate="hard_sigmoid"),
    shuffle_net_like(),
    dense_net_like(),
    joined_ends(),
)
