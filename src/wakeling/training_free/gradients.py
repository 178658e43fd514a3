"""The loss of one batch at the first weights, and its gradients; scores from them are beside this file."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wakeling.graph import Graph, Node
from wakeling.nets import apply_layer
from wakeling.ops import Activation
from wakeling.training_free.batch import Batch, real_values
from wakeling.training_free.start import at_start, one_thread, weights_of

Pairs = list[tuple[Tensor, Tensor]]
"""Tensors, each with the gradient of the loss by it."""


def weight_gradients(graph: Graph, batch: Batch, seed: int, parts: int = 1) -> list[Pairs]:
    """Each weight with the gradient of the mean cross-entropy, for each of `parts` equal parts of a batch.

    The photos are dealt to the parts in turn.
    """
    with one_thread(), torch.enable_grad():
        module = at_start(graph, seed)
        images, labels = real_values(batch), torch.from_numpy(batch.labels)
        weights = weights_of(module)
        found = []
        for part in range(parts):
            loss = F.cross_entropy(module(images[part::parts]).flatten(1), labels[part::parts])
            gradients = torch.autograd.grad(loss, weights, allow_unused=True)
            found.append(_paired(weights, gradients))
    return found


def activation_gradients(graph: Graph, batch: Batch, seed: int) -> Pairs:
    """Each activation's output with the gradient of the summed cross-entropy, first axis the photos."""
    outputs: list[Tensor] = []

    def compute(node: Node, layer: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
        value = apply_layer(node, layer, inputs)
        if isinstance(node.op, Activation):
            outputs.append(value)
        return value

    with one_thread(), torch.enable_grad():
        module = at_start(graph, seed)
        images = real_values(batch).requires_grad_()  # so that activations of images have gradients too
        logits = module(images, compute).flatten(1)
        loss = F.cross_entropy(logits, torch.from_numpy(batch.labels), reduction="sum")
        gradients = torch.autograd.grad(loss, outputs, allow_unused=True) if outputs else ()
    return _paired(outputs, gradients)


def _paired(tensors: list[Tensor], gradients: tuple[Tensor | None, ...]) -> Pairs:
    """Both in double precision; zeros where the loss does not depend on a tensor."""
    return [
        (tensor.detach().double(), torch.zeros_like(tensor).double() if slope is None else slope.double())
        for tensor, slope in zip(tensors, gradients, strict=True)
    ]
