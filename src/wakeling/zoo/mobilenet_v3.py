"""MobileNetV3: Howard et al. 2019, arXiv:1905.02244, tables 1 and 2, with torchvision's padding."""

from __future__ import annotations

from typing import NamedTuple

from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.ops import PointwiseKind
from wakeling.spec.families.mobilenet_v2 import scale_filters
from wakeling.zoo.inverted_residual import SqueezeExcite, inverted_residual
from wakeling.zoo.layers import conv, dense, global_pool

EPSILON = 1e-3
SQUEEZE = 0.25
"""Channels of squeeze and excite, as a part of the expanded ones (rounded to multiples of 8)."""


class Row(NamedTuple):
    """A row of the paper's tables: kernel, expanded and output channels, SE, non-linearity, stride."""

    kernel: int
    expanded: int
    filters: int
    squeezed: bool
    activation: PointwiseKind
    stride: int


LARGE = (
    Row(3, 16, 16, False, "relu", 1),
    Row(3, 64, 24, False, "relu", 2),
    Row(3, 72, 24, False, "relu", 1),
    Row(5, 72, 40, True, "relu", 2),
    Row(5, 120, 40, True, "relu", 1),
    Row(5, 120, 40, True, "relu", 1),
    Row(3, 240, 80, False, "hard_swish", 2),
    Row(3, 200, 80, False, "hard_swish", 1),
    Row(3, 184, 80, False, "hard_swish", 1),
    Row(3, 184, 80, False, "hard_swish", 1),
    Row(3, 480, 112, True, "hard_swish", 1),
    Row(3, 672, 112, True, "hard_swish", 1),
    Row(5, 672, 160, True, "hard_swish", 2),
    Row(5, 960, 160, True, "hard_swish", 1),
    Row(5, 960, 160, True, "hard_swish", 1),
)
SMALL = (
    Row(3, 16, 16, True, "relu", 2),
    Row(3, 72, 24, False, "relu", 2),
    Row(3, 88, 24, False, "relu", 1),
    Row(5, 96, 40, True, "hard_swish", 2),
    Row(5, 240, 40, True, "hard_swish", 1),
    Row(5, 240, 40, True, "hard_swish", 1),
    Row(5, 120, 48, True, "hard_swish", 1),
    Row(5, 144, 48, True, "hard_swish", 1),
    Row(5, 288, 96, True, "hard_swish", 2),
    Row(5, 576, 96, True, "hard_swish", 1),
    Row(5, 576, 96, True, "hard_swish", 1),
)


def mobilenet_v3_large(*, deployed: bool = False) -> Graph:
    """MobileNetV3-Large of width 1 on a 224×224×3 image; logits of 1000 classes."""
    return _mobilenet_v3("mobilenet-v3-large", LARGE, 1280, deployed)


def mobilenet_v3_small(*, deployed: bool = False) -> Graph:
    """MobileNetV3-Small of width 1 on a 224×224×3 image; logits of 1000 classes."""
    return _mobilenet_v3("mobilenet-v3-small", SMALL, 1024, deployed)


def _mobilenet_v3(name: str, rows: tuple[Row, ...], units: int, deployed: bool) -> Graph:
    builder = GraphBuilder(name, (224, 224, 3), deployed=deployed)
    x = conv(builder, INPUT, 16, 3, stride=2, activation="hard_swish", norm=EPSILON, name="conv0")
    for index, row in enumerate(rows, start=1):
        squeeze = SqueezeExcite(
            channels=scale_filters(row.expanded, SQUEEZE), activation="relu", gate="hard_sigmoid"
        )
        x = inverted_residual(
            builder,
            x,
            expanded=row.expanded,
            filters=row.filters,
            kernel=row.kernel,
            stride=row.stride,
            activation=row.activation,
            squeeze=squeeze if row.squeezed else None,
            norm=EPSILON,
            name=f"block{index}",
        )
    last = 6 * builder.shape(x)[2]
    x = conv(builder, x, last, 1, activation="hard_swish", norm=EPSILON, name="conv_last")
    x = dense(builder, global_pool(builder, x, name="pool"), units, activation="hard_swish", name="fc1")
    return builder.build(dense(builder, x, 1000, name="fc2"))
