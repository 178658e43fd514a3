"""A training run's tensors as NumPy arrays, and back, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wakeling.errors import RunError

Arrays = dict[str, NDArray[Any]]


def snapshot(module: nn.Module, averaged: nn.Module, optimizer: torch.optim.Optimizer) -> Arrays:
    """Copies of everything that the next step depends on."""
    arrays: Arrays = {}
    for prefix, part in (("module", module), ("average", averaged)):
        for name, tensor in part.state_dict().items():
            arrays[f"{prefix}/{name}"] = _array(tensor)
    for index, parameter in enumerate(_parameters(optimizer)):
        for name, value in optimizer.state[parameter].items():
            if isinstance(value, Tensor):
                arrays[f"optimizer/{index}/{name}"] = _array(value)
    return arrays


def restore(
    arrays: Mapping[str, NDArray[Any]],
    module: nn.Module,
    averaged: nn.Module,
    optimizer: torch.optim.Optimizer,
) -> None:
    """Put a snapshot back; raises RunError where it does not fit these modules.

    Tensors keep their memory order, because sums over another order would differ in the last bit.
    """
    for prefix, part in (("module", module), ("average", averaged)):
        for name, tensor in part.state_dict().items():
            _fill(tensor, arrays, f"{prefix}/{name}")
    for index, parameter in enumerate(_parameters(optimizer)):
        start = f"optimizer/{index}/"
        for key in [key for key in arrays if key.startswith(start)]:
            shaped = arrays[key].shape == tuple(parameter.shape)
            tensor = torch.empty_like(parameter) if shaped else torch.empty(arrays[key].shape)
            _fill(tensor, arrays, key)
            optimizer.state[parameter][key.removeprefix(start)] = tensor.detach()


def _parameters(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _array(tensor: Tensor) -> NDArray[Any]:
    return np.array(tensor.detach().cpu().numpy())


@torch.no_grad()
def _fill(tensor: Tensor, arrays: Mapping[str, NDArray[Any]], key: str) -> None:
    if key not in arrays or arrays[key].shape != tuple(tensor.shape):
        raise RunError(f"the checkpoint does not fit the network at {key!r}; start over without --resume")
    tensor.copy_(torch.from_numpy(np.array(arrays[key])))
