"""Scales and zero points from ranges and weights, by the rules of TFLite's int8 scheme.

Fake quantization and conversion both ask here, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from wakeling.errors import GraphError
from wakeling.graph import INPUT, Graph
from wakeling.ops import ElementType
from wakeling.quantize.model import PIXEL_SCALE, TensorQuant
from wakeling.quantize.rules import fixed_output, keeps_quantization
from wakeling.quantize.tensors import LIMITS

Ranges = Mapping[str, tuple[float, float]]
"""The least and the greatest real value of each tensor, by its name."""

INPUT_QUANTS: Mapping[ElementType, TensorQuant] = MappingProxyType(
    {
        "int8": TensorQuant(scale=PIXEL_SCALE, zero_point=0),
        "uint8": TensorQuant(scale=PIXEL_SCALE, zero_point=128),
    }
)
"""How pixels come in: both types stand for (pixel − 128) / 128, on which networks are trained."""

WEIGHT_LIMIT = 127
"""Weights are in −127..127, so that they are symmetric."""

_LEAST_SHARE = 2.0**-16
"""The least scale of a channel relative to the greatest of its layer (dead channels have scale 0)."""


def quant_of_range(low: float, high: float) -> TensorQuant:
    """Scale and zero point of −128..127 for a range that is widened to hold 0.

    The zero point is rounded to an integer, which shifts the range by up to half a step, so that
    0 is exact (Jacob et al. 2018, section 3; TensorFlow's `fake_quant_ops`). A tensor that is
    always 0 gets the range 0..1. Raises GraphError for a range that is not finite.
    """
    if not (np.isfinite(low) and np.isfinite(high)) or low > high:
        raise GraphError(f"a range must be finite and ordered; given {low} to {high}")
    low, high = min(low, 0.0), max(high, 0.0)
    if high - low < 1e-12:
        low, high = 0.0, 1.0
    scale = float(np.float32((high - low) / 255))
    return TensorQuant(scale=scale, zero_point=round(min(max(-128 - low / scale, -128.0), 127.0)))


def fixed_quants(graph: Graph) -> dict[str, TensorQuant]:
    """The tensors whose scale and zero point no range decides: the input, softmax, sigmoid, tanh."""
    fixed = {node.name: fixed_output(node.op) for node in graph.nodes}
    fixed[INPUT] = INPUT_QUANTS.get(graph.input_type)
    return {name: quant for name, quant in fixed.items() if quant is not None}


def quant_sources(graph: Graph) -> dict[str, str]:
    """For every integer tensor, the first tensor that has the same scale and zero point (often itself).

    Pooling, reshaping and padding only move or average values (see `rules.keeps_quantization`). A
    concatenation keeps those of all its inputs, so these share theirs, and with them all tensors
    that their makers share theirs with.
    """
    sources: dict[str, str] = {}
    for name, element in graph.types.items():
        if element not in LIMITS:
            continue
        sources[name] = name
        node = graph.by_name.get(name)
        if node is None or not keeps_quantization(node.op):
            continue
        joined = {name, *(sources[source] for source in node.inputs)}
        first = min(joined, key=list(sources).index)
        sources = {tensor: first if source in joined else source for tensor, source in sources.items()}
    return sources


def ranged_tensors(graph: Graph) -> dict[str, tuple[str, ...]]:
    """For every source (`quant_sources`), the tensors whose ranges decide its scale; none: it is fixed.

    Raises GraphError where a tensor of fixed scale shares it with one that needs another.
    """
    fixed, members = fixed_quants(graph), dict[str, list[str]]()
    for name, source in quant_sources(graph).items():
        group = members.setdefault(source, [])
        node = graph.by_name.get(name)
        if name not in fixed and (node is None or not keeps_quantization(node.op)):
            group.append(name)
        if name in fixed and name != source:
            raise GraphError(
                f"tensor {name!r} has a fixed scale but is joined with {source!r}; quantize it in between"
            )
        if group and source in fixed:
            raise GraphError(
                f"tensor {group[0]!r} is joined with {source!r}, whose scale is fixed; quantize in between"
            )
    return {source: tuple(group) for source, group in members.items()}


def tensor_quants(graph: Graph, ranges: Ranges) -> dict[str, TensorQuant]:
    """Scale and zero point of every integer tensor of a fused graph.

    Raises GraphError for a missing range, or where two scales that must be one cannot be.
    """
    own = fixed_quants(graph)
    for source, members in ranged_tensors(graph).items():
        lacking = [name for name in members if name not in ranges]
        if lacking:
            raise GraphError(f"tensor {lacking[0]!r} has no range; observe the graph on calibration images")
        if members:
            low = min(ranges[name][0] for name in members)
            own[source] = quant_of_range(low, max(ranges[name][1] for name in members))
        if members and graph.types[source] == "uint8":
            own[source] = TensorQuant(scale=own[source].scale, zero_point=own[source].zero_point + 128)
    return {name: own[source] for name, source in quant_sources(graph).items()}


def constant_quant(constant: NDArray[np.float32]) -> TensorQuant:
    """Scale and zero point of the constant operand of an add, sub or mul."""
    return quant_of_range(float(constant.min()), float(constant.max()))


def scales_of_weight(extents: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scales from the greatest absolute weight of each channel, (channels,) or (1,).

    A channel whose weights are (nearly) zero gets a scale that is small but safe, so that no bias
    overflows and no multiplier vanishes.
    """
    scales = extents.astype(np.float64) / WEIGHT_LIMIT
    greatest = float(scales.max())
    if greatest < 1e-30:
        return np.full(extents.shape, 1 / WEIGHT_LIMIT, np.float32)
    return np.maximum(scales, greatest * _LEAST_SHARE).astype(np.float32)
