"""The public header: the only file that a program includes."""

from __future__ import annotations

import textwrap

from wakeling.export.c.emit.about import About, End
from wakeling.export.c.emit.run import C_TYPES
from wakeling.export.c.emit.text import comment, plain, real, string


def header(about: About) -> str:
    """The text of `NAME.h`."""
    name, upper = about.name, about.name.upper()
    source, made = C_TYPES[about.input.element], C_TYPES[about.output.element]
    remarks = "".join(
        f" *\n{textwrap.fill(plain(remark), 100, initial_indent=' * ', subsequent_indent=' * ')}\n"
        for remark in about.remarks
    )
    return f"""\
/* {plain(about.title)}: a neural network in plain C, written by wakeling {about.version} for {about.target}.
 *
 *     static {name}_t model;
 *     {name}_init(&model, NULL, 0);
 *     memcpy({name}_input(&model), picture, {upper}_INPUT_BYTES);
 *     {name}_run(&model);
 *     const {made} *answer = {name}_output(&model);
 *
 * Nothing is allocated, and all state is in the arena: several models, or one on several threads, each
 * with an arena of its own, do not disturb each other.
{remarks} */
#ifndef {upper}_H
#define {upper}_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

#define {upper}_TITLE {_defined(about.title)}
#define {upper}_WAKELING_VERSION {string(about.version)}
#define {upper}_CONTENT_HASH {string(about.content_hash)}

/* RAM for the input, the output, all that is between them, and scratch. */
#define {upper}_ARENA_BYTES {about.arena_bytes}
#define {upper}_ARENA_ALIGNMENT 8

/* Multiply-accumulates of one run. */
#define {upper}_MACS {about.macs}

{_end("INPUT", upper, about.input)}
{_end("OUTPUT", upper, about.output)}
/* What each output stands for. */
#define {upper}_LABELS {len(about.labels)}
extern const char *const {name}_labels[{upper}_LABELS];

typedef struct {{
    int8_t *arena;
}} {name}_t;

/* Gives a model its arena: `bytes` bytes, at least {upper}_ARENA_BYTES, at a multiple of
 * {upper}_ARENA_ALIGNMENT. NULL stands for an arena of its own, of which there is one in all (none where
 * {upper}_NO_ARENA is defined). Returns 0, or -1 where the arena does not do. */
int {name}_init({name}_t *model, void *arena, size_t bytes);

/* Where the input goes. It is overwritten by each run. */
{source} *{name}_input({name}_t *model);

/* Computes the output from the input. */
void {name}_run({name}_t *model);

/* The output of the last run. */
const {made} *{name}_output(const {name}_t *model);

#ifdef __cplusplus
}}
#endif

#endif
"""


def _defined(text: str) -> str:
    """A string for a macro, whose lines end in a backslash."""
    lines = string(text, 90).split("\n")
    return lines[0] if len(lines) == 1 else " \\\n    ".join(["", *lines]).lstrip(" ")


def _end(which: str, upper: str, end: End) -> str:
    lines = []
    names = ("HEIGHT", "WIDTH", "CHANNELS") if len(end.shape) == 3 else ()
    lines += [f"#define {upper}_{which}_{axis} {size}" for axis, size in zip(names, end.shape, strict=False)]
    lines += [
        f"#define {upper}_{which}_VALUES {end.values}",
        f"#define {upper}_{which}_BYTES {end.bytes}",
    ]
    note = f"The {which.lower()}: {end.element} values"
    if end.quant is None:
        return "\n".join([comment(f"{note}."), *lines, ""])
    note += "; the real number is scale * (value - zero point)."
    lines += [
        f"#define {upper}_{which}_SCALE {real(end.quant.scale)}",
        f"#define {upper}_{which}_ZERO_POINT ({end.quant.zero_point})",
    ]
    return "\n".join([comment(note), *lines, ""])
