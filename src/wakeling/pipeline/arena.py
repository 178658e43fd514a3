"""The tensor arena that TensorFlow Lite Micro will ask for, measured before anything is trained.

The arena depends on the graph and not on the weights, so a model of zeros tells it.
"""

from __future__ import annotations

import numpy as np

from wakeling.errors import MissingDependencyError
from wakeling.export import tflite
from wakeling.graph import Graph, weight_key, weight_shapes
from wakeling.ops import Dense
from wakeling.quantize.affine import tensor_quants
from wakeling.quantize.deployable import deployed_structure
from wakeling.quantize.model import QuantizedModel, TensorQuant, preprocessing_of
from wakeling.verify import tflm

_RANGE = (0.0, 6.0)
_CONSTANT = TensorQuant(scale=1 / 127, zero_point=0)


def model_of_zeros(graph: Graph, labels: tuple[str, ...]) -> QuantizedModel:
    """An int8 model of the graph's structure whose weights are all zero."""
    fused = deployed_structure(graph)
    tensors = tensor_quants(fused, {node.name: _RANGE for node in fused.nodes})
    shapes = weight_shapes(fused)
    constants = {key for key in shapes if key.endswith("/constant")}
    scales = {}
    for node in fused.nodes:
        if weight_key(node, "weight") in shapes:
            channels = 1 if isinstance(node.op, Dense) else node.shape[-1]
            scales[node.name] = np.full(channels, 0.01, np.float32)
    return QuantizedModel(
        name=graph.name,
        graph=fused,
        tensors={**tensors, **dict.fromkeys(constants, _CONSTANT)},
        weights={
            key: np.zeros(shape, np.int8)
            for key, shape in shapes.items()
            if key.endswith("/weight") or key in constants
        },
        weight_scales=scales,
        biases={key: np.zeros(shape, np.int32) for key, shape in shapes.items() if key.endswith("/bias")},
        labels=labels,
        preprocessing=preprocessing_of(graph),
    )


def arena_before_training(graph: Graph, labels: tuple[str, ...]) -> int | None:
    """Bytes of TFLM's arena for the graph, or None where TFLM is not installed."""
    try:
        return tflm.arena_bytes(tflite.to_bytes(model_of_zeros(graph, labels)))
    except MissingDependencyError:
        return None
