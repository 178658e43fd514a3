"""The knobs that every family shares: their ranges, and the name that they give a network."""

from __future__ import annotations

import math

from wakeling.spec.blocks.classifier_head import MAX_CLASSES
from wakeling.spec.checks import one_of, real, whole
from wakeling.spec.network import INPUT_CHANNELS, MAX_RESOLUTION, MIN_RESOLUTION

ALPHA_RANGE = (0.01, 4.0)
DEPTH_RANGE = (0.1, 8.0)


def check_knobs(
    *, alpha: float, resolution: int, channels: int, classes: int, depth: float
) -> dict[str, float]:
    """The knobs as plain numbers; raises SpecError that names the knob and its range."""
    real("alpha", alpha, *ALPHA_RANGE)
    whole("resolution", resolution, MIN_RESOLUTION, MAX_RESOLUTION)
    one_of("channels", channels, INPUT_CHANNELS)
    whole("classes", classes, 2, MAX_CLASSES)
    real("depth", depth, *DEPTH_RANGE)
    return {
        "alpha": float(alpha),
        "resolution": resolution,
        "channels": channels,
        "classes": classes,
        "depth": float(depth),
    }


def repeats(count: int, depth: float) -> int:
    """Blocks of a stage at a depth multiplier, rounded up.

    The product is rounded to nine places first, so that 0.1 × 10 blocks are 1 and not 2.
    """
    return math.ceil(round(count * depth, 9))


def network_name(family: str, knobs: dict[str, float]) -> str:
    """A name that tells every knob that is not at its default, e.g. `mobilenet_v1_0.25_96_gray`."""
    parts = [family, f"{knobs['alpha']:.10g}", f"{knobs['resolution']}"]
    if knobs["channels"] == 1:
        parts.append("gray")
    if knobs["depth"] != 1:
        parts.append(f"depth{knobs['depth']:.10g}")
    if knobs["classes"] != 2:
        parts.append(f"classes{knobs['classes']}")
    return "_".join(parts)
