"""TFLite's rules about scales and types: what a runtime refuses or aborts on, found out early.

The rules are those of TFLite's int8 specification and of the checks in its kernels' `Prepare`; what
only one runtime refuses (too many axes, too many inputs) is in `quantize.runtime_limits`.
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
    Concat,
    Dequantize,
    ElementType,
    MaxPool2D,
    Operator,
    Pad,
    PointwiseKind,
    Quantize,
    Reshape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
    constant_of,
    operator_name,
)
from wakeling.quantize import fixed_hard_swish
from wakeling.quantize.tensors import TensorQuant

SOFTMAX_OUTPUT = TensorQuant(scale=1 / 256, zero_point=-128)
"""What the output of a softmax or a sigmoid must have: 0..255/256 in steps of 1/256."""

TANH_OUTPUT = TensorQuant(scale=1 / 128, zero_point=0)
"""What the output of a tanh must have: −1..127/128 in steps of 1/128."""

SMALLEST_LOGIT_SCALE = 2.0**-26
"""A softmax multiplies its input's scale (times beta) by 2^26 and must end above one."""

SMALLEST_SIGMOID_SCALE = 2.0**-28
"""A sigmoid or tanh multiplies its input's scale by 2^27 and must not shift to the right."""

_MOVES = (AveragePool2D, MaxPool2D, Reshape, Pad, Transpose, StridedSlice, Concat)
_CLAMPS: tuple[PointwiseKind, ...] = ("linear", "relu", "relu6")
_RESCALING_CLAMPS: tuple[PointwiseKind, ...] = ("relu",)

_ANYTHING: tuple[tuple[ElementType, ElementType], ...] = (
    ("int8", "int8"),
    ("uint8", "uint8"),
    ("float32", "float32"),
)
_INT8_ONLY = _ANYTHING[:1]
TYPES: Mapping[type[Operator], tuple[tuple[ElementType, ElementType], ...]] = MappingProxyType(
    {
        **dict.fromkeys((Pad, Transpose, StridedSlice, Concat), (_ANYTHING[0], _ANYTHING[2])),
        Reshape: _ANYTHING,
        Quantize: (("float32", "int8"), ("int8", "int8"), ("int8", "uint8"), ("uint8", "int8")),
        Dequantize: (("int8", "float32"), ("uint8", "float32")),
    }
)
"""The input and output types of each operator that takes others than int8."""

Rule = Callable[[Node, tuple[TensorQuant, ...], TensorQuant], str | None]


def keeps_quantization(op: Operator) -> bool:
    """Whether an operator's output has the scale and the zero point of its inputs.

    It moves, compares or averages integers, or clamps them. (A lone ReLU may rescale; ours do not.)
    """
    return isinstance(op, _MOVES) or (isinstance(op, Activation) and op.kind in _CLAMPS)


def fixed_output(op: Operator) -> TensorQuant | None:
    """The scale and zero point that TFLite prescribes for an operator's output; None: there is no such."""
    if isinstance(op, Softmax) or (isinstance(op, Activation) and op.kind == "sigmoid"):
        return SOFTMAX_OUTPUT
    return TANH_OUTPUT if isinstance(op, Activation) and op.kind == "tanh" else None


def operand_names(node: Node) -> tuple[str, ...]:
    """What an operator computes with, in order: its inputs and its constant operand, if it has one."""
    if constant_of(node.op) is None:
        return node.inputs
    constant = weight_key(node, "constant")
    return (constant, *node.inputs) if getattr(node.op, "constant_first", False) else (*node.inputs, constant)


def check_types(graph: Graph) -> None:
    """Raises GraphError where an operator meets an element type that the int8 scheme has no kernel for."""
    types = graph.types
    for node in graph.nodes:
        known = TYPES.get(type(node.op), _INT8_ONLY)
        found = {(types[name], types[node.name]) for name in node.inputs}
        if len(found) != 1 or not found <= set(known):
            pairs = ", ".join(f"{source} to {made}" for source, made in known)
            given = ", ".join(f"{source} to {made}" for source, made in sorted(found))
            raise GraphError(f"{operator_name(node.op)} {node.name!r} takes {pairs}; given {given}")


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


def _keeps(node: Node, inputs: tuple[TensorQuant, ...], output: TensorQuant) -> str | None:
    for quant in inputs:
        if quant != output:
            return f"must keep its input's scale and zero point {quant}; given {output}"
    return None


def _softmax(node: Node, inputs: tuple[TensorQuant, ...], output: TensorQuant) -> str | None:
    if output != SOFTMAX_OUTPUT:
        return f"must have the output scale 1/256 and zero point -128; given {output}"
    assert isinstance(node.op, Softmax)
    if inputs[0].scale * node.op.beta <= SMALLEST_LOGIT_SCALE:
        return (
            f"takes logits of a scale (times beta) above 2^-26 (1.5e-8); "
            f"given {inputs[0].scale:.3g} and beta {node.op.beta:g}"
        )
    return None


def _sum(node: Node, inputs: tuple[TensorQuant, ...], output: TensorQuant) -> str | None:
    largest = max(quant.scale for quant in inputs)
    if 2 * largest < 2**20 * output.scale:
        return None
    return f"has an output scale of {output.scale:.3g}, too small for inputs of scale {largest:.3g}"


def _activation(node: Node, inputs: tuple[TensorQuant, ...], output: TensorQuant) -> str | None:
    assert isinstance(node.op, Activation)
    rule = _ACTIVATION_RULES.get(node.op.kind)
    return None if rule is None else rule(node, inputs, output)


def _squashes(node: Node, inputs: tuple[TensorQuant, ...], output: TensorQuant) -> str | None:
    fixed = fixed_output(node.op)
    if output != fixed:
        return f"must have the output {fixed}; given {output}"
    if inputs[0].scale < SMALLEST_SIGMOID_SCALE:
        return f"takes inputs of a scale of at least 2^-28 (3.7e-9); given {inputs[0].scale:.3g}"
    return None


def _hard_swish(node: Node, inputs: tuple[TensorQuant, ...], output: TensorQuant) -> str | None:
    output_exponent, gate_exponent = fixed_hard_swish.exponents(inputs[0], output)
    if not -15 <= output_exponent <= 0:
        return (
            f"takes an input scale of 1/512 to 128 times its output's; "
            f"given {inputs[0].scale:.3g} and {output.scale:.3g}"
        )
    if gate_exponent < -15:
        return f"takes inputs of a scale of at least 2^-22 (2.4e-7); given {inputs[0].scale:.3g}"
    return None


_ACTIVATION_RULES: Mapping[PointwiseKind, Rule] = MappingProxyType(
    {
        # TFLM's RELU6 clamps the input's integers and never looks at the output's scale.
        **{kind: _keeps for kind in _CLAMPS if kind not in _RESCALING_CLAMPS},
        "sigmoid": _squashes,
        "tanh": _squashes,
        "hard_swish": _hard_swish,
    }
)

RULES: Mapping[type[Operator], Rule] = MappingProxyType(
    {**dict.fromkeys(_MOVES, _keeps), Activation: _activation, Softmax: _softmax, Add: _sum, Sub: _sum}
)
"""The rule of each operator that has one."""
