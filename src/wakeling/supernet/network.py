"""The supernet as a torch module: shared tensors, and the slices of them that a network uses.

The networks themselves are the graphs of the space's points (`spec.lower`); nothing here says how a
network is built. Slices: the first channels, and the middle of a kernel, changed by a learned matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from wakeling.errors import GraphError, UnsupportedOpError
from wakeling.graph import Graph, Node, weight_key, weight_shapes
from wakeling.nets import GraphModule, apply_layer, build, load_weights
from wakeling.ops import (
    BatchNorm,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Operator,
    Shape,
    constant_of,
    operator_name,
)
from wakeling.search.space import Point, StagedSpace
from wakeling.spec import lower
from wakeling.supernet.model import TrainedSupernet
from wakeling.supernet.sharing import SharedTensor, shared_names, shared_tensors

Weights = dict[str, NDArray[np.float32]]


class Supernet(nn.Module):
    """Every network of a space in one set of tensors, kept in the axis order of `graph.weight_key`.

    `shared` holds the tensors by their names in `sharing`; `NAME/to_3` is the matrix (as a vector of
    3⁴ numbers) that makes a kernel of 3 from the middle of the next larger one, the identity at first
    (Cai et al. 2020, section 3.3, "elastic kernel size").
    """

    def __init__(self, space: StagedSpace, seed: int = 0) -> None:
        """Normal weights as for the largest network, neutral batch norms; the same for a seed."""
        super().__init__()
        self.space = space
        self.tensors = dict(shared_tensors(space))
        self.shared = nn.ParameterDict()
        generator = torch.Generator().manual_seed(seed)
        for name, tensor in sorted(self.tensors.items()):
            self.shared[name] = nn.Parameter(_first_value(name, tensor, generator))
            for size in tensor.kernels[1:]:
                # A vector, so that weight decay leaves it alone: it shall stay near the identity.
                self.shared[f"{name}/to_{size}"] = nn.Parameter(torch.eye(size * size).flatten())

    def forward(self, x: Tensor, point: Point) -> Tensor:
        """Logits of the point's network, its batch norms by the statistics of this batch.

        `x` is (batch, channels, height, width) in real units, at the point's resolution and color.
        """
        graph = lower(self.space.network(point))
        tensors = subnet_tensors(self, point, graph)
        module = build(graph).to(x.device)
        logits: Tensor = module(x, compute=partial(_compute, tensors))
        return logits


def subnet_tensors(supernet: Supernet, point: Point, graph: Graph) -> dict[str, Tensor]:
    """The trained weights of the point's network as slices of the shared tensors, by `weight_key`.

    Gradients flow through them to the shared tensors.
    """
    shapes = weight_shapes(graph)
    return {
        key: _cut(supernet, name, shapes[key])
        for key, name in shared_names(supernet.space, point, graph).items()
    }


def subnet_weights(supernet: Supernet, point: Point) -> Weights:
    """The weights of the point's network, as `nets.load_weights` and `train.fit` take them.

    The statistics of batch norms are neutral (0 and 1): good for training on; for answers without
    training, give the weights to `recalibrate`.
    """
    graph = lower(supernet.space.network(point))
    with torch.no_grad():
        tensors = subnet_tensors(supernet, point, graph)
        weights = {key: np.array(tensor.cpu().numpy(), np.float32) for key, tensor in tensors.items()}
    for key, shape in weight_shapes(graph).items():
        if key not in weights:
            weights[key] = np.full(shape, 1.0 if key.endswith("variance") else 0.0, np.float32)
    return weights


def module_of(supernet: Supernet, point: Point) -> GraphModule:
    """The point's network as a module of its own, with copies of its weights."""
    module = build(lower(supernet.space.network(point)))
    load_weights(module, subnet_weights(supernet, point))
    return module


def export_shared(supernet: Supernet) -> Weights:
    """Copies of all shared tensors by name."""
    return {name: np.array(tensor.detach().cpu().numpy()) for name, tensor in supernet.shared.items()}


def supernet_of(trained: TrainedSupernet) -> Supernet:
    """The module of a trained supernet; raises GraphError where its tensors are of another space."""
    supernet = Supernet(trained.space)
    load_shared(supernet, trained.tensors)
    return supernet


