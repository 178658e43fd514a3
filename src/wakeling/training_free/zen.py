"""Zen-score (Lin et al. 2021, arXiv:2102.01063): how far noise on the input is felt.

Weights and images are standard normal, skip connections are cut, and the score is how much the
last feature map moves with the input, with the scales that the batch norms took away put back.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from wakeling.graph import INPUT, Graph, Node
from wakeling.nets import GraphModule, apply_layer
from wakeling.ops import Add, AveragePool2D, BatchNorm, Mean, Sub, constant_of
from wakeling.training_free.start import at_start, one_thread, weights_of

NOISE = 0.01
"""α: the second image is the first plus this much noise."""

IMAGES, REPEATS = 8, 4
"""Random images at once, and how often; their mean is stated."""

_WEIGHT_SPREAD = 1.0
"""Standard deviation of the weights. Where batch norms follow, it only shifts all scores of a depth."""


def zen(graph: Graph, seed: int) -> float:
    """log Δ + Σ log σ over the batch norms; needs no photos.

    Δ is the mean Euclidean distance between the feature maps before global pooling of an image and
    of the same with noise; σ² is a batch norm's variance over batch and places, meaned over its
    channels. Activations are the network's own.
    """
    with one_thread(), torch.no_grad():
        module = at_start(graph, seed, torch.float64)
        generator = torch.Generator().manual_seed(seed)
        height, width, channels = graph.input_shape
        total = 0.0
        for _ in range(REPEATS):
            for weight in weights_of(module):
                weight.copy_(_WEIGHT_SPREAD * _normal(weight.shape, generator))
            images = _normal(torch.Size((IMAGES, channels, height, width)), generator)
            moved = images + NOISE * _normal(images.shape, generator)
            total += _once(module, images, moved)
    return total / REPEATS


def _normal(shape: torch.Size, generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def _once(module: GraphModule, images: Tensor, moved: Tensor) -> float:
    places = {INPUT: -1, **{node.name: number for number, node in enumerate(module.nodes)}}
    last = features(module)
    found: list[Tensor] = []
    logs: list[float] = []

    def compute(node: Node, layer: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
        if isinstance(node.op, Add | Sub) and constant_of(node.op) is None:
            value = inputs[max(range(len(inputs)), key=lambda index: places[node.inputs[index]])]
        else:
            if isinstance(node.op, BatchNorm) and len(found) == 0:
                variance = inputs[0].var(dim=[0, *range(2, inputs[0].dim())], unbiased=False)
                logs.append(0.5 * math.log(float(variance.mean()) + node.op.epsilon))
            value = apply_layer(node, layer, inputs)
        if node.name == last:
            found.append(value)
        return value

    module(images, compute)
    module(moved, compute)
    distances = (found[0] - found[1]).flatten(1).norm(dim=1)
    return math.log(float(distances.mean()) + 1e-300) + sum(logs)


def features(module: GraphModule) -> str:
    """The tensor before global pooling, going back from the logits along first operands.

    In a network without global pooling, it is the last image on that way, or else the logits.
    """
    by_name = {node.name: node for node in module.nodes}
    way = [module.logits]
    while way[-1] != INPUT:
        way.append(by_name[way[-1]].inputs[0])
    nodes = [by_name[name] for name in way[:-1]]
    pooled = [node.inputs[0] for node in nodes if _pools_whole_images(node)]
    images = [node.name for node in nodes if len(node.shape) == 3]
    return next((name for name in (*pooled, *images) if name != INPUT), module.logits)


def _pools_whole_images(node: Node) -> bool:
    if isinstance(node.op, Mean):
        return node.op.axes == (0, 1)
    return isinstance(node.op, AveragePool2D) and node.shape[:2] == (1, 1)
