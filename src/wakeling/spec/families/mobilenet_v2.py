"""MobileNetV2: Sandler et al. 2018, arXiv:1801.04381, table 2."""

from __future__ import annotations

from wakeling.spec.blocks import Block, ClassifierHead, InvertedResidual, StandardConv
from wakeling.spec.families.knobs import check_knobs, network_name, repeats
from wakeling.spec.network import Network

FIRST_FILTERS = 32
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""(expansion, channels at α = 1, blocks, stride of the first block) of each stage."""

LAST_FILTERS = 1280
"""Channels of the last 1×1 convolution; α < 1 does not shrink them (section 6.1 of the paper)."""


def scale_filters(filters: float, alpha: float, divisor: int = 8) -> int:
    """Channels at width multiplier α: the nearest multiple of 8, never more than 10 % less.

    Source: tensorflow/models research/slim/nets/mobilenet/mobilenet.py, `_make_divisible`.
    """
    exact = filters * alpha
    rounded = max(divisor, int(exact + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * exact else rounded


def mobilenet_v2(
    *,
    alpha: float = 1.0,
    resolution: int = 224,
    channels: int = 3,
    classes: int = 2,
    depth: float = 1.0,
) -> Network:
    """MobileNetV2 of width α on a square image; `depth` multiplies each stage's blocks.

    Depth 1 is the paper's network; other depths round the blocks of a stage up. Raises SpecError.
    """
    knobs = check_knobs(alpha=alpha, resolution=resolution, channels=channels, classes=classes, depth=depth)
    blocks: list[Block] = [StandardConv(filters=scale_filters(FIRST_FILTERS, alpha), stride=2)]
    for expansion, filters, count, stride in STAGES:
        for index in range(repeats(count, depth)):
            blocks.append(
                InvertedResidual(
                    filters=scale_filters(filters, alpha),
                    stride=stride if index == 0 else 1,
                    expansion=expansion,
                )
            )
    blocks.append(StandardConv(filters=scale_filters(LAST_FILTERS, max(1.0, alpha)), kernel=1))
    return Network(
        name=network_name("mobilenet_v2", knobs),
        resolution=resolution,
        channels=channels,
        blocks=(*blocks, ClassifierHead(classes=classes)),
        family="mobilenet_v2",
        knobs=knobs,
    )
