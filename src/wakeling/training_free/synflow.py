"""Synaptic flow (Tanaka et al. 2020, arXiv:2006.05467).

All weights are replaced by their absolute values, the input by ones, R is the sum of the logits,
and the score is the logarithm of Σ |θ · ∂R/∂θ|: how much weight all paths through the network carry.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from wakeling.graph import INPUT, Graph, Node
from wakeling.nets import apply_layer
from wakeling.nets.elementwise import Elementwise
from wakeling.ops import (
    Activation,
    Add,
    BatchNorm,
    Concat,
    Dequantize,
    Mul,
    Quantize,
    Softmax,
    Sub,
    constant_of,
)
from wakeling.training_free.start import WEIGHTED, at_start, one_thread, weights_of

_PASSED_ON = (Activation, BatchNorm, Softmax, Quantize, Dequantize)
"""What leaves a positive signal as it is. Rectifiers do; a relu6 would cut it and a batch norm would
take its scale away, so both are left out, as the paper's conservation law wants it."""


def synflow(graph: Graph, seed: int) -> float:
    """The natural logarithm of the synaptic flow of the network's first weights; needs no photos.

    Values grow with the depth beyond any floating-point number, so each tensor is kept between 0
    and 1 with its scale's logarithm beside it. Of a product of two tensors the larger one passes: a
    gate (squeeze and excite) taken as a path would square the flow.
    """
    with one_thread(), torch.enable_grad():
        module = at_start(graph, seed, torch.float64)
        flow = _Flow()
        height, width, channels = graph.input_shape
        logits = module(torch.ones(1, channels, height, width, dtype=torch.float64), flow)
        weights = weights_of(module)
        gradients = torch.autograd.grad(logits.sum(), weights, allow_unused=True)
        total = sum(
            float((weight * gradient).detach().abs().sum())
            for weight, gradient in zip(weights, gradients, strict=True)
            if gradient is not None
        )
    return math.log(total) + flow.scales[module.logits] if total > 0 else -math.inf


class _Flow:
    """Makes each tensor from absolute weights; `scales` holds the logarithms of what was divided out.

    A class because the module asks for one tensor after the other.
    """

    def __init__(self) -> None:
        self.scales: dict[str, float] = {INPUT: 0.0}

    def __call__(self, node: Node, layer: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
        scales = [self.scales[name] for name in node.inputs]
        value, self.scales[node.name] = self._made(node, layer, inputs, scales)
        return value

    def _made(
        self, node: Node, layer: nn.Module, inputs: tuple[Tensor, ...], scales: list[float]
    ) -> tuple[Tensor, float]:
        op = node.op
        if isinstance(op, _PASSED_ON) or constant_of(op) is not None:
            return inputs[0], scales[0]
        if isinstance(op, WEIGHTED):
            weight = layer.get_parameter("weight").abs()
            most = float(weight.detach().flatten(1).sum(dim=1).max()) or 1.0
            # Any: torch types attributes of modules as tensors or modules
            value: Tensor = layer.compute(inputs[0], weight / most, None)  # type: ignore[operator]
            peak = float(value.detach().max()) or 1.0
            return value / peak, scales[0] + math.log(most) + math.log(peak)
        if isinstance(op, Mul):  # a gate weakens what passes it, and carries nothing itself
            largest = max(range(len(inputs)), key=lambda index: inputs[index].numel())
            return inputs[largest], scales[largest]
        if isinstance(op, Add | Sub | Concat):
            top = max(scales)
            same = tuple(x * math.exp(scale - top) for x, scale in zip(inputs, scales, strict=True))
            if isinstance(op, Concat):
                return apply_layer(node, layer, same), top
            value = Elementwise(Add(), node.shape)(*same)
            return value / 2, top + math.log(2)
        return apply_layer(node, layer, inputs), scales[0]
