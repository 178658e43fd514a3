"""GoogLeNet: Szegedy et al. 2015, arXiv:1409.4842, table 1, as torchvision has it.

torchvision (after TensorFlow's slim) puts batch norms in and makes the 5×5 convolutions 3×3. The two
auxiliary classifiers are left out: they exist in training only, and the published count has none.
"""

from __future__ import annotations

from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.zoo.layers import concat, conv, dense, global_pool, max_pool, max_pool_ceil

EPSILON = 1e-3

STAGES = (
    ((64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)),
    (
        (192, 96, 208, 16, 48, 64),
        (160, 112, 224, 24, 64, 64),
        (128, 128, 256, 24, 64, 64),
        (112, 144, 288, 32, 64, 64),
        (256, 160, 320, 32, 128, 128),
    ),
    ((256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)),
)
"""Modules 3a to 5b: (1×1, 3×3 reduced, 3×3, 5×5 reduced, 5×5, pooled) channels of the four branches."""


def googlenet(*, deployed: bool = False) -> Graph:
    """GoogLeNet on a 224×224×3 image; logits of 1000 classes."""
    builder = GraphBuilder("googlenet", (224, 224, 3), deployed=deployed)
    x = _conv(builder, INPUT, 64, 7, "conv1", stride=2)
    x = max_pool_ceil(builder, x, 3, stride=2, name="pool1")
    x = _conv(builder, x, 64, 1, "conv2_reduce")
    x = _conv(builder, x, 192, 3, "conv2")
    x = max_pool_ceil(builder, x, 3, stride=2, name="pool2")
    for stage, modules in enumerate(STAGES, start=3):
        for letter, channels in zip("abcde", modules, strict=False):
            x = _inception(builder, x, channels, f"inception{stage}{letter}")
        if stage < 5:
            x = max_pool_ceil(builder, x, 3 if stage == 3 else 2, stride=2, name=f"pool{stage}")
    x = global_pool(builder, x, name="pool5")
    return builder.build(dense(builder, x, 1000, name="fc"))


def _conv(builder: GraphBuilder, x: str, filters: int, kernel: int, name: str, stride: int = 1) -> str:
    return conv(builder, x, filters, kernel, stride=stride, activation="relu", norm=EPSILON, name=name)


def _inception(builder: GraphBuilder, x: str, channels: tuple[int, ...], name: str) -> str:
    one, three_reduced, three, five_reduced, five, pooled = channels
    branch1 = _conv(builder, x, one, 1, f"{name}_branch1")
    branch2 = _conv(builder, x, three_reduced, 1, f"{name}_branch2_reduce")
    branch2 = _conv(builder, branch2, three, 3, f"{name}_branch2")
    branch3 = _conv(builder, x, five_reduced, 1, f"{name}_branch3_reduce")
    branch3 = _conv(builder, branch3, five, 3, f"{name}_branch3")
    branch4 = max_pool(builder, x, 3, stride=1, margin=1, name=f"{name}_pool")
    branch4 = _conv(builder, branch4, pooled, 1, f"{name}_branch4")
    return concat(builder, branch1, branch2, branch3, branch4, name=name)
