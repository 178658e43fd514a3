"""MNASNet 1.0 (B1): Tan et al. 2019, arXiv:1807.11626, figure 7 without squeeze and excite."""

from __future__ import annotations

from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.zoo.inverted_residual import inverted_residual
from wakeling.zoo.layers import TORCH_EPSILON, conv, dense, depthwise, mean

STAGES = (
    (3, 24, 3, 3, 2),
    (3, 40, 3, 5, 2),
    (6, 80, 3, 5, 2),
    (6, 96, 2, 3, 1),
    (6, 192, 4, 5, 2),
    (6, 320, 1, 3, 1),
)
"""(expansion, channels, blocks, kernel, stride of the first block) of each stage."""


def mnasnet_1_0(*, deployed: bool = False) -> Graph:
    """MNASNet of width 1 on a 224×224×3 image; logits of 1000 classes."""
    builder = GraphBuilder("mnasnet-1.0", (224, 224, 3), deployed=deployed)
    x = conv(builder, INPUT, 32, 3, stride=2, activation="relu", norm=TORCH_EPSILON, name="conv0")
    x = depthwise(builder, x, 3, activation="relu", name="separable_depthwise")
    x = conv(builder, x, 16, 1, norm=TORCH_EPSILON, name="separable_project")
    for stage, (expansion, filters, count, kernel, first_stride) in enumerate(STAGES, start=1):
        for index in range(1, count + 1):
            x = inverted_residual(
                builder,
                x,
                expanded=expansion * builder.shape(x)[2],
                filters=filters,
                kernel=kernel,
                stride=first_stride if index == 1 else 1,
                activation="relu",
                name=f"stage{stage}_{index}",
            )
    x = conv(builder, x, 1280, 1, activation="relu", norm=TORCH_EPSILON, name="conv_last")
    return builder.build(dense(builder, mean(builder, x, name="pool"), 1000, name="fc"))
