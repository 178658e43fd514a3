"""MobileNetV1: Howard et al. 2017, arXiv:1704.04861, table 1."""

from __future__ import annotations

from wakeling.spec.blocks import Block, ClassifierHead, DepthwiseSeparable, StandardConv
from wakeling.spec.families.knobs import check_knobs, network_name, repeats
from wakeling.spec.network import Network

FIRST_FILTERS = 32
STAGES = ((64, 1, 1), (128, 2, 2), (256, 2, 2), (512, 6, 2), (1024, 2, 2))
"""(channels at α = 1, blocks, stride of the first block) of each stage."""

MIN_FILTERS = 8
"""slim's `min_depth`; it matters for α below 0.25 only."""


def scale_filters(filters: int, alpha: float) -> int:
    """Channels at width multiplier α: cut to a whole number and at least 8, as slim has it.

    Source: tensorflow/models research/slim/nets/mobilenet_v1.py, `depth`.
    """
    return max(int(filters * alpha), MIN_FILTERS)


def mobilenet_v1(
    *,
    alpha: float = 1.0,
    resolution: int = 224,
    channels: int = 3,
    classes: int = 2,
    depth: float = 1.0,
) -> Network:
    """MobileNetV1 of width α on a square image; `depth` multiplies each stage's blocks.

    Depth 1 is the paper's network; other depths round the blocks of a stage up. Raises SpecError.
    """
    knobs = check_knobs(alpha=alpha, resolution=resolution, channels=channels, classes=classes, depth=depth)
    blocks: list[Block] = [StandardConv(filters=scale_filters(FIRST_FILTERS, alpha), stride=2)]
    for filters, count, stride in STAGES:
        for index in range(repeats(count, depth)):
            width = scale_filters(filters, alpha)
            blocks.append(DepthwiseSeparable(filters=width, stride=stride if index == 0 else 1))
    return Network(
        name=network_name("mobilenet_v1", knobs),
        resolution=resolution,
        channels=channels,
        blocks=(*blocks, ClassifierHead(classes=classes)),
        family="mobilenet_v1",
        knobs=knobs,
    )
