"""Add, sub and mul: two tensors, or a tensor and a constant, broadcast against each other.

With a constant that is a single number they are functions of one byte (`pointwise.table`); with one for
each of a few channels, of one byte a channel (`pointwise.channel_tables`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from wakeling.export.c.kernels.axes import Axis, axes_fields, broadcast_strides, merged
from wakeling.export.c.kernels.lowering import Lowering, channels_of
from wakeling.export.c.kernels.pointwise import channel_tables, table
from wakeling.export.c.program import Array, Call, Field
from wakeling.graph import Node, weight_key
from wakeling.ops import Shape, Sub, activation_of, constant_of, operator_name
from wakeling.quantize import arithmetic
from wakeling.quantize.arithmetic import FixedMultiplier
from wakeling.quantize.kernels.elementwise import operand_quants
from wakeling.quantize.rules import operand_names

MOST_TABLES = 4
"""Channels that get a table of 256 bytes each: color images, whose scaling networks of others begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """How a kernel goes over its operands: the pixels and channels of the inner kernel, the axes around.

    `channels` and `pixels` are a size and the two operands' strides; `pixels` None stands for as many
    as the caller says, and then there are no `outer` axes.
    """

    channels: Axis
    pixels: Axis | None
    pixel_strides: Axis
    outer: tuple[Axis, ...] = ()


def add_or_sub(lowering: Lowering, node: Node) -> Call:
    """Both operands are scaled apart, and then their sum or difference."""
    left, right = operand_quants(lowering.model, node)
    factors = arithmetic.add_factors(left, right, lowering.model.tensors[node.name])
    return _call(
        lowering,
        node,
        "add",
        {"sign": -1 if isinstance(node.op, Sub) else 1},
        (factors.left, factors.right, factors.output),
    )


def mul(lowering: Lowering, node: Node) -> Call:
    """The product alone is scaled."""
    left, right = operand_quants(lowering.model, node)
    output = lowering.model.tensors[node.name]
    factor = arithmetic.fixed_multiplier(left.scale * right.scale / output.scale)
    nothing = arithmetic.fixed_multiplier(0.0)
    return _call(lowering, node, "mul", {}, (nothing, nothing, factor))


def _call(
    lowering: Lowering,
    node: Node,
    kernel: str,
    sign: dict[str, Field],
    factors: tuple[FixedMultiplier, FixedMultiplier, FixedMultiplier],
) -> Call:
    constant = constant_of(node.op)
    if constant is not None and math.prod(constant) == 1:
        return table(lowering, node)
    channels = node.shape[-1:]
    if constant is not None and constant[-1:] == channels == (math.prod(constant),) <= (MOST_TABLES,):
        return channel_tables(lowering, node)
    model, key, names = lowering.model, weight_key(node, "constant"), operand_names(node)
    walk = _walk(node.shape, [constant if name == key else lowering.graph.shapes[name] for name in names])
    output = model.tensors[node.name]
    low, high = arithmetic.activation_range(activation_of(node.op), output)
    fields: dict[str, Field] = {
        "channels": walk.channels[0],
        **sign,
        "constant": None if constant is None else Array(type="int8_t", values=model.weights[key]),
        "left": _operand(model.tensors[names[0]].zero_point, factors[0], walk, 0),
        "right": _operand(model.tensors[names[1]].zero_point, factors[1], walk, 1),
        **_factor(factors[2]),
        "zero_point": output.zero_point,
        "low": low,
        "high": high,
    }
    arguments = ("layer", *("NULL" if name == key else "input" for name in names), "output")
    if walk.pixels is None:
        return Call(
            function=f"wk_{kernel}",
            struct=f"wk_{kernel}_layer",
            layer=fields,
            arguments=(*arguments, "pixels"),
            sources=(f"wk_{kernel}.c",),
        )
    return Call(
        function=f"wk_{kernel}_broadcast",
        struct=f"wk_{kernel}_broadcast_layer",
        layer={
            kernel: fields,
            "pixels": walk.pixels[0],
            "left": axes_fields(operator_name(node.op), walk.outer, 0),
            "right": axes_fields(operator_name(node.op), walk.outer, 1),
        },
        arguments=arguments,
        sources=(f"wk_{kernel}.c", f"wk_{kernel}_broadcast.c"),
    )


def _walk(target: Shape, shapes: list[Shape | None]) -> _Walk:
    left, right = (broadcast_strides(shape or (), target) for shape in shapes)
    channels = channels_of(target)
    ends = [strides[-1] if strides else 0 for strides in (left, right)]
    are_whole = [math.prod(shape or ()) == math.prod(target) for shape in shapes]
    if all(whole or not any(strides[:-1]) for whole, strides in zip(are_whole, (left, right), strict=True)):
        steps = tuple(channels if whole else 0 for whole in are_whole)
        return _Walk(channels=(channels, *_ones(are_whole, ends)), pixels=None, pixel_strides=steps)
    *outer, last = merged(target, left, right)
    inner = outer.pop() if outer else (1, 0, 0)
    return _Walk(channels=last, pixels=inner, pixel_strides=inner[1:], outer=tuple(outer))


def _ones(are_whole: list[bool], ends: list[int]) -> Axis:
    """Strides along channels: a whole tensor's is 1 even where there is one channel only."""
    return tuple(1 if whole else end for whole, end in zip(are_whole, ends, strict=True))


def _operand(zero_point: int, factor: FixedMultiplier, walk: _Walk, which: int) -> dict[str, Field]:
    return {
        "zero_point": zero_point,
        **_factor(factor),
        "pixel_stride": walk.pixel_strides[which],
        "channel_stride": walk.channels[1 + which],
    }


def _factor(factor: FixedMultiplier) -> dict[str, Field]:
    return {"multiplier": int(factor.multiplier[0]), "shift": int(factor.shift[0])}
