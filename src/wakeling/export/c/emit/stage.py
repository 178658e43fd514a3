"""The first layers patch by patch: tables of where each patch's windows go, and a function that runs one.

Which boxes a patch needs is in `export.c.patches`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wakeling.export.c.emit.describe import described
from wakeling.export.c.emit.run import call_text, pointer, pointer_text, scratch_text
from wakeling.export.c.emit.text import comment
from wakeling.export.c.kernels.lowering import window_fields
from wakeling.export.c.lower import Layer, Program
from wakeling.export.c.patches import patch_boxes
from wakeling.export.c.program import Box, TraceEvent
from wakeling.graph import INPUT
from wakeling.ops import ELEMENT_BYTES
from wakeling.units import format_digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """C of the tables and of the function that runs one patch, the call of all, and their trace events."""

    functions: str
    call: str
    events: tuple[TraceEvent, ...]


@dataclass(slots=True, kw_only=True)
class _Tables:
    """Tables with one entry a patch. Mutable: filled while the layers are walked."""

    texts: list[str] = field(default_factory=list)

    def integers(self, name: str, values: Sequence[int]) -> str:
        """C for a number that may differ from patch to patch."""
        if len(set(values)) == 1:
            return str(values[0])
        self.texts.append(f"static const int32_t {name}[{len(values)}] = {{{', '.join(map(str, values))}}};")
        return f"{name}[patch]"


def stage_of(program: Program) -> Stage | None:
    """The stage of a patched plan; None where the plan has whole images only."""
    patch = program.plan.patch
    if patch is None:
        return None
    lowering = program.lowering
    boxes = patch_boxes(lowering.graph, patch, lowering.pads)
    layers = [layer for layer in program.layers if program.is_patched(layer)]
    tables, calls = _Tables(), []
    for layer in layers:
        calls.append(_call(program, layer, boxes, tables))
    body = "\n\n".join(calls)
    text = "\n".join(tables.texts)
    functions = f"""
{comment(_summary(program, len(boxes)))}
{text}

