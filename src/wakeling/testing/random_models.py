"""Random int8 models: the strategies behind the fuzz tests of every int8 runtime.

The integers are drawn, not trained; scales are chosen so that most layers neither saturate nor
vanish, and a share of the channels is dead or extreme on purpose. The graphs are grown in
`testing.random_graphs`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from wakeling.graph import Graph, Node, weight_key, weight_shapes
from wakeling.ops import Dense, ElementType, Mul, activation_of
from wakeling.quantize.affine import fixed_quants, quant_sources
from wakeling.quantize.model import QuantizedModel, TensorQuant, preprocessing_of
from wakeling.quantize.rules import operand_names
from wakeling.testing.random_graphs import random_graph

__all__ = ["quantize_randomly", "random_graph", "random_images", "random_model"]

_SMALLEST_SCALE, _LARGEST_SCALE = 1e-6, 1.0
_UNIFORM_SPREAD = 73.3
"""Standard deviation of whole numbers drawn evenly from -127 to 127."""


def random_model(seed: int) -> QuantizedModel:
    """`random_graph` with random integers and scales."""
    return quantize_randomly(random_graph(seed), seed)


def random_images(model: QuantizedModel, count: int, seed: int) -> npt.NDArray[np.uint8]:
    """Noise images (count, height, width, channels) for a model."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, *model.graph.input_shape), np.uint8)


def quantize_randomly(graph: Graph, seed: int) -> QuantizedModel:
    """Random int8 weights, biases, constants and scales for a fused graph."""
    rng = np.random.default_rng([seed, 1])
    fixed, sources = fixed_quants(graph), quant_sources(graph)
    tensors = dict(fixed)
    weights: dict[str, npt.NDArray[np.int8]] = {}
    scales: dict[str, npt.NDArray[np.float32]] = {}
    biases: dict[str, npt.NDArray[np.int32]] = {}
    shapes = weight_shapes(graph)
    for node in graph.nodes:
        key, bias_key = weight_key(node, "weight"), weight_key(node, "bias")
        constant = weight_key(node, "constant")
        if key in shapes:
            weights[key] = _random_weights(rng, shapes[key])
            scales[node.name] = _random_scales(rng, node, math.prod(shapes[key][1:]))
        if bias_key in shapes:
            biases[bias_key] = rng.integers(-4000, 4000, shapes[bias_key]).astype(np.int32)
        if constant in shapes:
            weights[constant] = rng.integers(-128, 128, shapes[constant]).astype(np.int8)
            tensors[constant] = _constant_quant(rng, node, tensors)
        if graph.types[node.name] == "float32":
            continue
        source = sources[node.name]
        if source not in tensors:
            tensors[source] = _output_quant(rng, node, tensors, graph.types[source])
        tensors[node.name] = tensors[source]
    classes = math.prod(graph.shapes[graph.output])
    return QuantizedModel(
        name=graph.name,
        graph=graph,
        tensors=tensors,
        weights=weights,
        weight_scales=scales,
        biases=biases,
        labels=tuple(f"class_{index}" for index in range(classes)),
        preprocessing=preprocessing_of(graph),
    )


def _random_weights(rng: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.int8]:
    weights = rng.integers(-127, 128, shape).astype(np.int8)
    dead = rng.random(shape[0]) < 0.1
    weights[dead] = 0
    if rng.random() < 0.1:
        weights[...] = rng.choice(np.array([-127, 127], np.int8), shape)
    return weights


def _random_scales(rng: np.random.Generator, node: Node, fan_in: int) -> npt.NDArray[np.float32]:
    """Scales that keep the spread of real values from layer to layer, but for a few extreme ones."""
    channels = node.shape[-1]
    if isinstance(node.op, Dense) and rng.random() < 0.7:
        channels = 1
    scales = np.exp(rng.normal(0, 0.7, channels)) / (_UNIFORM_SPREAD * math.sqrt(fan_in))
    extreme = rng.random(channels) < (0.08 if channels > 1 else 0.0)
    scales[extreme] *= np.exp(rng.uniform(-18, 4, extreme.sum()))
    return scales.astype(np.float32)


def _constant_quant(rng: np.random.Generator, node: Node, tensors: Mapping[str, TensorQuant]) -> TensorQuant:
    """A factor near one, or a summand as large as the tensor that it meets."""
    spread = 0.01 if isinstance(node.op, Mul) else tensors[node.inputs[0]].scale
    scale = float(np.exp(rng.normal(0, 0.7))) * spread
    return TensorQuant(scale=_bounded(scale), zero_point=int(rng.integers(-128, 128)))


def _output_quant(
    rng: np.random.Generator, node: Node, tensors: Mapping[str, TensorQuant], element: ElementType
) -> TensorQuant:
    zero_point = -128 if activation_of(node.op) != "linear" else int(rng.integers(-128, 128))
    if rng.random() < 0.2:
        zero_point = int(rng.integers(-128, 128))
    scales = [tensors[name].scale for name in operand_names(node) if name in tensors]
    reached = max(scales, default=1 / 128)
    if isinstance(node.op, Mul):
        reached = math.prod(scales) * _UNIFORM_SPREAD
    scale = float(np.exp(rng.normal(0, 0.5))) * reached
    return TensorQuant(scale=_bounded(scale), zero_point=zero_point + 128 * (element == "uint8"))


def _bounded(scale: float) -> float:
    return min(max(scale, _SMALLEST_SCALE), _LARGEST_SCALE)
