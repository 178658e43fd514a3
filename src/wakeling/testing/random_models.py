"""Random int8 models: the strategies behind the fuzz tests of every int8 runtime.

The integers are drawn, not trained; scales are chosen so that most layers neither saturate nor
vanish, and a share of the channels is dead or extreme on purpose.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from wakeling.graph import INPUT, Graph, GraphBuilder, Node, weight_key, weight_shapes
from wakeling.ops import (
    Activation,
    ActivationKind,
    Add,
    AveragePool2D,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    MaxPool2D,
    Pad,
    Padding,
    Reshape,
    Softmax,
    activation_of,
)
from wakeling.quantize.model import PIXEL_SCALE, Preprocessing, QuantizedModel, TensorQuant
from wakeling.quantize.rules import SOFTMAX_OUTPUT, keeps_quantization

_SMALLEST_SCALE, _LARGEST_SCALE = 1e-6, 1.0
_UNIFORM_SPREAD = 73.3
"""Standard deviation of whole numbers drawn evenly from -127 to 127."""

_ACTIVATIONS: tuple[ActivationKind, ...] = ("linear", "relu", "relu6")
_PADDINGS: tuple[Padding, ...] = ("same", "valid")


def random_graph(seed: int) -> Graph:
    """A small fused graph with odd shapes; the same seed gives the same graph."""
    rng = np.random.default_rng(seed)
    resolution, channels = int(rng.integers(5, 18)), int(rng.choice([1, 3]))
    builder = GraphBuilder(f"random_{seed}", (resolution, resolution, channels))
    tensor = INPUT
    for _ in range(int(rng.integers(2, 7))):
        grow = _GROWERS[str(rng.choice(list(_GROWERS)))]
        tensor = grow(builder, tensor, rng)
    height, width, channels = builder.shape(tensor)
    if rng.random() < 0.6:
        tensor = builder.append(AveragePool2D(pool=(height, width)), tensor)
        height = width = 1
    tensor = builder.append(Reshape(shape=(height * width * channels,)), tensor)
    if rng.random() < 0.3:
        tensor = builder.append(Dense(units=int(rng.integers(1, 9)), activation=_activation(rng)), tensor)
    tensor = builder.append(Dense(units=int(rng.integers(2, 5)), use_bias=bool(rng.random() < 0.8)), tensor)
    if rng.random() < 0.8:
        builder.append(Softmax(), tensor)
    return builder.build()


def random_model(seed: int) -> QuantizedModel:
    """`random_graph` with random integers and scales."""
    return quantize_randomly(random_graph(seed), seed)


def random_images(model: QuantizedModel, count: int, seed: int) -> npt.NDArray[np.uint8]:
    """Noise images (count, height, width, channels) for a model."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, *model.graph.input_shape), np.uint8)