static void run_patch(int8_t *arena, int32_t patch) {{
{body}
}}
"""
    size = lowering.graph.sizes[patch.last]
    call = f"""\
    for (int32_t patch = 0; patch < {len(boxes)}; patch++) {{
        run_patch(arena, patch);
    }}
    WK_TRACED({layers[-1].step}, {pointer_text(program.plan.offsets[patch.last])}, {size});"""
    events = [
        TraceEvent(tensor=name, bytes=_box_bytes(program, name, needed[name]), box=needed[name])
        for needed in boxes
        for name in (layer.node.name for layer in layers[:-1])
        if name in needed
    ]
    events.append(TraceEvent(tensor=patch.last, bytes=size))
    return Stage(functions=functions, call=call, events=tuple(events))


def _summary(program: Program, patches: int) -> str:
    patch = program.plan.patch
    assert patch is not None
    return (
        f"Up to {patch.last} the layers run once for each of {patches} patches ({patch.rows} rows of "
        f"{patch.columns}), so that their tensors are never whole in the arena. Where patches overlap, "
        f"pixels are computed more than once: {format_digits(patch.added_macs)} MACs more."
    )


def _is_whole(program: Program, tensor: str) -> bool:
    """The network's input and the stage's output lie whole in the arena; boxes of the others do."""
    patch = program.plan.patch
    assert patch is not None
    return tensor in (INPUT, patch.last)


def _box_bytes(program: Program, tensor: str, box: Box) -> int:
    (top, bottom), (left, right) = box
    return (bottom - top) * (right - left) * _pixel_bytes(program, tensor)


def _pixel_bytes(program: Program, tensor: str) -> int:
    graph = program.lowering.graph
    return graph.shapes[tensor][2] * ELEMENT_BYTES[graph.types[tensor]]


NOWHERE: Box = ((0, 0), (0, 0))


def _call(program: Program, layer: Layer, boxes: Sequence[Mapping[str, Box]], tables: _Tables) -> str:
    graph, name = program.lowering.graph, layer.node.name
    made = [needed.get(name, NOWHERE) for needed in boxes]
    lines = [comment(f"{described(graph, layer.node)} In patches.", "    ")]
    write = _window_call if "window" in layer.call.arguments else _row_calls
    body = write(program, layer, boxes, tables)
    if not _is_whole(program, name):
        sizes = [_box_bytes(program, name, box) for box in made]
        size = tables.integers(f"layer_{layer.step}_bytes", sizes)
        place = pointer_text(program.plan.offsets[name])
        body.append(f"WK_TRACED({layer.step}, {place}, (uint32_t){size});")
    if NOWHERE not in made:
        return "\n".join([*lines, *(f"    {line}" for line in body)])
    needs = tables.integers(f"layer_{layer.step}_is_needed", [int(box != NOWHERE) for box in made])
    inner = [f"        {line}" for line in body]
    return "\n".join([*lines, f"    if ({needs}) {{", *inner, "    }"])


def _first(program: Program, tensor: str, held: Box, box: Box) -> tuple[int, int]:
    """Bytes from the start of a region to a box in it, and from one row to the next."""
    size = _pixel_bytes(program, tensor)
    width = held[1][1] - held[1][0]
    return ((box[0][0] - held[0][0]) * width + box[1][0] - held[1][0]) * size, width * size


def _region(program: Program, tensor: str, needed: Mapping[str, Box]) -> Box:
    height, width = program.lowering.graph.shapes[tensor][:2]
    return ((0, height), (0, width)) if _is_whole(program, tensor) else needed.get(tensor, NOWHERE)


def _place(program: Program, tensor: str, offset: str, *, is_constant: bool) -> str:
    start = program.plan.offsets[tensor]
    text = pointer(program.lowering.graph, tensor, start, is_constant=is_constant)
    if offset == "0":
        return text
    place = pointer_text(start)
    return text.replace(place, f"{place} + {offset}", 1)


def _window_call(
    program: Program, layer: Layer, boxes: Sequence[Mapping[str, Box]], tables: _Tables
) -> list[str]:
    """One call of a kernel that slides windows; each patch has windows of its own."""
    name, image = layer.node.name, layer.inputs[0]
    windows, starts = [], []
    for needed in boxes:
        box = needed.get(name, NOWHERE)
        held = _region(program, image, needed)
        fields = window_fields(program.lowering, layer.node, held, box)
        region = _region(program, name, needed)
        fields["output_pixels"] = region[1][1] - region[1][0]
        windows.append("{" + ", ".join(str(value) for value in fields.values()) + "}")
        starts.append(_first(program, name, region, box)[0])
    table = f"layer_{layer.step}_windows"
    rows = "".join(f"\n    {window}," for window in windows)
    tables.texts.append(f"static const wk_window {table}[{len(windows)}] = {{{rows}\n}};")
    start = tables.integers(f"layer_{layer.step}_start", starts)
    written = {
        "layer": f"&layer_{layer.step}",
        "window": f"&{table}[patch]",
        "input": _place(program, image, "0", is_constant=True),
        "output": _place(program, name, start, is_constant=False),
        "scratch": scratch_text(program, layer),
    }
    arguments = ", ".join(written.get(argument, argument) for argument in layer.call.arguments)
    return [f"{layer.call.function}({arguments});"]


def _row_calls(
    program: Program, layer: Layer, boxes: Sequence[Mapping[str, Box]], tables: _Tables
) -> list[str]:
    """A kernel that computes pixel by pixel, called for each row of the box."""
    name, step = layer.node.name, layer.step
    made = [needed.get(name, NOWHERE) for needed in boxes]

    def row_of(tensor: str, number: int) -> str:
        places = [
            _first(program, tensor, _region(program, tensor, needed), box)
            for needed, box in zip(boxes, made, strict=True)
        ]
        prefix = f"layer_{step}_row" if number < 0 else f"layer_{step}_input_{number}"
        start = tables.integers(f"{prefix}_start", [start for start, _ in places])
        stride = tables.integers(f"{prefix}_bytes", [stride for _, stride in places])
        return f"row * {stride}" if start == "0" else f"{start} + row * {stride}"

    inputs = iter(enumerate(layer.inputs))
    arguments = []
    for argument in layer.call.arguments:
        if argument == "input":
            number, tensor = next(inputs)
            arguments.append(_place(program, tensor, row_of(tensor, number), is_constant=True))
        elif argument == "output":
            arguments.append(_place(program, name, row_of(name, -1), is_constant=False))
        elif argument == "pixels":
            arguments.append(
                tables.integers(f"layer_{step}_columns", [wide[1] - wide[0] for _, wide in made])
            )
        else:
            arguments.append(f"&layer_{step}" if argument == "layer" else argument)
    rows = tables.integers(f"layer_{step}_rows", [high[1] - high[0] for high, _ in made])
    return [
        f"for (int32_t row = 0; row < {rows}; row++) {{",
        f"    {call_text(layer.call.function, arguments)}",
        "}",
    ]
