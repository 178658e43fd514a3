"""The C of a self-test: a picture, the output that belongs to it, and a function that compares.

It tells a model that always says no from a camera that shows nothing.
"""

from __future__ import annotations

import numpy as np

from wakeling.export.c.emit.about import About, End
from wakeling.export.c.emit.run import C_TYPES
from wakeling.export.c.emit.text import comment, numbers, own_names
from wakeling.export.c.program import Array
from wakeling.export.c.sample import Sample, Values


def selftest_files(about: About, sample: Sample) -> dict[str, str]:
    """C files by their names for the model that `about` describes."""
    texts = {
        "wk_selftest.h": _header(about, sample),
        "wk_selftest.c": f"{_INCLUDES}\n{arrays(about, sample)}\n{_TEST}",
    }
    return {own_names(file, about.name): own_names(text, about.name) for file, text in texts.items()}


def arrays(about: About, sample: Sample) -> str:
    """The definitions of `wk_test_picture` and `wk_test_output`."""
    return "\n".join(
        f"const {C_TYPES[end.element]} wk_test_{name}[{end.values}] = {{\n{_numbers(end, values)}\n}};\n"
        for name, end, values in (
            ("picture", about.input, sample.values),
            ("output", about.output, sample.output),
        )
    )


def _numbers(end: End, values: Values) -> str:
    return numbers(Array(type=C_TYPES[end.element], values=np.ascontiguousarray(values)))


def _header(about: About, sample: Sample) -> str:
    begin = comment(
        f"Does this board compute what was computed when the model was compiled? Picture: {sample.origin}. "
        "If the self-test passes and the model still never sees anything, look at the camera: exposure, "
        "focus, byte order, orientation."
    )
    values = comment(
        f"The picture, as the model takes it, and the output that belongs to it: {described(about, sample)}."
    )
    return f"""\
{begin}
#ifndef WK_SELFTEST_H
#define WK_SELFTEST_H

#include "{about.name}.h"

#ifdef __cplusplus
extern "C" {{
#endif

{values}
extern const {C_TYPES[about.input.element]} wk_test_picture[{about.input.values}];
extern const {C_TYPES[about.output.element]} wk_test_output[{about.output.values}];

/* Runs the model on the picture; returns how many bytes of the output are wrong, 0 for a pass. */
int wk_selftest(wk_t *model);

#ifdef __cplusplus
}}
#endif

#endif
"""


def described(about: About, sample: Sample) -> str:
    """The expected output in words: each label with its value."""
    pairs = zip(about.labels, sample.output.ravel().tolist(), strict=True)
    listed = [f"{label} {value:g}" for label, value in pairs]
    return ", ".join(listed[:4]) + (", ..." if len(listed) > 4 else "")


_INCLUDES = """\
#include "wk_selftest.h"

#include <string.h>
"""

_TEST = """\
int wk_selftest(wk_t *model) {
    int wrong = 0;
    memcpy(wk_input(model), wk_test_picture, WK_INPUT_BYTES);
    wk_run(model);
    const unsigned char *const output = (const unsigned char *)wk_output(model);
    const unsigned char *const expected = (const unsigned char *)wk_test_output;
    for (size_t i = 0; i < WK_OUTPUT_BYTES; i++) {
        wrong += output[i] != expected[i];
    }
    return wrong;
}
"""
