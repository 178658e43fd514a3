"""The constant tables of all layers: their names, a source that defines them, a header that declares them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wakeling.export.c.emit.text import numbers
from wakeling.export.c.lower import Program
from wakeling.export.c.program import Array, Field


def tables_of(program: Program) -> Iterator[tuple[str, Array]]:
    """Every table by its name: `layer_STEP_MEMBER`."""
    for layer in program.layers:
        if layer.call.layer is not None:
            yield from _tables(f"layer_{layer.step}", layer.call.layer)


def _tables(prefix: str, fields: Mapping[str, Field]) -> Iterator[tuple[str, Array]]:
    for member, value in fields.items():
        if isinstance(value, Array):
            yield f"{prefix}_{member}", value
        elif isinstance(value, Mapping):
            yield from _tables(f"{prefix}_{member}", value)


def table_names(program: Program) -> dict[int, str]:
    """The name of each table, with the model's prefix to come, by the `id` of its `Array`."""
    return {id(array): f"wk_{name}" for name, array in tables_of(program)}


def declarations(program: Program) -> str:
    """The text of `wk_weights.h`, inside its guard."""
    return "\n".join(
        f"extern const {array.type} wk_{name}[{array.values.size}];" for name, array in tables_of(program)
    )


def weights_header(program: Program) -> str:
    """Declares all tables."""
    return (
        "/* The constant tables of the layers, by the layer's number. */\n"
        "#ifndef WK_WEIGHTS_H\n#define WK_WEIGHTS_H\n\n#include <stdint.h>\n\n"
        f"{declarations(program)}\n\n#endif\n"
    )


def weights_source(program: Program) -> str:
    """Defines all tables."""
    parts = [
        "/* The constant tables of the layers, by the layer's number. What they mean is in wk_kernels.h. */",
        '#include "wk_weights.h"\n',
    ]
    for name, array in tables_of(program):
        parts.append(f"const {array.type} wk_{name}[{array.values.size}] = {{\n{numbers(array)}\n}};\n")
    return "\n".join(parts)


def table_bytes(program: Program) -> int:
    """Flash of all tables."""
    return sum(array.flash_bytes for _, array in tables_of(program))
