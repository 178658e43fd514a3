"""Scales and zero points from ranges and weights, by the rules of TFLite's int8 scheme.

Fake quantization and conversion both ask here, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wakeling.errors import GraphError
from wakeling.graph import INPUT, Graph
from wakeling.ops import Softmax
from wakeling.quantize.model import PIXEL_SCALE, TensorQuant
from wakeling.quantize.rules import KEEPS_QUANTIZATION, SOFTMAX_OUTPUT

Ranges = Mapping[str, tuple[float, float]]
"""The least and the greatest real value of each tensor, by its name."""

INPUT_QUANT = TensorQuant(scale=PIXEL_SCALE, zero_point=0)

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


def quant_sources(graph: Graph) -> dict[str, str]:
    """For every tensor, the tensor whose scale and zero point it has (often itself).

    Pooling, reshaping and padding only move or average values (see `rules.KEEPS_QUANTIZATION`).
    """
    sources = {INPUT: INPUT}
    for node in graph.nodes:
        keeps = isinstance(node.op, KEEPS_QUANTIZATION)
        sources[node.name] = sources[node.inputs[0]] if keeps else node.name
    return sources


def tensor_quants(graph: Graph, ranges: Ranges) -> dict[str, TensorQuant]:
    """Scale and zero point of every tensor of a fused graph; raises GraphError for a missing range."""
    own = {INPUT: INPUT_QUANT}
    for node in graph.nodes:
        if isinstance(node.op, Softmax):
            own[node.name] = SOFTMAX_OUTPUT
        elif node.name in ranges:
            own[node.name] = quant_of_range(*ranges[node.name])
    quants: dict[str, TensorQuant] = {}
    for name, source in quant_sources(graph).items():
        if source not in own:
            raise GraphError(f"tensor {source!r} has no range; observe the graph on calibration images")
        quants[name] = own[source]
    return quants


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