def quantize_randomly(graph: Graph, seed: int) -> QuantizedModel:
    """Random int8 weights, biases and scales for a fused graph."""
    rng = np.random.default_rng([seed, 1])
    tensors = {INPUT: TensorQuant(scale=PIXEL_SCALE, zero_point=0)}
    weights: dict[str, npt.NDArray[np.int8]] = {}
    scales: dict[str, npt.NDArray[np.float32]] = {}
    biases: dict[str, npt.NDArray[np.int32]] = {}
    shapes = weight_shapes(graph)
    for node in graph.nodes:
        key, bias_key = weight_key(node, "weight"), weight_key(node, "bias")
        if key in shapes:
            weights[key] = _random_weights(rng, shapes[key])
            scales[node.name] = _random_scales(rng, node, math.prod(shapes[key][1:]))
        if bias_key in shapes:
            biases[bias_key] = rng.integers(-4000, 4000, shapes[bias_key]).astype(np.int32)
        tensors[node.name] = _output_quant(rng, node, tensors)
    classes = math.prod(graph.shapes[graph.output])
    return QuantizedModel(
        name=graph.name,
        graph=graph,
        tensors=tensors,
        weights=weights,
        weight_scales=scales,
        biases=biases,
        labels=tuple(f"class_{index}" for index in range(classes)),
        preprocessing=Preprocessing(resolution=graph.input_shape[0], channels=graph.input_shape[2]),
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
    channels = 1 if isinstance(node.op, Dense) else node.shape[-1]
    scales = np.exp(rng.normal(0, 0.7, channels)) / (_UNIFORM_SPREAD * math.sqrt(fan_in))
    extreme = rng.random(channels) < (0.08 if channels > 1 else 0.0)
    scales[extreme] *= np.exp(rng.uniform(-18, 4, extreme.sum()))
    return scales.astype(np.float32)


def _output_quant(rng: np.random.Generator, node: Node, tensors: Mapping[str, TensorQuant]) -> TensorQuant:
    sources = [tensors[name] for name in node.inputs]
    if isinstance(node.op, Softmax):
        return SOFTMAX_OUTPUT
    if keeps_quantization(node.op):
        return sources[0]
    zero_point = -128 if activation_of(node.op) != "linear" else int(rng.integers(-128, 128))
    if rng.random() < 0.2:
        zero_point = int(rng.integers(-128, 128))
    scale = float(np.exp(rng.normal(0, 0.5))) * max(source.scale for source in sources)
    return TensorQuant(scale=min(max(scale, _SMALLEST_SCALE), _LARGEST_SCALE), zero_point=zero_point)


def _activation(rng: np.random.Generator) -> ActivationKind:
    return _ACTIVATIONS[int(rng.integers(3))]


def _window(
    rng: np.random.Generator, shape: tuple[int, ...], largest: int = 5
) -> tuple[tuple[int, int], tuple[int, int], Padding]:
    """A kernel that fits, a stride and a padding."""
    kernel = tuple(int(rng.integers(1, min(largest, size) + 1)) for size in shape[:2])
    stride = int(rng.integers(1, 4))
    strides = (stride, stride) if rng.random() < 0.7 else (stride, int(rng.integers(1, 4)))
    return (kernel[0], kernel[1]), strides, _PADDINGS[int(rng.integers(2))]


def _grow_conv(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    kernel, stride, padding = _window(rng, builder.shape(tensor))
    op = Conv2D(
        filters=int(rng.integers(1, 20)),
        kernel=kernel,
        stride=stride,
        padding=padding,
        use_bias=bool(rng.random() < 0.8),
        activation=_activation(rng),
    )
    return builder.append(op, tensor)


def _grow_pointwise(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    filters = int(rng.integers(1, 33))
    op = Conv2D(filters=filters, kernel=(1, 1), use_bias=True, activation=_activation(rng))
    return builder.append(op, tensor)


def _grow_depthwise(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    kernel, stride, padding = _window(rng, builder.shape(tensor))
    op = DepthwiseConv2D(
        kernel=kernel,
        stride=stride,
        padding=padding,
        use_bias=bool(rng.random() < 0.8),
        activation=_activation(rng),
    )
    return builder.append(op, tensor)


def _grow_residual(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    channels = builder.shape(tensor)[2]
    op = Conv2D(filters=channels, kernel=(1, 1), use_bias=True, activation=_activation(rng))
    other = tensor if rng.random() < 0.1 else builder.append(op, tensor)
    return builder.append(Add(activation=_activation(rng)), tensor, other)


def _grow_pool(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    pool, stride, padding = _window(rng, builder.shape(tensor), largest=4)
    kind = AveragePool2D if rng.random() < 0.5 else MaxPool2D
    return builder.append(kind(pool=pool, stride=stride, padding=padding), tensor)


def _grow_pad(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    top, bottom, left, right = (int(amount) for amount in rng.integers(0, 3, 4))
    return builder.append(Pad(rows=(top, bottom), columns=(left, right)), tensor)


def _grow_activation(builder: GraphBuilder, tensor: str, rng: np.random.Generator) -> str:
    return builder.append(Activation(kind=_activation(rng)), tensor)


_GROWERS: Mapping[str, Callable[[GraphBuilder, str, np.random.Generator], str]] = MappingProxyType(
    {
        "conv": _grow_conv,
        "pointwise": _grow_pointwise,
        "depthwise": _grow_depthwise,
        "residual": _grow_residual,
        "pool": _grow_pool,
        "pad": _grow_pad,
        "activation": _grow_activation,
    }
)
