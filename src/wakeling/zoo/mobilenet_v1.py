"""MobileNetV1 on ImageNet (the family of `spec`), and the MLPerf Tiny person model that follows it.

Howard et al. 2017, arXiv:1704.04861, table 1.
"""

from __future__ import annotations

import dataclasses

from wakeling import spec
from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.ops import Softmax
from wakeling.spec.families.mobilenet_v1 import FIRST_FILTERS, STAGES, scale_filters
from wakeling.zoo.layers import conv, dense, depthwise, global_pool

KERAS_EPSILON = 1e-3
"""Epsilon of Keras's batch norm."""


def mobilenet_v1(*, deployed: bool = False) -> Graph:
    """MobileNetV1 of width 1 on a 224×224×3 image; probabilities of 1000 classes."""
    network = spec.make("mobilenet_v1", alpha=1.0, resolution=224, classes=1000)
    return dataclasses.replace(spec.lower(network, deployed=deployed), name="mobilenet-v1-1.0-224")


def mlperf_tiny_person(*, deployed: bool = False) -> Graph:
    """MobileNetV1 of width 0.25 on a 96×96×3 image; probabilities of person and no person.

    As trained, its convolutions have biases that the batch norms behind them make superfluous
    (mlcommons/tiny, benchmark/training/visual_wake_words/vww_model.py).
    """
    alpha = 0.25
    builder = GraphBuilder("mlperf-tiny-person", (96, 96, 3), deployed=deployed)
    x = _conv(builder, INPUT, scale_filters(FIRST_FILTERS, alpha), 3, "conv0", stride=2)
    blocks = [
        (filters, stride if index == 0 else 1) for filters, count, stride in STAGES for index in range(count)
    ]
    for layer, (filters, stride) in enumerate(blocks, start=1):
        x = depthwise(
            builder,
            x,
            3,
            stride=stride,
            margin="same",
            activation="relu",
            norm=KERAS_EPSILON,
            bias=True,
            name=f"depthwise{layer}",
        )
        x = _conv(builder, x, scale_filters(filters, alpha), 1, f"pointwise{layer}")
    x = dense(builder, global_pool(builder, x, name="pool"), 2, name="fc")
    return builder.build(builder.append(Softmax(), x, name="softmax"))


def _conv(builder: GraphBuilder, x: str, filters: int, kernel: int, name: str, stride: int = 1) -> str:
    return conv(
        builder,
        x,
        filters,
        kernel,
        stride=stride,
        margin="same",
        activation="relu",
        norm=KERAS_EPSILON,
        bias=True,
        name=name,
    )
