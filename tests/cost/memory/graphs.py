"""Random fused graphs with branches, pads, broadcasts and early outputs, for the planners' tests."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from wakeling.fuse import fuse
from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.ops import (
    Activation,
    Add,
    AveragePool2D,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    MaxPool2D,
    Mean,
    Mul,
    Pad,
    Padding,
    Reshape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
)

KINDS = (
    "conv",
    "conv",
    "depthwise",
    "depthwise",
    "pool",
    "pad",
    "add",
    "mul",
    "activation",
    "softmax",
    "concat",
    "slice",
    "transpose",
    "reshape",
    "mean",
    "dense",
)


@st.composite
def graphs(draw: st.DrawFn, *, most: int = 9, kinds: tuple[str, ...] = KINDS) -> Graph:
    """A fused graph of up to `most` operators on small images."""
    size = draw(st.tuples(st.integers(4, 8), st.integers(4, 8), st.integers(1, 3)))
    builder = GraphBuilder("random", size)
    made = [INPUT]
    for index in range(draw(st.integers(1, most))):
        # Mostly the newest tensor, so that chains are long and others wait.
        tensor = draw(st.sampled_from([*made, *made[-1:] * len(made)]))
        kind = draw(st.sampled_from(kinds))
        made.append(_append(draw, builder, kind, tensor, made, f"n{index}"))
    output = draw(st.sampled_from([made[-1]] * 3 + made[1:]))
    return fuse(builder.build(output)).graph


def _append(
    draw: st.DrawFn, builder: GraphBuilder, kind: str, tensor: str, made: list[str], name: str
) -> str:
    shape = builder.shape(tensor)
    if kind in ("add", "mul"):
        return _elementwise(draw, builder, kind, tensor, made, name)
    if kind == "softmax":
        return builder.append(Softmax(), tensor, name=name)
    if kind == "reshape":
        return builder.append(Reshape(shape=(math.prod(shape),)), tensor, name=name)
    if kind == "dense" and len(shape) == 1:
        return builder.append(Dense(units=draw(st.integers(1, 9))), tensor, name=name)
    if len(shape) != 3 or kind in ("activation", "dense"):
        return builder.append(Activation(kind="relu"), tensor, name=name)
    if kind == "mean":
        return builder.append(Mean(keep_dims=draw(st.booleans())), tensor, name=name)
    if kind == "transpose":
        return builder.append(Transpose(order=(1, 0, 2)), tensor, name=name)
    if kind == "concat":
        same = [other for other in made if builder.shape(other)[:-1] == shape[:-1]]
        others = draw(st.lists(st.sampled_from(same), min_size=1, max_size=2))
        return builder.append(Concat(axis=2), tensor, *others, name=name)
    if kind == "slice":
        begin = tuple(draw(st.integers(0, min(1, axis - 1))) for axis in shape[:2])
        steps = draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
        op = StridedSlice(begin=(*begin, 0), end=shape, strides=(*steps, 1))
        return builder.append(op, tensor, name=name)
    if kind == "pad":
        rows, columns = (draw(st.tuples(st.integers(0, 2), st.integers(0, 2))) for _ in range(2))
        channels = draw(st.sampled_from(((0, 0), (0, 0), (0, 0), (1, 0))))
        return builder.append(Pad(rows=rows, columns=columns, channels=channels), tensor, name=name)
    return builder.append(_windowed(draw, kind, shape), tensor, name=name)


def _elementwise(
    draw: st.DrawFn, builder: GraphBuilder, kind: str, tensor: str, made: list[str], name: str
) -> str:
    shape = builder.shape(tensor)
    fitting = [
        other for other in made if builder.shape(other) in (shape, (*(1,) * (len(shape) - 1), shape[-1]))
    ]
    other = draw(st.sampled_from(fitting))
    pair = (tensor, other) if draw(st.booleans()) else (other, tensor)
    if draw(st.integers(0, 4)) == 0:
        return builder.append(Sub(constant=(shape[-1],)), tensor, name=name)
    return builder.append(Add() if kind == "add" else Mul(), *pair, name=name)


def _windowed(
    draw: st.DrawFn, kind: str, shape: tuple[int, ...]
) -> Conv2D | DepthwiseConv2D | AveragePool2D | MaxPool2D:
    kernel = (draw(st.integers(1, min(4, shape[0]))), draw(st.integers(1, min(4, shape[1]))))
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    padding: Padding = draw(st.sampled_from(("same", "valid")))
    if kind == "conv":
        groups = draw(st.sampled_from((1, 1, 1, math.gcd(shape[2], 4))))
        filters = draw(st.integers(1, 6)) if groups == 1 else groups * draw(st.integers(1, 2))
        pointwise = draw(st.booleans())
        return Conv2D(
            filters=filters,
            groups=groups,
            kernel=(1, 1) if pointwise else kernel,
            stride=(1, 1) if pointwise else stride,
            padding=padding,
            use_bias=True,
        )
    if kind == "depthwise":
        multiplier = draw(st.sampled_from((1, 1, 1, 2)))
        return DepthwiseConv2D(
            kernel=kernel,
            stride=stride,
            padding=padding,
            use_bias=True,
            multiplier=multiplier,
            dilation=(2, 2) if padding == "same" and draw(st.integers(0, 4)) == 0 else (1, 1),
        )
    pool = AveragePool2D if draw(st.booleans()) else MaxPool2D
    return pool(pool=kernel, stride=stride, padding=padding)


@st.composite
def staged_graphs(draw: st.DrawFn) -> Graph:
    """Wide images first, with branches that meet again, then a narrow one: cutting into patches pays."""
    size = draw(st.tuples(st.integers(5, 9), st.integers(5, 9), st.integers(1, 2)))
    builder = GraphBuilder("staged", size)
    tensor = INPUT
    if draw(st.booleans()):
        tensor = builder.append(_windowed(draw, draw(st.sampled_from(("depthwise", "pool"))), size), tensor)
    wide = Conv2D(filters=draw(st.integers(4, 7)), kernel=(draw(st.sampled_from((1, 3))),) * 2)
    tensor = builder.append(wide, tensor)
    for _ in range(draw(st.integers(1, 3))):
        tensor = draw(st.sampled_from(SECTIONS))(draw, builder, tensor)
    tensor = builder.append(Conv2D(filters=1, kernel=(3, 3), stride=(2, 2)), tensor)
    height, width, _ = builder.shape(tensor)
    builder.append(AveragePool2D(pool=(height, width)), tensor)
    return fuse(builder.build()).graph


def _residual(draw: st.DrawFn, builder: GraphBuilder, tensor: str) -> str:
    kernel = (draw(st.sampled_from((1, 3, 5))), draw(st.sampled_from((1, 3))))
    other = builder.append(DepthwiseConv2D(kernel=kernel), tensor)
    pair = (tensor, other) if draw(st.booleans()) else (other, tensor)
    return builder.append(Add(), *pair)


def _branches(draw: st.DrawFn, builder: GraphBuilder, tensor: str) -> str:
    left = builder.append(Conv2D(filters=2, kernel=(3, 1)), tensor)
    right = builder.append(MaxPool2D(pool=(2, 3), padding="same"), tensor)
    return builder.append(Concat(axis=2), left, right)


def _padded(draw: st.DrawFn, builder: GraphBuilder, tensor: str) -> str:
    rows, columns = (draw(st.tuples(st.integers(0, 2), st.integers(0, 2))) for _ in range(2))
    padded = builder.append(Pad(rows=rows, columns=columns), tensor)
    kernel = (min(3, builder.shape(padded)[0]), min(3, builder.shape(padded)[1]))
    return builder.append(DepthwiseConv2D(kernel=kernel, padding="valid"), padded)


def _in_place(draw: st.DrawFn, builder: GraphBuilder, tensor: str) -> str:
    kernel = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    return builder.append(DepthwiseConv2D(kernel=kernel), builder.append(Activation(kind="relu"), tensor))


def _narrowing(draw: st.DrawFn, builder: GraphBuilder, tensor: str) -> str:
    kernel = (min(2, builder.shape(tensor)[0]), min(2, builder.shape(tensor)[1]))
    return builder.append(DepthwiseConv2D(kernel=kernel, padding="valid"), tensor)


def _growing(draw: st.DrawFn, builder: GraphBuilder, tensor: str) -> str:
    """A pointwise convolution that may grow over a tensor of which another reader may need more."""
    channels = builder.shape(tensor)[2]
    kernel = (draw(st.sampled_from((1, 3))), draw(st.sampled_from((1, 3))))
    other = builder.append(DepthwiseConv2D(kernel=kernel), tensor) if draw(st.booleans()) else None
    wide = Conv2D(filters=draw(st.integers(channels, channels + 3)), kernel=(1, 1))
    tensor = builder.append(wide, tensor)
    return tensor if other is None else builder.append(Concat(axis=2), tensor, other)


def _standard(draw: st.DrawFn, builder: GraphBuilder, tensor: str) -> str:
    """A convolution that works in place through a ring on whole images."""
    kernel = (draw(st.integers(1, 3)), draw(st.integers(2, 3)))
    filters = draw(st.integers(1, builder.shape(tensor)[2]))
    return builder.append(Conv2D(filters=filters, kernel=kernel), tensor)


SECTIONS = (_residual, _branches, _padded, _in_place, _narrowing, _growing, _standard)
