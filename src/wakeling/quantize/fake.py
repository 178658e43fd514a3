"""Fake quantization: a float network that rounds where the integer network will round.

Weights are rounded per channel, biases to int32 steps and every tensor between operators per
tensor; gradients pass the rounding as if it were not there and stop where a value is clipped (the
straight-through estimator, Bengio et al. 2013).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wakeling.graph import INPUT, Graph, Node
from wakeling.nets import apply_layer, build, load_weights
from wakeling.nets.elementwise import Elementwise
from wakeling.nets.layers import Convolution, Linear
from wakeling.ops import AveragePool2D, ElementType, Mean, Mul, Quantize
from wakeling.quantize.affine import (
    WEIGHT_LIMIT,
    Ranges,
    constant_quant,
    fixed_quants,
    quant_of_range,
    quant_sources,
    ranged_tensors,
    scales_of_weight,
)
from wakeling.quantize.arithmetic import FixedMultiplier
from wakeling.quantize.kernels.averages import mean_factor
from wakeling.quantize.model import TensorQuant
from wakeling.quantize.observe import extent

RANGE_MOMENTUM = 0.02
"""Weight of the newest batch in a range while ranges are observed."""


def fake_weight(layer: Convolution | Linear) -> tuple[Tensor, Tensor]:
    """A layer's weights as int8 can hold them, and their scales: (channels,), or (1,) if dense."""
    weight = layer.weight
    dense = isinstance(layer, Linear)
    extents = weight.detach().abs().flatten(0 if dense else 1).amax(dim=-1).reshape(-1)
    scales = torch.from_numpy(scales_of_weight(extents.cpu().numpy())).to(weight.device)
    zero = torch.zeros(len(scales), dtype=torch.int32, device=weight.device)
    if dense:
        rounded = torch.fake_quantize_per_tensor_affine(
            weight, scales[0], zero[0], -WEIGHT_LIMIT, WEIGHT_LIMIT
        )
    else:
        rounded = torch.fake_quantize_per_channel_affine(weight, scales, zero, 0, -WEIGHT_LIMIT, WEIGHT_LIMIT)
    return rounded, scales


def fake_bias(bias: Tensor, steps: Tensor) -> Tensor:
    """A bias rounded to whole multiples of `steps` (input scale × weight scales)."""
    return bias + (torch.round(bias / steps) * steps - bias).detach()


def fake_constant(constant: Tensor) -> Tensor:
    """A constant operand as int8 can hold it."""
    return fake_tensor(constant, constant_quant(constant.detach().cpu().numpy()))


def fake_tensor(x: Tensor, quant: TensorQuant) -> Tensor:
    """A tensor as int8 with this scale and zero point can hold it (uint8: zero point − 128)."""
    return torch.fake_quantize_per_tensor_affine(x, quant.scale, quant.zero_point, -128, 127)


def fake_average(x: Tensor, quant: TensorQuant) -> Tensor:
    """A mean of integers, rounded half away from zero as TFLite's average pooling does.

    Means of a few integers often lie exactly between two of them. The hair above one half keeps
    float error from undoing such a tie. A mean is never clipped, so its gradient passes whole.
    """
    steps = (x / quant.scale + quant.zero_point).detach()
    rounded = torch.sign(steps) * torch.floor(steps.abs() + 0.5 + 1e-4)
    return x + ((rounded - quant.zero_point) * quant.scale - x).detach()


def fake_rescaled(x: Tensor, quant: TensorQuant, factor: FixedMultiplier) -> Tensor:
    """A tensor as integers times `factor` make it, which round twice (`quantize.arithmetic`).

    Where the factor is near one, the first rounding leaves few bits for the second, and a quarter
    of a step may be rounded up; products and means would be off by one in a tenth of their values.
    """
    finer = 2.0 ** max(-int(factor.shift[0]), 0)
    steps = torch.floor((x / quant.scale).detach() * finer + 0.5) / finer
    rounded = torch.sign(steps) * torch.floor(steps.abs() + 0.5)
    low, high = -128 - quant.zero_point, 127 - quant.zero_point
    clipped = x.clamp(low * quant.scale, high * quant.scale)
    return clipped + (rounded.clamp(low, high) * quant.scale - clipped).detach()


