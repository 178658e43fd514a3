"""AlexNet: Krizhevsky 2014, arXiv:1404.5997 ("one weird trick"), the variant that torchvision has."""

from __future__ import annotations

from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.zoo.layers import conv, dense, max_pool


def alexnet(*, deployed: bool = False) -> Graph:
    """Five convolutions and three dense layers on a 224×224×3 image; logits of 1000 classes."""
    builder = GraphBuilder("alexnet", (224, 224, 3), deployed=deployed)
    x = conv(builder, INPUT, 64, 11, stride=4, margin=2, activation="relu", name="conv1")
    x = max_pool(builder, x, 3, stride=2, name="pool1")
    x = conv(builder, x, 192, 5, activation="relu", name="conv2")
    x = max_pool(builder, x, 3, stride=2, name="pool2")
    x = conv(builder, x, 384, 3, activation="relu", name="conv3")
    x = conv(builder, x, 256, 3, activation="relu", name="conv4")
    x = conv(builder, x, 256, 3, activation="relu", name="conv5")
    x = max_pool(builder, x, 3, stride=2, name="pool5")
    x = dense(builder, x, 4096, activation="relu", name="fc6")
    x = dense(builder, x, 4096, activation="relu", name="fc7")
    return builder.build(dense(builder, x, 1000, name="fc8"))
