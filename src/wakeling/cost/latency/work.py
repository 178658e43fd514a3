"""What a layer gives an engine to do: multiply-accumulates by kind, outputs to requantize, elements.

Read from a cost report, so that a family, a `.tflite` and a network of the zoo are all the same here.
What the work costs in time is in `costs.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from wakeling.cost.report import CostReport, LayerCost
from wakeling.errors import UnsupportedOpError

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "pointwise": "1×1 convolution",
        "standard": "larger convolution over 4 channels or more",
        "shallow": "larger convolution over fewer than 4 channels (a network's first)",
        "depthwise": "depthwise 3×3 (or smaller), one filter a channel",
        "depthwise_large": "depthwise with a larger kernel",
        "depthwise_multiplied": "depthwise with several filters a channel",
        "dense": "fully connected",
        "element": "everything without MACs: pooling, sums, padding, softmax, conversions",
    }
)
"""The kinds of work, in words."""

WORD = 4
"""Channels that an engine takes at once: int8 values in a 32-bit word."""


class Work(NamedTuple):
    """One layer's work, or that of several `layers` of one kind together.

    `elements` counts what a layer without MACs reads or writes. `is_aligned` says that its channels
    fill whole words; `is_float` that it computes in float32.
    """

    name: str
    kind: str
    macs: float = 0
    outputs: float = 0
    elements: float = 0
    is_aligned: bool = True
    is_float: bool = False
    layers: float = 1


def works(report: CostReport) -> tuple[Work, ...]:
    """The work of each layer that does any; a reshape does none.

    Raises UnsupportedOpError for an operator that no kind of work is known for.
    """
    return tuple([work for layer in report.layers for work in _work(layer)])


def _work(layer: LayerCost) -> Iterable[Work]:
    rule = _RULES.get(layer.operator)
    if rule is None:
        raise UnsupportedOpError(layer.operator, "latency")
    return rule(layer)


def _convolution(layer: LayerCost) -> Iterable[Work]:
    outputs, channels = math.prod(layer.output_shape), layer.input_shape[-1]
    products = layer.macs // outputs
    if products <= channels:  # fewer than the channels: grouped
        kind, reads = "pointwise", products
    elif channels < WORD:
        kind, reads = "shallow", WORD
    else:
        kind, reads = "standard", channels
    is_aligned = reads % WORD == 0 and layer.output_shape[-1] % WORD == 0
    return (Work(layer.name, kind, layer.macs, outputs, 0, is_aligned, _is_float(layer)),)


def _depthwise(layer: LayerCost) -> Iterable[Work]:
    outputs, channels = math.prod(layer.output_shape), layer.output_shape[-1]
    kind = "depthwise" if layer.macs <= 9 * outputs else "depthwise_large"
    if channels != layer.input_shape[-1]:
        kind = "depthwise_multiplied"
    return (Work(layer.name, kind, layer.macs, outputs, 0, channels % WORD == 0, _is_float(layer)),)


def _dense(layer: LayerCost) -> Iterable[Work]:
    outputs = math.prod(layer.output_shape)
    is_aligned = layer.input_shape[-1] % WORD == 0
    return (Work(layer.name, "dense", layer.macs, outputs, 0, is_aligned, _is_float(layer)),)


def _average_pool(layer: LayerCost) -> Iterable[Work]:
    return (Work(layer.name, "element", elements=layer.additions + math.prod(layer.output_shape)),)


def _max_pool(layer: LayerCost) -> Iterable[Work]:
    reads = layer.other_operations.get("comparisons", 0) + math.prod(layer.output_shape)
    return (Work(layer.name, "element", elements=reads),)


def _elementwise(layer: LayerCost) -> Iterable[Work]:
    elements = max(math.prod(layer.output_shape), math.prod(layer.input_shape))
    return (Work(layer.name, "element", elements=elements),)


def _written(layer: LayerCost) -> Iterable[Work]:
    return (Work(layer.name, "element", elements=math.prod(layer.output_shape)),)


def _free(layer: LayerCost) -> Iterable[Work]:
    return ()


def _is_float(layer: LayerCost) -> bool:
    """int8 weights take less than the four bytes of every float32 weight and bias."""
    return layer.weight_bytes >= 4 * layer.deployed_parameters > 0


_RULES: Mapping[str, Callable[[LayerCost], Iterable[Work]]] = MappingProxyType(
    {
        "conv2d": _convolution,
        "depthwise_conv2d": _depthwise,
        "dense": _dense,
        "batch_norm": _written,
        "activation": _written,
        "add": _written,
        "sub": _written,
        "mul": _written,
        "concat": _written,
        "average_pool2d": _average_pool,
        "max_pool2d": _max_pool,
        "mean": _elementwise,
        "pad": _written,
        "reshape": _free,
        "transpose": _written,
        "strided_slice": _written,
        "softmax": _written,
        "quantize": _written,
        "dequantize": _written,
    }
)
"""From a layer to its work, by operator name."""
