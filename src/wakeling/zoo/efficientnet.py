"""EfficientNet-B0: Tan and Le 2019, arXiv:1905.11946, table 1, with torchvision's padding."""

from __future__ import annotations

from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.zoo.inverted_residual import SqueezeExcite, inverted_residual
from wakeling.zoo.layers import TORCH_EPSILON, conv, dense, global_pool

STAGES = (
    (1, 16, 1, 3, 1),
    (6, 24, 2, 3, 2),
    (6, 40, 2, 5, 2),
    (6, 80, 3, 3, 2),
    (6, 112, 3, 5, 1),
    (6, 192, 4, 5, 2),
    (6, 320, 1, 3, 1),
)
"""(expansion, channels, blocks, kernel, stride of the first block) of each stage."""

SQUEEZE_DIVISOR = 4
"""Squeeze and excite has a quarter of a block's input channels (not of the expanded ones)."""


def efficientnet_b0(*, deployed: bool = False) -> Graph:
    """EfficientNet-B0 on a 224×224×3 image; logits of 1000 classes."""
    builder = GraphBuilder("efficientnet-b0", (224, 224, 3), deployed=deployed)
    x = conv(builder, INPUT, 32, 3, stride=2, activation="swish", norm=TORCH_EPSILON, name="conv0")
    for stage, (expansion, filters, count, kernel, first_stride) in enumerate(STAGES, start=1):
        for index in range(1, count + 1):
            channels = builder.shape(x)[2]
            x = inverted_residual(
                builder,
                x,
                expanded=expansion * channels,
                filters=filters,
                kernel=kernel,
                stride=first_stride if index == 1 else 1,
                activation="swish",
                squeeze=SqueezeExcite(
                    channels=channels // SQUEEZE_DIVISOR, activation="swish", gate="sigmoid"
                ),
                name=f"stage{stage}_{index}",
            )
    x = conv(builder, x, 1280, 1, activation="swish", norm=TORCH_EPSILON, name="conv_last")
    return builder.build(dense(builder, global_pool(builder, x, name="pool"), 1000, name="fc"))
