"""SqueezeNet 1.0 and 1.1: Iandola et al. 2016, arXiv:1602.07360, and its authors' cheaper revision."""

from __future__ import annotations

from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.zoo.layers import concat, conv, flatten, global_pool, max_pool_ceil

FIRES = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))
"""(squeezed channels, channels of each of the two expansions) of fire modules 2 to 9."""

POOLED_BEFORE = {"1.0": (2, 5, 9), "1.1": (2, 4, 6)}
"""The fire modules that a max pooling stands before."""

FIRST = {"1.0": (96, 7), "1.1": (64, 3)}
"""Filters and kernel of the first convolution."""


def squeezenet(version: str, *, deployed: bool = False) -> Graph:
    """SqueezeNet `1.0` or `1.1` on a 224×224×3 image; logits of 1000 classes, rectified."""
    builder = GraphBuilder(f"squeezenet-{version}", (224, 224, 3), deployed=deployed)
    filters, kernel = FIRST[version]
    x = conv(builder, INPUT, filters, kernel, stride=2, margin=0, activation="relu", name="conv1")
    for index, (squeezed, expanded) in enumerate(FIRES, start=2):
        if index in POOLED_BEFORE[version]:
            x = max_pool_ceil(builder, x, 3, stride=2, name=f"pool{index - 1}")
        x = _fire(builder, x, squeezed, expanded, f"fire{index}")
    x = conv(builder, x, 1000, 1, activation="relu", name="conv10")
    x = global_pool(builder, x, name="pool10")
    return builder.build(flatten(builder, x, name="logits"))


def _fire(builder: GraphBuilder, x: str, squeezed: int, expanded: int, name: str) -> str:
    """Squeeze the channels by 1×1, expand them by 1×1 and 3×3 side by side."""
    x = conv(builder, x, squeezed, 1, activation="relu", name=f"{name}_squeeze")
    one = conv(builder, x, expanded, 1, activation="relu", name=f"{name}_expand1")
    three = conv(builder, x, expanded, 3, activation="relu", name=f"{name}_expand3")
    return concat(builder, one, three, name=name)
