"""ResNet: He et al. 2016, arXiv:1512.03385, table 1; the stride sits on the 3×3, as torchvision has it."""

from __future__ import annotations

from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.zoo.layers import TORCH_EPSILON, add, conv, dense, global_pool, max_pool

BLOCKS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
"""Residual blocks of each stage, by the number of layers with weights."""

FILTERS = (64, 128, 256, 512)
"""Channels of the 3×3 convolutions of each stage."""

EXPANSION = 4
"""A bottleneck's output has so many times the channels of its 3×3 convolution."""


def resnet(layers: int, *, deployed: bool = False) -> Graph:
    """ResNet with 18, 34 (basic blocks), 50, 101 or 152 (bottlenecks) layers, 224×224×3 to logits."""
    builder = GraphBuilder(f"resnet-{layers}", (224, 224, 3), deployed=deployed)
    block = _bottleneck if layers >= 50 else _basic
    x = conv(builder, INPUT, 64, 7, stride=2, activation="relu", norm=TORCH_EPSILON, name="conv1")
    x = max_pool(builder, x, 3, stride=2, margin=1, name="pool1")
    for stage, (count, filters) in enumerate(zip(BLOCKS[layers], FILTERS, strict=True), start=2):
        for index in range(1, count + 1):
            stride = 2 if index == 1 and stage > 2 else 1
            x = block(builder, x, filters, stride, f"conv{stage}_{index}")
    x = global_pool(builder, x, name="pool5")
    return builder.build(dense(builder, x, 1000, name="fc"))


def _basic(builder: GraphBuilder, source: str, filters: int, stride: int, name: str) -> str:
    x = conv(
        builder, source, filters, 3, stride=stride, activation="relu", norm=TORCH_EPSILON, name=f"{name}_a"
    )
    x = conv(builder, x, filters, 3, norm=TORCH_EPSILON, name=f"{name}_b")
    return _joined(builder, source, x, stride, name)


def _bottleneck(builder: GraphBuilder, source: str, filters: int, stride: int, name: str) -> str:
    x = conv(builder, source, filters, 1, activation="relu", norm=TORCH_EPSILON, name=f"{name}_a")
    x = conv(builder, x, filters, 3, stride=stride, activation="relu", norm=TORCH_EPSILON, name=f"{name}_b")
    x = conv(builder, x, EXPANSION * filters, 1, norm=TORCH_EPSILON, name=f"{name}_c")
    return _joined(builder, source, x, stride, name)


def _joined(builder: GraphBuilder, source: str, x: str, stride: int, name: str) -> str:
    """Input plus branch, rectified; a 1×1 convolution adapts the input where the shapes differ."""
    shape = builder.shape(x)
    if builder.shape(source) != shape:
        source = conv(
            builder, source, shape[2], 1, stride=stride, norm=TORCH_EPSILON, name=f"{name}_shortcut"
        )
    return add(builder, x, source, activation="relu", name=f"{name}_add")
