"""What both Inceptions are made of: convolutions with batch norm and rectifier, and chains of them."""

from __future__ import annotations

from wakeling.graph import GraphBuilder
from wakeling.ops import Pair
from wakeling.zoo.layers import conv

EPSILON = 1e-3
"""Of every batch norm."""

Steps = tuple[tuple[int, int | Pair], ...]
"""Convolutions (filters, kernel) one after the other."""


def inception_conv(
    builder: GraphBuilder,
    x: str,
    filters: int,
    kernel: int | Pair,
    name: str,
    *,
    stride: int = 1,
    margin: int | None = None,
) -> str:
    """Convolution, batch norm, rectifier; strided ones have no margin."""
    return conv(
        builder,
        x,
        filters,
        kernel,
        stride=stride,
        margin=0 if stride > 1 else margin,
        activation="relu",
        norm=EPSILON,
        name=name,
    )


def chain(builder: GraphBuilder, x: str, steps: Steps, name: str, last_stride: int = 1) -> str:
    """The steps one after the other, the last of them with a stride."""
    for index, (filters, kernel) in enumerate(steps, start=1):
        stride = last_stride if index == len(steps) else 1
        x = inception_conv(builder, x, filters, kernel, f"{name}_{index}", stride=stride)
    return x
