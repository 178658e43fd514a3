"""Tiny networks around one operator, with random integers: what the tests of single kernels compile."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from wakeling.graph import INPUT, GraphBuilder, weight_key
from wakeling.ops import ElementType, Operator, Quantize, Shape
from wakeling.quantize.model import QuantizedModel, TensorQuant
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


def mild(model: QuantizedModel, *, zero_point: int) -> QuantizedModel:
    """Every operator's outputs use about all of int8."""
    rng = np.random.default_rng(len(model.graph.nodes))
    tensors, scales = dict(model.tensors), dict(model.weight_scales)
    for node in model.graph.nodes:
        if node.name not in scales:
            continue
        fan_in = model.weights[weight_key(node, "weight")][..., 0].size
        spread = tensors[node.inputs[0]].scale * 60 * np.sqrt(fan_in)
        tensors[node.name] = TensorQuant(scale=float(spread * 0.02), zero_point=zero_point)
        scales[node.name] = rng.uniform(0.01, 0.03, scales[node.name].shape).astype(np.float32)
    return dataclasses.replace(model, tensors=tensors, weight_scales=scales)
