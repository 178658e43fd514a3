"""The tensor arena that TensorFlow Lite Micro will ask for, measured before anything is trained.

The arena depends on the graph and not on the weights, so a model of zeros tells it.
"""

from __future__ import annotations

import numpy as np

from wakeling.errors import MissingDependencyError
from wakeling.export import tflite
from wakeling.fuse import fuse
from wakeling.graph import INPUT, Graph, weight_key, weight_shapes
from wakeling.ops import AveragePool2D, Dense, MaxPool2D, Pad, Reshape, Softmax
from wakeling.quantize.model import PIXEL_SCALE, Preprocessing, QuantizedModel, TensorQuant
from wakeling.verify import tflm

_KEEPS_SCALE = (AveragePool2D, MaxPool2D, Pad, Reshape)


def model_of_zeros(graph: Graph, labels: tuple[str, ...]) -> QuantizedModel:
    """An int8 model of the graph's structure whose weights are all zero."""
    fused = fuse(graph).graph
    tensors = {INPUT: TensorQuant(scale=PIXEL_SCALE, zero_point=0)}
    for node in fused.nodes:
        if isinstance(node.op, _KEEPS_SCALE):
            tensors[node.name] = tensors[node.inputs[0]]
        elif isinstance(node.op, Softmax):
            tensors[node.name] = TensorQuant(scale=1 / 256, zero_point=-128)
        else:
            tensors[node.name] = TensorQuant(scale=6 / 255, zero_point=-128)
    shapes = weight_shapes(fused)
    weights = {key: np.zeros(shape, np.int8) for key, shape in shapes.items() if key.endswith("/weight")}
    biases = {key: np.zeros(shape, np.int32) for key, shape in shapes.items() if key.endswith("/bias")}
    scales = {}
    for node in fused.nodes:
        if weight_key(node, "weight") in weights:
            channels = 1 if isinstance(node.op, Dense) else node.shape[-1]
            scales[node.name] = np.full(channels, 0.01, np.float32)
    return QuantizedModel(
        name=graph.name,
        graph=fused,
        tensors=tensors,
        weights=weights,
        weight_scales=scales,
        biases=biases,
        labels=labels,
        preprocessing=Preprocessing(resolution=graph.input_shape[0], channels=graph.input_shape[2]),
    )


def arena_before_training(graph: Graph, labels: tuple[str, ...]) -> int | None:
    """Bytes of TFLM's arena for the graph, or None where TFLM is not installed."""
    try:
        return tflm.arena_bytes(tflite.to_bytes(model_of_zeros(graph, labels)))
    except MissingDependencyError:
        return None
