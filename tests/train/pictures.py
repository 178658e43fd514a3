"""A tiny set of photos that a tiny network can learn: bright above or bright below."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wakeling.graph import Graph, GraphBuilder


@dataclass(frozen=True, kw_only=True, eq=False)
class Pictures:
    """What training reads of a packed set."""

    images: np.ndarray
    label: np.ndarray
    probability: np.ndarray
    key: str
    labels: tuple[str, ...] = ("below", "above")


def pictures(count: int, *, seed: int = 0, resolution: int = 16, channels: int = 3) -> Pictures:
    """Noise with one bright half; the label says whether it is the upper one."""
    random = np.random.default_rng(seed)
    label = np.arange(count) % 2
    images = random.integers(0, 160, (count, resolution, resolution, channels))
    half = resolution // 2
    images[label == 1, :half] += 60
    images[label == 0, half:] += 60
    return Pictures(
        images=images.astype(np.uint8),
        label=label.astype(np.int64),
        probability=np.full(count, np.nan, np.float32),
        key=f"pictures-{count}-{seed}-{resolution}-{channels}",
    )


def tiny_graph(*, resolution: int = 16, channels: int = 3, classes: int = 2) -> Graph:
    """Two strided convolutions, a depthwise one, a residual sum and a classifier."""
    builder = GraphBuilder("tiny", (resolution, resolution, channels))
    x = builder.conv_bn("input", filters=8, kernel=3, stride=2, name="stem")
    y = builder.depthwise_bn(x, kernel=3, name="depthwise")
    y = builder.conv_bn(y, filters=8, kernel=1, activation="linear", name="pointwise")
    z = builder.add(x, y, name="sum")
    z = builder.conv_bn(z, filters=12, kernel=3, stride=2, name="last")
    builder.classifier(z, classes=classes)
    return builder.build()
