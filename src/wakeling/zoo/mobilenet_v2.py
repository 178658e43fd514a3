"""MobileNetV2: Sandler et al. 2018, arXiv:1801.04381, table 2, with torchvision's padding."""

from __future__ import annotations

from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.spec.families.mobilenet_v2 import FIRST_FILTERS, LAST_FILTERS, STAGES
from wakeling.zoo.inverted_residual import inverted_residual
from wakeling.zoo.layers import TORCH_EPSILON, conv, dense, global_pool


def mobilenet_v2(*, deployed: bool = False) -> Graph:
    """MobileNetV2 of width 1 on a 224×224×3 image; logits of 1000 classes."""
    builder = GraphBuilder("mobilenet-v2-1.0-224", (224, 224, 3), deployed=deployed)
    x = conv(builder, INPUT, FIRST_FILTERS, 3, stride=2, activation="relu6", norm=TORCH_EPSILON, name="conv0")
    for stage, (expansion, filters, count, first_stride) in enumerate(STAGES, start=1):
        for index in range(1, count + 1):
            x = inverted_residual(
                builder,
                x,
                expanded=expansion * builder.shape(x)[2],
                filters=filters,
                stride=first_stride if index == 1 else 1,
                activation="relu6",
                name=f"stage{stage}_{index}",
            )
    x = conv(builder, x, LAST_FILTERS, 1, activation="relu6", norm=TORCH_EPSILON, name="conv_last")
    return builder.build(dense(builder, global_pool(builder, x, name="pool"), 1000, name="fc"))
