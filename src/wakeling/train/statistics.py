"""Batch-norm statistics that belong to averaged weights.

Averaging weights changes what every layer makes, so the average of the statistics that each step
saw no longer fits: while the learning rate is high, answers drift towards one class. Measuring the
statistics again on some photos costs a few forward passes and puts that right (Izmailov et al.
2018, section 3.2).
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from wakeling.nets import GraphModule


def copy_module(module: nn.Module) -> nn.Module:
    """A deep copy that shares the graph, which nobody changes."""
    graphs = (part.graph for part in module.modules() if isinstance(part, GraphModule))
    shared: dict[int, object] = {id(graph): graph for graph in graphs}
    return copy.deepcopy(module, shared)


def has_statistics(module: nn.Module) -> bool:
    """Whether the module has batch norms."""
    return any(isinstance(part, _BatchNorm) for part in module.modules())


def with_measured_statistics(module: nn.Module, batches: Iterable[Tensor]) -> nn.Module:
    """A copy in evaluation mode whose batch norms hold the mean statistics of `batches`."""
    copied = copy_module(module)
    norms = [part for part in copied.modules() if isinstance(part, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # torch's way to say: the plain mean of all batches
    copied.train()
    with torch.no_grad():
        for batch in batches:
            copied(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    return copied.eval()
