"""DenseNet-121: Huang et al. 2017, arXiv:1608.06993, table 1.

A batch norm stands before its convolution and reads what others read too, so it cannot fold: it stays
a factor and an offset for each value when the network is deployed.
"""

from __future__ import annotations

from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.zoo.layers import (
    TORCH_EPSILON,
    activate,
    average_pool,
    batch_norm,
    concat,
    conv,
    dense,
    global_pool,
    max_pool,
)

LAYERS = (6, 12, 24, 16)
"""Dense layers of each block."""

GROWTH = 32
"""Channels that each dense layer adds."""

BOTTLENECK = 4 * GROWTH
"""Channels between a dense layer's 1×1 and its 3×3 convolution."""


def densenet_121(*, deployed: bool = False) -> Graph:
    """DenseNet-121 on a 224×224×3 image; logits of 1000 classes."""
    builder = GraphBuilder("densenet-121", (224, 224, 3), deployed=deployed)
    x = conv(builder, INPUT, 2 * GROWTH, 7, stride=2, activation="relu", norm=TORCH_EPSILON, name="conv0")
    x = max_pool(builder, x, 3, stride=2, margin=1, name="pool0")
    for block, count in enumerate(LAYERS, start=1):
        features = [x]
        for index in range(1, count + 1):
            features.append(_dense_layer(builder, features, f"block{block}_{index}"))
        x = concat(builder, *features, name=f"block{block}")
        if block < len(LAYERS):
            x = _transition(builder, x, f"transition{block}")
    x = _norm_relu(builder, x, "norm5")
    x = global_pool(builder, x, name="pool5")
    return builder.build(dense(builder, x, 1000, name="classifier"))


def _norm_relu(builder: GraphBuilder, x: str, name: str) -> str:
    return activate(builder, batch_norm(builder, x, name=name), "relu", name)


def _dense_layer(builder: GraphBuilder, features: list[str], name: str) -> str:
    """New channels from all that came before in the block."""
    x = concat(builder, *features, name=f"{name}_concat") if len(features) > 1 else features[0]
    x = _norm_relu(builder, x, f"{name}_norm1")
    x = conv(builder, x, BOTTLENECK, 1, activation="relu", norm=TORCH_EPSILON, name=f"{name}_conv1")
    return conv(builder, x, GROWTH, 3, bias=False, name=f"{name}_conv2")


def _transition(builder: GraphBuilder, x: str, name: str) -> str:
    """Half the channels, half the sides."""
    x = _norm_relu(builder, x, f"{name}_norm")
    x = conv(builder, x, builder.shape(x)[2] // 2, 1, bias=False, name=f"{name}_conv")
    return average_pool(builder, x, 2, stride=2, name=f"{name}_pool")
