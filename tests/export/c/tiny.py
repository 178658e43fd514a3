"""Tiny networks around one operator, with random integers: what the tests of single kernels compile."""

from __future__ import annotations

from collections.abc import Callable

from wakeling.graph import INPUT, GraphBuilder
from wakeling.ops import ElementType, Operator, Quantize, Shape
from wakeling.quantize.model import QuantizedModel
from wakeling.testing.random_models import quantize_randomly

Grow = Callable[[GraphBuilder, str], str]
"""Adds operators behind a tensor; returns what they make."""


def network(
    shape: Shape, grow: Grow | Operator, *, seed: int = 0, given: ElementType = "int8"
) -> QuantizedModel:
    """A network of one operator, or of what `grow` adds, with random weights and scales."""
    builder = GraphBuilder("tiny", shape, given)
    if callable(grow):
        output = grow(builder, INPUT)
    else:
        output = builder.append(grow, INPUT)
    return quantize_randomly(builder.build(output), seed)


def from_reals(shape: Shape) -> QuantizedModel:
    """Float32 pixels to integers and nothing else."""
    return network(shape, Quantize(), given="float32")
