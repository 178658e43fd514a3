"""Rewrites of a fused graph that the int8 scheme needs; most graphs need none.

A batch norm that could not fold (DenseNet's), a hard sigmoid and a swish become sums and products,
as TensorFlow's converter writes them: TFLite has no operators for them. A tensor of a prescribed
scale (the input, a softmax, a sigmoid, a tanh) is requantized before it is concatenated, since a
concatenation only copies integers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from wakeling.errors import GraphError
from wakeling.fuse import fuse
from wakeling.graph import Graph, GraphBuilder, Node, weight_key, weight_shapes
from wakeling.ops import Activation, Add, BatchNorm, Concat, Mul, PointwiseKind, Quantize
from wakeling.quantize.affine import fixed_quants
from wakeling.quantize.rules import keeps_quantization

Weights = dict[str, NDArray[np.float32]]


def deployed_structure(graph: Graph) -> Graph:
    """The graph that `fold` makes of a trained one, from its structure alone."""
    fused = fuse(graph).graph
    parts = {key: shape for key, shape in weight_shapes(fused).items() if _is_norm_part(fused, key)}
    ones = {key: np.ones(shape, np.float32) for key, shape in parts.items()}
    return requantize_for_concatenation(spell_out(fused, ones)[0])


def affine_of(
    op: BatchNorm, name: str, weights: Mapping[str, NDArray[np.float32]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale and shift of a batch norm with fixed statistics; raises GraphError for a negative variance."""
    gamma, beta, mean, variance = (
        weights[weight_key(name, part)].astype(np.float64) for part in ("gamma", "beta", "mean", "variance")
    )
    if (variance + op.epsilon <= 0).any():
        raise GraphError(f"batch norm {name!r} has a negative variance; the weights are damaged")
    scale = gamma / np.sqrt(variance + op.epsilon)
    return scale, beta - mean * scale


def spell_out(graph: Graph, weights: Weights) -> tuple[Graph, Weights]:
    """The graph without what TFLite has no int8 operator for, activations fused again.

    A batch norm's parts in `weights` are replaced by the constants of its product and sum.
    """
    if not any(_rewriting(node) for node in graph.nodes):
        return graph, weights
    builder = _copy_of(graph)
    made = {key: array for key, array in weights.items() if not _is_norm_part(graph, key)}
    for node in graph.nodes:
        rewrite = _rewriting(node)
        if rewrite is None:
            builder.append(node.op, *node.inputs, name=node.name)
        else:
            made |= rewrite(builder, node, weights)
    return fuse(builder.build(graph.output)).graph, made


def _spell_out_batch_norm(builder: GraphBuilder, node: Node, weights: Weights) -> Weights:
    assert isinstance(node.op, BatchNorm)
    scale, shift = affine_of(node.op, node.name, weights)
    product = builder.append(Mul(constant=scale.shape), *node.inputs, name=f"{node.name}_scale")
    builder.append(Add(constant=shift.shape), product, name=node.name)
    return {
        weight_key(product, "constant"): scale.astype(np.float32),
        weight_key(node, "constant"): shift.astype(np.float32),
    }


def _spell_out_hard_sigmoid(builder: GraphBuilder, node: Node, weights: Weights) -> Weights:
    """relu6(x + 3) / 6."""
    total = builder.append(Add(constant=(), activation="relu6"), *node.inputs, name=f"{node.name}_shift")
    builder.append(Mul(constant=()), total, name=node.name)
    return {
        weight_key(total, "constant"): np.array(3, np.float32),
        weight_key(node, "constant"): np.array(1 / 6, np.float32),
    }


def _spell_out_swish(builder: GraphBuilder, node: Node, weights: Weights) -> Weights:
    """x · sigmoid(x)."""
    gate = builder.append(Activation(kind="sigmoid"), *node.inputs, name=f"{node.name}_gate")
    builder.append(Mul(), *node.inputs, gate, name=node.name)
    return {}


_Rewriting = Callable[[GraphBuilder, Node, Weights], Weights]
"""Appends what a node stands for, the last under the node's name; returns the new constants."""

_ACTIVATIONS: Mapping[PointwiseKind, _Rewriting] = MappingProxyType(
    {"hard_sigmoid": _spell_out_hard_sigmoid, "swish": _spell_out_swish}
)


def _rewriting(node: Node) -> _Rewriting | None:
    if isinstance(node.op, BatchNorm):
        return _spell_out_batch_norm
    return _ACTIVATIONS.get(node.op.kind) if isinstance(node.op, Activation) else None


def _is_norm_part(graph: Graph, key: str) -> bool:
    return isinstance(graph.by_name[key.rpartition("/")[0]].op, BatchNorm)


def requantize_for_concatenation(graph: Graph) -> Graph:
    """The graph with a quantize before each input of a concatenation whose scale is prescribed."""
    prescribed = set(fixed_quants(graph))
    for node in graph.nodes:
        if keeps_quantization(node.op) and not isinstance(node.op, Concat) and node.inputs[0] in prescribed:
            prescribed.add(node.name)
    if not any(isinstance(node.op, Concat) and prescribed & set(node.inputs) for node in graph.nodes):
        return graph
    builder = _copy_of(graph)
    for node in graph.nodes:
        inputs = list(node.inputs)
        if isinstance(node.op, Concat):
            for place, name in enumerate(inputs):
                if name in prescribed:
                    inputs[place] = builder.append(Quantize(), name, name=f"{node.name}_input_{place}")
        builder.append(node.op, *inputs, name=node.name)
    return builder.build(graph.output)


def _copy_of(graph: Graph) -> GraphBuilder:
    return GraphBuilder(graph.name, graph.input_shape, graph.input_type)
