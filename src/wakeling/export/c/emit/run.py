"""The body of `run`: one kernel call after the other, at the plan's offsets, with a comment on each."""

from __future__ import annotations

from collections.abc import Iterator

from wakeling.export.c.emit.describe import described
from wakeling.export.c.emit.text import comment
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
                made.append(f"arena + {offsets[f'{layer.node.name}/scratch']}")
            case "pixels":
                shape = layer.node.shape
                made.append(str(shape[0] * shape[1] if len(shape) == 3 else 1))
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
            f"    {layer.call.function}({', '.join(arguments(program, layer))});",
            f"    WK_TRACED({layer.step}, {pointer_text(offset)}, {size});",
        ]
        yield "\n".join(lines), event
