"""The exponential moving average of a module's weights, batch-norm statistics included."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from wakeling.nets import GraphModule


def averaged_names(module: nn.Module) -> frozenset[str]:
    """State entries that are averaged: parameters and running statistics; the rest is copied."""
    names = {name for name, _ in module.named_parameters()}
    for prefix, part in module.named_modules():
        if isinstance(part, _BatchNorm):
            names |= {f"{prefix}.{name}" for name in ("running_mean", "running_var")}
    return frozenset(names)


class Average:
    """A copy of a module whose weights trail those of the module.

    After step t the decay is min(decay, (1 + t) / (10 + t)), so the random start is forgotten
    early (as in TensorFlow's ExponentialMovingAverage). Decay 0 follows the module exactly.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        graphs = (part.graph for part in module.modules() if isinstance(part, GraphModule))
        frozen: dict[int, object] = {id(graph): graph for graph in graphs}
        self.module = copy.deepcopy(module, frozen).eval().requires_grad_(False)
        self._decay = decay
        names = averaged_names(module)
        source, copied = module.state_dict(), self.module.state_dict()
        self._averaged = [(copied[name], source[name]) for name in source if name in names]
        self._copied = [(copied[name], source[name]) for name in source if name not in names]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the module's state after optimizer step `step`, counted from 0."""
        follow = 1 - min(self._decay, (1 + step) / (10 + step)) if self._decay else 1.0
        for average, newest in self._averaged:
            average.lerp_(newest, follow)
        for average, newest in self._copied:
            average.copy_(newest)
