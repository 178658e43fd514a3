"""VGG: Simonyan and Zisserman 2015, arXiv:1409.1556, table 1, without batch norm."""

from __future__ import annotations

from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.zoo.layers import conv, dense, max_pool

STAGES = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
"""3×3 convolutions of each stage, by the number of layers with weights (columns A, B, D and E)."""

FILTERS = (64, 128, 256, 512, 512)
"""Channels of each stage."""


def vgg(layers: int, *, deployed: bool = False) -> Graph:
    """VGG with 11, 13, 16 or 19 layers on a 224×224×3 image; logits of 1000 classes."""
    builder = GraphBuilder(f"vgg-{layers}", (224, 224, 3), deployed=deployed)
    x = INPUT
    for stage, (count, filters) in enumerate(zip(STAGES[layers], FILTERS, strict=True), start=1):
        for index in range(1, count + 1):
            x = conv(builder, x, filters, 3, activation="relu", name=f"conv{stage}_{index}")
        x = max_pool(builder, x, 2, stride=2, name=f"pool{stage}")
    x = dense(builder, x, 4096, activation="relu", name="fc6")
    x = dense(builder, x, 4096, activation="relu", name="fc7")
    return builder.build(dense(builder, x, 1000, name="fc8"))
