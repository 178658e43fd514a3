"""The body of `run`: one kernel call after the other, at the plan's offsets, with a comment on each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from wakeling.export.c.emit.describe import described
from wakeling.export.c.emit.text import comment
from wakeling.export.c.kernels.lowering import INPUTS_BEGIN, INPUTS_END, channels_of
from wakeling.export.c.lower import Layer, Program
from wakeling.export.c.program import TraceEvent
from wakeling.graph import Graph
from wakeling.ops import ElementType
from wakeling.units import format_digits

C_TYPES: dict[ElementType, str] = {
    "int8": "int8_t",
    "uint8": "uint8_t",
    "int16": "int16_t",
    "int32": "int32_t",
    "float32": "float",
}


def pointer_text(offset: int) -> str:
    """C for a place in the arena."""
    return f"arena + {offset}" if offset else "arena"


def pointer(graph: Graph, tensor: str, offset: int, *, is_constant: bool) -> str:
    """C for where a tensor is in the arena, as a pointer to its elements."""
    place = pointer_text(offset)
    element = graph.types[tensor]
    if element == "int8":
        return place
    qualifier = "const " if is_constant else ""
    return f"({qualifier}{C_TYPES[element]} *)({qualifier}void *)({place})"


def scratch_text(program: Program, layer: Layer) -> str:
    """C for a layer's scratch; NULL where the plan gives it none, since it needs none there."""
    offset = program.plan.offsets.get(f"{layer.node.name}/scratch")
    return "NULL" if offset is None else pointer_text(offset)


def call_text(function: str, arguments: Sequence[str]) -> str:
    """A call in C; what stands between `INPUTS_BEGIN` and `INPUTS_END` becomes one array of pointers."""
    text = ", ".join(arguments)
    text = text.replace(f"{INPUTS_BEGIN}, ", INPUTS_BEGIN).replace(f", {INPUTS_END}", INPUTS_END)
    return f"{function}({text});"


def arguments(program: Program, layer: Layer) -> list[str]:
    """The arguments of a whole layer's call, in C."""
    graph, offsets = program.lowering.graph, program.plan.offsets
    inputs = iter(layer.inputs)
    made = []
    for argument in layer.call.arguments:
        match argument:
            case "layer":
                made.append(f"&layer_{layer.step}")
            case "window":
                made.append(f"&layer_{layer.step}_window")
            case "input":
                name = next(inputs)
                made.append(pointer(graph, name, offsets[name], is_constant=True))
            case "output":
                name = layer.node.name
                made.append(pointer(graph, name, offsets[name], is_constant=False))
            case "scratch":
                made.append(scratch_text(program, layer))
            case "pixels":
                made.append(str(math.prod(layer.node.shape) // channels_of(layer.node.shape)))
            case other:
                made.append(other)
    return made


def whole_layers(program: Program) -> Iterator[tuple[str, TraceEvent]]:
    """C and trace event of each layer that runs on whole images."""
    graph, plan = program.lowering.graph, program.plan
    for layer in program.layers:
        if program.is_patched(layer):
            continue
        name = layer.node.name
        offset, size = plan.offsets[name], graph.sizes[name]
        event = TraceEvent(tensor=name, bytes=size)
        lines = [
            comment(
                f"{described(graph, layer.node)} {format_digits(layer.macs)} MACs; "
                f"{format_digits(plan.live_bytes[layer.step])} bytes of the arena in use.",
                "    ",
            ),
            f"    {call_text(layer.call.function, arguments(program, layer))}",
            f"    WK_TRACED({layer.step}, {pointer_text(offset)}, {size});",
        ]
        yield "\n".join(lines), event
