"""TFLite's rules about scales: what a runtime refuses or aborts on, found out early.

The rules are those of TFLite's int8 specification and of the checks in its kernels' `Prepare`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from wakeling.errors import GraphError
from wakeling.graph import Graph, Node, weight_key
from wakeling.ops import (
    Activation,
    Add,
    AveragePool2D,
    MaxPool2D,
    Operator,
    Pad,
    Reshape,
    Softmax,
    constant_of,
)
from wakeling.quantize.tensors import TensorQuant

SOFTMAX_OUTPUT = TensorQuant(scale=1 / 256, zero_point=-128)
"""What a softmax's output must have: 0..255/256 in steps of 1/256."""

SMALLEST_LOGIT_SCALE = 2.0**-26
"""A softmax multiplies its input's scale by 2^26 and must end above one."""

KEEPS_QUANTIZATION = (AveragePool2D, MaxPool2D, Reshape, Pad, Activation)
"""Operators whose output has the scale and the zero point of their input."""

Rule = Callable[[Node, tuple[TensorQuant, ...], TensorQuant], str | None]


def check_scales(graph: Graph, tensors: Mapping[str, TensorQuant]) -> None:
    """Raises GraphError with the first broken rule; returns nothing where all hold.

    A rule sees the quantization of each operand in order, a constant one included. Operators on
    float32 tensors have no scales and break no rule.
    """
    for node in graph.nodes:
        rule = RULES.get(type(node.op))
        names = operand_names(node)
        if rule is None or any(name not in tensors for name in (*names, node.name)):
            continue
        need = rule(node, tuple(tensors[name] for name in names), tensors[node.name])
        if need is not None:
            raise GraphError(f"{node.name!r} {need}")


def operand_names(node: Node) -> tuple[str, ...]:
    """What an operator computes with, in order: its inputs and its constant operand, if it has one."""
    if constant_of(node.op) is None:
        return node.inputs
    constant = weight_key(node, "constant")
    return (constant, *node.inputs) if getattr(node.op, "constant_first", False) else (*node.inputs, constant)


def _keeps(node: Node, inputs: tuple[TensorQuant, ...], output: TensorQuant) -> str | None:
    if output == inputs[0]:
        return None
    return f"must keep its input's scale and zero point {inputs[0]}; given {output}"


def _softmax(node: Node, inputs: tuple[TensorQuant, ...], output: TensorQuant) -> str | None:
    if output != SOFTMAX_OUTPUT:
        return f"must have the output scale 1/256 and zero point -128; given {output}"
    if inputs[0].scale <= SMALLEST_LOGIT_SCALE:
        return f"takes logits of a scale above 2^-26 (1.5e-8); given {inputs[0].scale:.3g}"
    return None


def _add(node: Node, inputs: tuple[TensorQuant, ...], output: TensorQuant) -> str | None:
    largest = max(quant.scale for quant in inputs)
    if 2 * largest < 2**20 * output.scale:
        return None
    return f"has an output scale of {output.scale:.3g}, too small for inputs of scale {largest:.3g}"


RULES: Mapping[type[Operator], Rule] = MappingProxyType(
    {**dict.fromkeys(KEEPS_QUANTIZATION, _keeps), Softmax: _softmax, Add: _add}
)
"""The rule of each operator that has one."""