def load_shared(supernet: Supernet, arrays: Mapping[str, NDArray[np.float32]]) -> None:
    """Copy arrays into the supernet; raises GraphError where they belong to another space."""
    shapes = {name: tuple(tensor.shape) for name, tensor in supernet.shared.items()}
    given = {name: array.shape for name, array in arrays.items()}
    if shapes != given:
        wrong = sorted(name for name in {*shapes, *given} if shapes.get(name) != given.get(name))
        raise GraphError(
            f"the tensors do not belong to a supernet of the space {supernet.space.name!r}: "
            f"{len(wrong)} differ, the first is {wrong[0]!r}; train a supernet of this space"
        )
    with torch.no_grad():
        for name, tensor in supernet.shared.items():
            tensor.copy_(torch.from_numpy(np.array(arrays[name], np.float32)))


def _first_value(name: str, tensor: SharedTensor, generator: torch.Generator) -> Tensor:
    if name.endswith("/weight"):
        return torch.randn(tensor.shape, generator=generator) * tensor.spread
    return torch.ones(tensor.shape) if name.endswith("/gamma") else torch.zeros(tensor.shape)


def _cut(supernet: Supernet, name: str, shape: Shape) -> Tensor:
    """The first channels along each axis; of a kernel (axes 1 and 2 of four) the middle."""
    tensor = cast(Tensor, supernet.shared[name])
    if len(shape) < 4:
        return tensor[tuple(slice(size) for size in shape)]
    tensor = tensor[: shape[0], :, :, : shape[3]]
    for size in supernet.tensors[name].kernels[1:]:
        if size < shape[1]:
            break
        tensor = _shrunk(tensor, size, cast(Tensor, supernet.shared[f"{name}/to_{size}"]))
    return tensor


def _shrunk(tensor: Tensor, size: int, matrix: Tensor) -> Tensor:
    """The middle `size` × `size` taps of each kernel, each a mixture of them by the matrix."""
    margin = (tensor.shape[1] - size) // 2
    middle = tensor[:, margin : margin + size, margin : margin + size, :]
    flat = middle.permute(0, 3, 1, 2).reshape(-1, size * size) @ matrix.view(size * size, size * size).T
    return flat.view(tensor.shape[0], tensor.shape[3], size, size).permute(0, 2, 3, 1)


_Tensors = Mapping[str, Tensor]
_Layer = Callable[[_Tensors, Node, Any, Tensor], Tensor]  # Any: each takes the layer of its operator


def _convolve(tensors: _Tensors, node: Node, layer: Any, x: Tensor) -> Tensor:
    weight = tensors[weight_key(node, "weight")].permute(0, 3, 1, 2)
    return cast(Tensor, layer.compute(x, weight, tensors.get(weight_key(node, "bias"))))


def _convolve_depthwise(tensors: _Tensors, node: Node, layer: Any, x: Tensor) -> Tensor:
    weight = tensors[weight_key(node, "weight")].permute(3, 0, 1, 2)
    return cast(Tensor, layer.compute(x, weight, tensors.get(weight_key(node, "bias"))))


def _multiply(tensors: _Tensors, node: Node, layer: Any, x: Tensor) -> Tensor:
    weight = tensors[weight_key(node, "weight")]
    return cast(Tensor, layer.compute(x, weight, tensors.get(weight_key(node, "bias"))))


def _normalize(tensors: _Tensors, node: Node, layer: Any, x: Tensor) -> Tensor:
    gamma, beta = (tensors[weight_key(node, part)] for part in ("gamma", "beta"))
    return F.batch_norm(x, None, None, gamma, beta, training=True, eps=layer.eps)


_WITH_WEIGHTS: Mapping[type[Operator], _Layer] = MappingProxyType(
    {Conv2D: _convolve, DepthwiseConv2D: _convolve_depthwise, Dense: _multiply, BatchNorm: _normalize}
)
"""How an operator that has weights computes with slices in place of its own."""


def _compute(tensors: _Tensors, node: Node, layer: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
    made = _WITH_WEIGHTS.get(type(node.op))
    if made is not None:
        return made(tensors, node, layer, inputs[0])
    if constant_of(node.op) is not None:
        raise UnsupportedOpError(operator_name(node.op), "supernet layer")
    return apply_layer(node, layer, inputs)
