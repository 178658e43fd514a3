"""A quantized model with some of its channels only: operators, weights and biases cut to size.

Which channels may go is decided in `quantize.eliminate`; the integers of those that stay are copied.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.graph import GraphBuilder, Node, weight_key
from wakeling.ops import Conv2D, Dense, DepthwiseConv2D, Operator, Pad, Reshape, StridedSlice, constant_of
from wakeling.quantize.arithmetic import IntArray
from wakeling.quantize.model import QuantizedModel

Kept = Mapping[str, IntArray]
"""The channels of each tensor that stay, in order."""


def shrink(model: QuantizedModel, kept: Kept, biases: Mapping[str, npt.NDArray[np.int32]]) -> QuantizedModel:
    """The model with the channels in `kept`; the biases of weighted operators, whole, are given."""
    graph = model.graph
    builder = GraphBuilder(graph.name, graph.input_shape, graph.input_type)
    weights, scales, small_biases = dict(model.weights), dict(model.weight_scales), {}
    for node in graph.nodes:
        source, made = kept[node.inputs[0]], kept[node.name]
        changes = _CHANGES[type(node.op)](node, kept) if type(node.op) in _CHANGES else {}
        key, bias, constant = (weight_key(node, part) for part in ("weight", "bias", "constant"))
        if key in weights:
            weights[key] = _cut_weight(node, weights[key], source, made)
            if scales[node.name].shape == (node.shape[-1],):
                scales[node.name] = scales[node.name][made]
        if bias in biases:
            changes["use_bias"] = True
            small_biases[bias] = biases[bias][made]
        shape = constant_of(node.op)
        if shape and shape[-1] == node.shape[-1]:
            weights[constant] = np.ascontiguousarray(weights[constant][..., made])
            changes["constant"] = weights[constant].shape
        builder.append(dataclasses.replace(node.op, **changes), *node.inputs, name=node.name)
    return dataclasses.replace(
        model,
        graph=builder.build(graph.output),
        weights=weights,
        weight_scales=scales,
        biases=small_biases,
    )


def _cut_weight(
    node: Node, weight: npt.NDArray[np.int8], source: IntArray, made: IntArray
) -> npt.NDArray[np.int8]:
    op = node.op
    if isinstance(op, DepthwiseConv2D):
        cut = weight[..., made]
    elif isinstance(op, Conv2D) and op.groups > 1:
        cut = weight
    else:
        cut = weight[made][..., source]
    return np.ascontiguousarray(cut)


_Attributes = dict[str, Any]  # Any: an operator's attributes are numbers, pairs and shapes
_Change = Callable[[Any, Kept], _Attributes]  # Any: each takes a node of its own operator class


def _pad(node: Any, kept: Kept) -> _Attributes:
    first, last = node.op.channels
    made = kept[node.name]
    return {"channels": (int((made < first).sum()), int((made >= node.shape[-1] - last).sum()))}


def _strided_slice(node: Any, kept: Kept) -> _Attributes:
    """A last axis with a stride has all its channels; in a run, those before it are counted again."""
    op: StridedSlice = node.op
    if op.strides[-1:] != (1,):
        return {}
    begin = int((kept[node.inputs[0]] < op.begin[-1]).sum())
    end = begin + len(kept[node.name])
    return {"begin": (*op.begin[:-1], begin), "end": (*op.end[:-1], end)}


_CHANGES: Mapping[type[Operator], _Change] = MappingProxyType(
    {
        Conv2D: lambda node, kept: {"filters": len(kept[node.name])},
        DepthwiseConv2D: lambda node, kept: {"multiplier": len(kept[node.name]) // len(kept[node.inputs[0]])},
        Dense: lambda node, kept: {"units": len(kept[node.name])},
        Reshape: lambda node, kept: {"shape": (*node.shape[:-1], len(kept[node.name])) if node.shape else ()},
        Pad: _pad,
        StridedSlice: _strided_slice,
    }
)
"""The attributes that count channels, by operator; the others have none."""
