"""A network as it is before training, and the surroundings that make its scores repeatable."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor

from wakeling.graph import Graph
from wakeling.nets import GraphModule, build, initialize
from wakeling.ops import Conv2D, Dense, DepthwiseConv2D
from wakeling.training_free.trainable import trainable

WEIGHTED = (Conv2D, DepthwiseConv2D, Dense)
"""Operators whose weights a score looks at."""


def at_start(graph: Graph, seed: int, dtype: torch.dtype = torch.float32) -> GraphModule:
    """The network with the first weights of `seed`, its batch norms looking at the batch."""
    module = build(trainable(graph))
    initialize(module, seed)
    return module.to(dtype).train()


def weights_of(module: GraphModule) -> list[Tensor]:
    """The weights of convolutions and dense layers in execution order, without biases."""
    layers = zip(module.nodes, module.layers, strict=True)
    return [layer.get_parameter("weight") for node, layer in layers if isinstance(node.op, WEIGHTED)]


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Run a block with one torch thread: sums are then made in the same order on every machine alike."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
