"""The model's source: structures of the layers, and the functions that the header promises."""

from __future__ import annotations

from wakeling.export.c.emit.about import About
from wakeling.export.c.emit.run import C_TYPES, pointer
from wakeling.export.c.emit.text import filled, initializer, string
from wakeling.export.c.emit.weights import table_names
from wakeling.export.c.kernels.lowering import window_fields
from wakeling.export.c.lower import Program
from wakeling.graph import INPUT


def source(program: Program, about: About, body: str, stage: str) -> str:
    """The text of `NAME.c`; `body` are the calls of `run`, `stage` the functions that they need."""
    name, upper = about.name, about.name.upper()
    headers = dict.fromkeys(header for layer in program.layers for header in layer.call.headers)
    includes = "\n".join(f'#include "{header}"' for header in headers)
    graph, offsets = program.lowering.graph, program.plan.offsets
    labels = filled(f"{string(label, 90)}," for label in about.labels)
    source_type, made_type = C_TYPES[about.input.element], C_TYPES[about.output.element]
    read = pointer(graph, INPUT, offsets[INPUT], is_constant=False).replace("arena", "model->arena")
    made = pointer(graph, graph.output, offsets[graph.output], is_constant=True)
    made = made.replace("arena", "model->arena")
    return f"""\
/* {name}: the layers, and what runs them. Written by wakeling {about.version}; see {name}.h. */
#include "{name}.h"

{includes}
#include "wk_weights.h"

/* Where WAKELING_TRACE is defined, a tester's function sees the output of every layer. */
#ifdef WAKELING_TRACE
void wakeling_trace(int32_t layer, const void *output, uint32_t bytes);
#define WK_TRACED(layer, output, bytes) wakeling_trace(layer, output, bytes)
#else
#define WK_TRACED(layer, output, bytes) ((void)0)
#endif

const char *const {name}_labels[{upper}_LABELS] = {{
{labels}
}};

{structures(program)}
#ifndef {upper}_NO_ARENA
static union {{
    int8_t bytes[{upper}_ARENA_BYTES];
    int64_t aligned;
}} own_arena;
#endif

int {name}_init({name}_t *model, void *arena, size_t bytes) {{
    model->arena = NULL;
#ifndef {upper}_NO_ARENA
    if (arena == NULL) {{
        arena = own_arena.bytes;
        bytes = sizeof own_arena.bytes;
    }}
#endif
    if (arena == NULL || bytes < {upper}_ARENA_BYTES || (uintptr_t)arena % {upper}_ARENA_ALIGNMENT != 0) {{
        return -1;
    }}
    model->arena = arena;
    return 0;
}}

{source_type} *{name}_input({name}_t *model) {{
    return {read};
}}

const {made_type} *{name}_output(const {name}_t *model) {{
    return {made};
}}
{stage}
void {name}_run({name}_t *model) {{
    int8_t *const arena = model->arena;

{body or "    (void)arena; /* no layer computes anything */"}
}}
"""


def structures(program: Program) -> str:
    """The constant structure of each layer, and where its windows go on whole images."""
    tables, parts = table_names(program), []
    for layer in program.layers:
        call = layer.call
        if call.layer is not None:
            members = initializer(call.layer, tables)
            parts.append(f"static const {call.struct} layer_{layer.step} = {{\n{members}\n}};\n")
        if "window" in call.arguments and not program.is_patched(layer):
            fields = window_fields(program.lowering, layer.node, None, None)
            members = initializer({**fields, "output_pixels": layer.node.shape[1]}, tables)
            parts.append(f"static const wk_window layer_{layer.step}_window = {{\n{members}\n}};\n")
    return "\n".join(parts)
