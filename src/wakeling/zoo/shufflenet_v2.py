"""ShuffleNetV2 x1.0: Ma et al. 2018, arXiv:1807.11164, table 5, with torchvision's padding."""

from __future__ import annotations

from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.ops import Reshape, StridedSlice, Transpose
from wakeling.zoo.layers import TORCH_EPSILON, concat, conv, dense, depthwise, max_pool, mean

STAGES = ((116, 4), (232, 8), (464, 4))
"""(channels, units) of stages 2 to 4."""

GROUPS = 2
"""Branches of a unit, whose channels are shuffled."""


def shufflenet_v2_x1_0(*, deployed: bool = False) -> Graph:
    """ShuffleNetV2 of width 1 on a 224×224×3 image; logits of 1000 classes."""
    builder = GraphBuilder("shufflenet-v2-x1.0", (224, 224, 3), deployed=deployed)
    x = _conv(builder, INPUT, 24, 3, "conv1", stride=2)
    x = max_pool(builder, x, 3, stride=2, margin=1, name="pool1")
    for stage, (channels, count) in enumerate(STAGES, start=2):
        x = _halving_unit(builder, x, channels, f"stage{stage}_1")
        for index in range(2, count + 1):
            x = _unit(builder, x, f"stage{stage}_{index}")
    x = _conv(builder, x, 1024, 1, "conv5")
    return builder.build(dense(builder, mean(builder, x, name="pool"), 1000, name="fc"))


def _conv(builder: GraphBuilder, x: str, filters: int, kernel: int, name: str, stride: int = 1) -> str:
    return conv(builder, x, filters, kernel, stride=stride, activation="relu", norm=TORCH_EPSILON, name=name)


def _branch(builder: GraphBuilder, x: str, filters: int, stride: int, name: str) -> str:
    x = _conv(builder, x, filters, 1, f"{name}_a")
    x = depthwise(builder, x, 3, stride=stride, name=f"{name}_b")
    return _conv(builder, x, filters, 1, f"{name}_c")


def _unit(builder: GraphBuilder, x: str, name: str) -> str:
    """Figure 3 (c) of the paper: one half of the channels passes, the other is convolved."""
    height, width, channels = builder.shape(x)
    half = channels // 2
    kept = _slice(builder, x, (height, width), 0, half, f"{name}_kept")
    changed = _slice(builder, x, (height, width), half, channels, f"{name}_changed")
    changed = _branch(builder, changed, half, 1, f"{name}_branch")
    return _shuffle(builder, concat(builder, kept, changed, name=f"{name}_concat"), name)


def _halving_unit(builder: GraphBuilder, x: str, channels: int, name: str) -> str:
    """Figure 3 (d) of the paper: both branches are convolved at stride 2."""
    left = depthwise(builder, x, 3, stride=2, name=f"{name}_left_a")
    left = _conv(builder, left, channels // 2, 1, f"{name}_left_b")
    right = _branch(builder, x, channels // 2, 2, f"{name}_right")
    return _shuffle(builder, concat(builder, left, right, name=f"{name}_concat"), name)


def _slice(builder: GraphBuilder, x: str, size: tuple[int, int], begin: int, end: int, name: str) -> str:
    op = StridedSlice(begin=(0, 0, begin), end=(*size, end), strides=(1, 1, 1))
    return builder.append(op, x, name=name)


def _shuffle(builder: GraphBuilder, x: str, name: str) -> str:
    """The channels of both branches in turn."""
    height, width, channels = builder.shape(x)
    x = builder.append(Reshape(shape=(height, width, GROUPS, channels // GROUPS)), x, name=f"{name}_split")
    x = builder.append(Transpose(order=(0, 1, 3, 2)), x, name=f"{name}_swap")
    return builder.append(Reshape(shape=(height, width, channels)), x, name=f"{name}_shuffle")
