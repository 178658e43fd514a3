"""Inception v3: Szegedy et al. 2016, arXiv:1512.00567, as torchvision has it, and its auxiliary head."""

from __future__ import annotations

from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.zoo.inception_layers import chain, inception_conv
from wakeling.zoo.layers import average_pool, concat, dense, global_pool, max_pool


def inception_v3(*, deployed: bool = False) -> Graph:
    """Inception v3 on a 299×299×3 image; logits of 1000 classes, without the auxiliary head."""
    builder = GraphBuilder("inception-v3", (299, 299, 3), deployed=deployed)
    x = inception_conv(builder, INPUT, 32, 3, "conv1a", stride=2)
    x = inception_conv(builder, x, 32, 3, "conv2a", margin=0)
    x = inception_conv(builder, x, 64, 3, "conv2b")
    x = max_pool(builder, x, 3, stride=2, name="pool1")
    x = inception_conv(builder, x, 80, 1, "conv3b")
    x = inception_conv(builder, x, 192, 3, "conv4a", margin=0)
    x = max_pool(builder, x, 3, stride=2, name="pool2")
    for letter, pooled in zip("bcd", (32, 64, 64), strict=True):
        x = _module_35(builder, x, pooled, f"mixed5{letter}")
    x = _reduction_35(builder, x, "mixed6a")
    for letter, filters in zip("bcde", (128, 160, 160, 192), strict=True):
        x = _module_17(builder, x, filters, f"mixed6{letter}")
    x = _reduction_17(builder, x, "mixed7a")
    for letter in "bc":
        x = _module_8(builder, x, f"mixed7{letter}")
    x = global_pool(builder, x, name="pool3")
    return builder.build(dense(builder, x, 1000, name="fc"))


def auxiliary_head(*, deployed: bool = False) -> Graph:
    """The classifier on the last 17×17×768 tensor (mixed6e) that only training has."""
    builder = GraphBuilder("inception-v3-auxiliary", (17, 17, 768), deployed=deployed)
    x = average_pool(builder, INPUT, 5, stride=3, name="pool")
    x = inception_conv(builder, x, 128, 1, "conv0")
    x = inception_conv(builder, x, 768, 5, "conv1", margin=0)
    x = global_pool(builder, x, name="global_pool")
    return builder.build(dense(builder, x, 1000, name="fc"))


def _pooled(builder: GraphBuilder, x: str, filters: int, name: str) -> str:
    x = average_pool(builder, x, 3, stride=1, margin=1, name=f"{name}_pool")
    return inception_conv(builder, x, filters, 1, f"{name}_pooled")


def _module_35(builder: GraphBuilder, x: str, pooled: int, name: str) -> str:
    """Figure 5 of the paper, a 5×5 kept."""
    one = inception_conv(builder, x, 64, 1, f"{name}_one")
    five = chain(builder, x, ((48, 1), (64, 5)), f"{name}_five")
    double = chain(builder, x, ((64, 1), (96, 3), (96, 3)), f"{name}_double")
    return concat(builder, one, five, double, _pooled(builder, x, pooled, name), name=name)


def _reduction_35(builder: GraphBuilder, x: str, name: str) -> str:
    three = inception_conv(builder, x, 384, 3, f"{name}_three", stride=2)
    double = chain(builder, x, ((64, 1), (96, 3)), f"{name}_double")
    double = inception_conv(builder, double, 96, 3, f"{name}_double_3", stride=2)
    return concat(builder, three, double, max_pool(builder, x, 3, stride=2, name=f"{name}_pool"), name=name)


def _module_17(builder: GraphBuilder, x: str, filters: int, name: str) -> str:
    """Figure 6 of the paper with n = 7."""
    row, column = (1, 7), (7, 1)
    one = inception_conv(builder, x, 192, 1, f"{name}_one")
    seven = chain(builder, x, ((filters, 1), (filters, row), (192, column)), f"{name}_seven")
    steps = ((filters, 1), (filters, column), (filters, row), (filters, column), (192, row))
    double = chain(builder, x, steps, f"{name}_double")
    return concat(builder, one, seven, double, _pooled(builder, x, 192, name), name=name)


def _reduction_17(builder: GraphBuilder, x: str, name: str) -> str:
    three = inception_conv(builder, x, 192, 1, f"{name}_three_1")
    three = inception_conv(builder, three, 320, 3, f"{name}_three_2", stride=2)
    seven = chain(builder, x, ((192, 1), (192, (1, 7)), (192, (7, 1))), f"{name}_seven")
    seven = inception_conv(builder, seven, 192, 3, f"{name}_seven_4", stride=2)
    return concat(builder, three, seven, max_pool(builder, x, 3, stride=2, name=f"{name}_pool"), name=name)


def _module_8(builder: GraphBuilder, x: str, name: str) -> str:
    """Figure 7 of the paper."""
    one = inception_conv(builder, x, 320, 1, f"{name}_one")
    three = _split(builder, inception_conv(builder, x, 384, 1, f"{name}_three"), f"{name}_three")
    double = chain(builder, x, ((448, 1), (384, 3)), f"{name}_double")
    double = _split(builder, double, f"{name}_double")
    return concat(builder, one, three, double, _pooled(builder, x, 192, name), name=name)


def _split(builder: GraphBuilder, x: str, name: str) -> str:
    """A 1×3 and a 3×1 convolution side by side."""
    row = inception_conv(builder, x, 384, (1, 3), f"{name}_row")
    column = inception_conv(builder, x, 384, (3, 1), f"{name}_column")
    return concat(builder, row, column, name=f"{name}_split")