class FakeQuantized(nn.Module):
    """A fused network with fake quantization; images in real units in, logits out.

    While `observing` in training mode, the ranges follow the batches; otherwise they are fixed.
    """

    low: Tensor
    high: Tensor

    def __init__(self, fused: Graph, weights: Mapping[str, NDArray[np.float32]], ranges: Ranges) -> None:
        """Raises GraphError where the weights do not belong to the graph or a range is missing."""
        super().__init__()
        self.network = build(fused)
        load_weights(self.network, weights)
        self.observing = False
        self._fixed = fixed_quants(fused)
        self._sources = quant_sources(fused)
        self._members = ranged_tensors(fused)
        made = {node.name for node in self.network.nodes}
        ranged = [name for members in self._members.values() for name in members if name in made]
        self._places = {name: place for place, name in enumerate(ranged)}
        self.register_buffer("low", torch.tensor([ranges[name][0] for name in ranged]))
        self.register_buffer("high", torch.tensor([ranges[name][1] for name in ranged]))

    def forward(self, x: Tensor) -> Tensor:
        """Logits (batch, classes) of images (batch, channels, height, width) in real units."""
        if INPUT in self._sources:
            x = fake_tensor(x, self._quant(INPUT))
        logits: Tensor = self.network(x, self._compute)
        return logits

    def ranges(self) -> dict[str, tuple[float, float]]:
        """The range of every tensor that has its own."""
        return {
            name: (float(self.low[place]), float(self.high[place])) for name, place in self._places.items()
        }

    def _compute(self, node: Node, layer: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
        if isinstance(layer, Convolution | Linear):
            weight, scales = fake_weight(layer)
            step = self._quant(self._sources[node.inputs[0]]).scale
            bias = None if layer.bias is None else fake_bias(layer.bias, scales * step)
            made = layer.compute(inputs[0], weight, bias)
        elif isinstance(layer, Elementwise) and layer.constant is not None:
            made = layer.compute(inputs[0], fake_constant(layer.constant))
        else:
            made = apply_layer(node, layer, inputs)
        if node.name not in self._sources:  # a float32 tensor
            return made
        place = self._places.get(node.name)
        if place is not None and self.observing and self.training:
            self._follow(place, *extent(made))
        return self._rounded(node, layer, made)

    def _rounded(self, node: Node, layer: nn.Module, made: Tensor) -> Tensor:
        """What an operator made, rounded as its int8 kernel rounds."""
        quant = self._quant(self._sources[node.name])
        if isinstance(node.op, AveragePool2D):
            return fake_average(made, quant)
        scales = [self._quant(self._sources[name]).scale for name in node.inputs if name in self._sources]
        if isinstance(layer, Elementwise) and layer.constant is not None:
            scales.append(constant_quant(layer.constant.detach().cpu().numpy()).scale)
        if isinstance(node.op, Mul | Mean | Quantize) and scales:
            count = 1
            if isinstance(node.op, Mean):
                shape = self.network.graph.shapes[node.inputs[0]]
                count = math.prod(shape[axis] for axis in node.op.axes)
            return fake_rescaled(made, quant, mean_factor(math.prod(scales) / quant.scale, count))
        return fake_tensor(made, quant)

    def _follow(self, place: int, low: float, high: float) -> None:
        self.low[place] += RANGE_MOMENTUM * (low - self.low[place])
        self.high[place] += RANGE_MOMENTUM * (high - self.high[place])

    def _quant(self, source: str) -> TensorQuant:
        fixed = self._fixed.get(source)
        if fixed is not None:
            return _signed(fixed, self.network.graph.types[source])
        places = [self._places[name] for name in self._members[source]]
        return quant_of_range(float(self.low[places].min()), float(self.high[places].max()))


def _signed(quant: TensorQuant, element: ElementType) -> TensorQuant:
    """The same steps of real numbers with integers from -128 on: uint8 is int8 + 128."""
    if element != "uint8":
        return quant
    return TensorQuant(scale=quant.scale, zero_point=quant.zero_point - 128)
