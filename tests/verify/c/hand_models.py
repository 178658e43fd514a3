"""Models written by hand in C, whose instructions, stack and mistakes are known beforehand."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping
from pathlib import Path

ARENA_BYTES, INPUT_BYTES = 64, 8

_HEADER = f"""\
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#define MODEL_ARENA_BYTES {ARENA_BYTES}
#define MODEL_INPUT_BYTES {INPUT_BYTES}
#define MODEL_OUTPUT_BYTES {INPUT_BYTES}
typedef struct {{ int8_t *arena; }} model_t;
int model_init(model_t *model, void *arena, size_t bytes);
int8_t *model_input(model_t *model);
void model_run(model_t *model);
const int8_t *model_output(const model_t *model);
void wakeling_trace(int32_t layer, const void *output, uint32_t bytes);
"""

_SOURCE = """\
#include "model.h"
int model_init(model_t *model, void *arena, size_t bytes) {
    (void)bytes;
    model->arena = arena;
    return 0;
}
int8_t *model_input(model_t *model) { return model->arena; }
const int8_t *model_output(const model_t *model) { return model->arena; }
"""


def hand_model(run: str, before: str = "") -> dict[str, str]:
    """C files of a model whose `run` has this body; its output is its input after that."""
    return {
        "model.h": _HEADER,
        "model.c": f"{_SOURCE}{before}\nvoid model_run(model_t *model) {{\n(void)model;\n{run}\n}}\n",
    }


def assembly_model(*instructions: str) -> Mapping[str, str]:
    """A model whose `run` is these instructions, and nothing else."""
    body = " ".join(f'"{line}\\n"' for line in instructions)
    return {
        "model.h": _HEADER,
        "model.c": _SOURCE
        + f"__attribute__((naked)) void model_run(model_t *model) {{ __asm__ volatile({body}); }}\n",
    }


@functools.cache
def shared_folder() -> tempfile.TemporaryDirectory[str]:
    """Where objects are kept for all tests of this process."""
    return tempfile.TemporaryDirectory(prefix="wakeling-tests-", ignore_cleanup_errors=True)


def objects() -> Path:
    """The shared folder's path."""
    return Path(shared_folder().name)
