"""Builds generated models for this computer and runs them: several models in one program, every layer seen.

Each model runs in two arenas in turn: one allocated with exactly as many bytes as it asks for (so that
the address sanitizer watches both ends), one between guard bytes.
"""

from __future__ import annotations

import functools
import re
import struct
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.export.c.host import STRICT, host_compiler
from wakeling.export.c import CompiledModel
from wakeling.quantize import golden
from wakeling.quantize.kernels import Values
from wakeling.quantize.model import QuantizedModel
from wakeling.testing.random_models import random_images

TRACED = "-DWAKELING_TRACE"


def write(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Write files; returns the names of those that are compiled."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return sorted(name for name in files if name.endswith((".c", ".cpp")))


def call(command: Sequence[str], folder: Path, *, given: bytes = b"") -> bytes:
    """What a command prints; fails with its complaints."""
    done = subprocess.run(command, cwd=folder, input=given, capture_output=True)
    assert done.returncode == 0, (
        f"exit code {done.returncode} of {command[:4]}: {done.stderr.decode(errors='replace')[:4000]}"
    )
    return done.stdout


def build(folder: Path, files: Mapping[str, str], *flags: str) -> Path:
    """The program of files, under sanitizers, without a single warning."""
    return link(folder, write(folder, files), *flags)


def link(folder: Path, sources: Sequence[str], *flags: str) -> Path:
    """The program of sources that lie in a folder."""
    compiler, sanitizers = host_compiler()
    program = folder / "program"
    command = [*compiler, *STRICT, "-Wshadow", "-pedantic", "-O1", *sanitizers, *flags]
    call([*command, "-o", str(program), *sources], folder)
    return program


def inputs_of(model: QuantizedModel, count: int, seed: int) -> Values:
    """Noise of the model's own input type, extremes included; reals beyond what integers hold, too."""
    images = random_images(model, count, seed)
    if model.graph.input_type == "float32":
        return ((images.astype(np.float32) - 128) / 13).astype(np.float32)
    return golden.to_input(model, images)


@dataclass(frozen=True)
class ModelRun:
    """What one run reports: (layer, bytes) of each call of `wakeling_trace`, and the output."""

    events: tuple[tuple[int, bytes], ...]
    output: bytes


_MAIN = """\
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
{includes}

void wakeling_trace(int32_t layer, const void *output, uint32_t bytes);

static void put(int32_t layer, const void *values, uint32_t bytes) {{
    fwrite(&layer, sizeof layer, 1, stdout);
    fwrite(&bytes, sizeof bytes, 1, stdout);
    fwrite(values, 1, bytes, stdout);
}}

void wakeling_trace(int32_t layer, const void *output, uint32_t bytes) {{
    put(layer, output, bytes);
}}

static void fail(const char *what) {{
    fprintf(stderr, "%s\\n", what);
    exit(1);
}}

{functions}

int main(void) {{
{calls}
    return 0;
}}
"""

_FUNCTION = """\
static void run_{name}(void) {{
    static int8_t images[{images}][{upper}_INPUT_BYTES];
    static union {{ int64_t aligned; int8_t bytes[64 + {upper}_ARENA_BYTES + 64]; }} guarded;
    void *exact = malloc({upper}_ARENA_BYTES);
    {name}_t first, second;
    if (fread(images, {upper}_INPUT_BYTES, {images}, stdin) != {images}) fail("{name}: no input");
    memset(exact, 0xa5, {upper}_ARENA_BYTES);
    memset(guarded.bytes, 0x5a, sizeof guarded.bytes);
    if ({name}_init(&first, exact, {upper}_ARENA_BYTES) != 0) fail("{name}: refused");
    if ({name}_init(&second, guarded.bytes + 64, {upper}_ARENA_BYTES) != 0) fail("{name}: refused");
    for (int i = 0; i < {images}; i++) {{
        memcpy({name}_input(&first), images[i], {upper}_INPUT_BYTES);
        memcpy({name}_input(&second), images[({images} - 1) - i], {upper}_INPUT_BYTES);
        {name}_run(&first);
        {name}_run(&second);
        put(-1, {name}_output(&first), {upper}_OUTPUT_BYTES);
        put(-1, {name}_output(&second), {upper}_OUTPUT_BYTES);
    }}
    for (int i = 0; i < 64; i++) {{
        if (guarded.bytes[i] != 0x5a || guarded.bytes[64 + {upper}_ARENA_BYTES + i] != 0x5a)
            fail("{name}: wrote outside of its arena");
    }}
    free(exact);
}}
"""


def main_text(names: Sequence[str], images: int) -> str:
    """A program that runs models one after the other on images that it is given."""
    return _MAIN.format(
        includes="\n".join(f'#include "{name}.h"' for name in names),
        functions="\n".join(_FUNCTION.format(name=name, upper=name.upper(), images=images) for name in names),
        calls="\n".join(f"    run_{name}();" for name in names),
    )


def sharing_kernels(models: Sequence[CompiledModel], prefix: str = "shared") -> dict[str, str]:
    """The files of several models with one copy of the kernels, so that many are compiled quickly.

    Kernels must be the same text but for the prefix, and each model's own text is not changed: macros
    give its names of kernels to the shared ones.
    """
    files: dict[str, str] = {}
    for model in models:
        name = model.about.name
        own = {f"{name}.h", f"{name}.c", f"{name}_weights.h", f"{name}_weights.c"}
        words = re.compile(rf"\b(?:{name}|({name.upper()}))_(?=\w)")
        to_shared = functools.partial(words.sub, lambda m: f"{prefix.upper() if m[1] else prefix}_")
        renamed: set[str] = set()
        for file, text in model.files.items():
            if file in own:
                files[file] = text
                continue
            renamed |= set(re.findall(rf"\b(?:{name}_|{name.upper()}_)\w+", text))
            shared = to_shared(text)
            known = files.setdefault(file.replace(f"{name}_", f"{prefix}_", 1), shared)
            assert known.split() == shared.split(), f"{file} differs from model to model"
            files[file] = f'#include "{file.replace(f"{name}_", f"{prefix}_", 1)}"\n'
        defines = [f"#define {word} {to_shared(word)}" for word in sorted(renamed)]
        text = "\n".join([*defines, f'#include "{name}.c"', f'#include "{name}_weights.c"', ""])
        files[f"unit_{name}.c"] = text
    return files


def run_models(
    folder: Path,
    models: Sequence[CompiledModel],
    inputs: Sequence[Values],
    *flags: str,
    share_kernels: bool = False,
) -> list[list[ModelRun]]:
    """For each model, two runs for each of its images (`run_order` says of which)."""
    names = [model.about.name for model in models]
    images = len(inputs[0])
    if share_kernels:
        files = sharing_kernels(models)
        included = {f"{name}{end}" for name in names for end in (".c", "_weights.c")}
    else:
        files = {name: text for model in models for name, text in model.files.items()}
        included = set()
    files["main.c"] = main_text(names, images)
    write(folder, files)
    kernels = {file for file in files if re.match(rf"({'|'.join(names)})_", file)} if share_kernels else set()
    sources = sorted(f for f in files if f.endswith(".c") and f not in included | kernels)
    program = link(folder, sources, TRACED, *flags)
    printed = call([str(program)], folder, given=b"".join(values.tobytes() for values in inputs))
    return _parsed(printed, len(models), images)


def _parsed(printed: bytes, models: int, images: int) -> list[list[ModelRun]]:
    """Cut what the program prints; the two runs of an image print their events, then both outputs."""
    records: list[tuple[int, bytes]] = []
    at = 0
    while at < len(printed):
        layer, size = struct.unpack_from("=iI", printed, at)
        records.append((layer, printed[at + 8 : at + 8 + size]))
        at += 8 + size
    ends = [number for number, (layer, _) in enumerate(records) if layer == -1]
    assert len(ends) == 2 * models * images
    runs, begin = [], 0
    for first, second in zip(ends[::2], ends[1::2], strict=True):
        events = records[begin:first]
        half = len(events) // 2
        assert len(events) % 2 == 0
        assert second == first + 1
        runs.append(ModelRun(tuple(events[:half]), records[first][1]))
        runs.append(ModelRun(tuple(events[half:]), records[second][1]))
        begin = second + 1
    return [runs[start : start + 2 * images] for start in range(0, len(runs), 2 * images)]


def run_order(images: int) -> list[int]:
    """Which image each of the runs saw."""
    return [image for number in range(images) for image in (number, images - 1 - number)]


def differences(model: CompiledModel, inputs: Values, runs: Sequence[ModelRun]) -> list[str]:
    """What C and the golden interpreter disagree on: one line a tensor, the first run that has any."""
    tensors = golden.run_all(model.original, inputs)
    output = model.original.graph.output
    for image, run in zip(run_order(len(inputs)), runs, strict=True):
        found = []
        if len(run.events) != len(model.events):
            return [f"{len(run.events)} events instead of {len(model.events)}"]
        for event, (layer, values) in zip(model.events, run.events, strict=True):
            expected = model.expected(event, tensors, image)
            if values != expected:
                wrong = sum(a != b for a, b in zip(values, expected, strict=False))
                node = model.original.graph.by_name[event.tensor]
                found.append(f"image {image}, layer {layer}: {wrong} of {len(expected)} bytes of {node}")
        if run.output != tensors[output][image].tobytes():
            found.append(f"image {image}: the output differs")
        if found:
            return found
    return []


def assert_agrees(
    folder: Path,
    models: Sequence[CompiledModel],
    *,
    images: int = 3,
    flags: Sequence[str] = (),
    share_kernels: bool = False,
) -> None:
    """Build, run and compare every layer of every model with the golden interpreter."""
    inputs = [inputs_of(model.original, images, seed) for seed, model in enumerate(models)]
    runs = run_models(folder, models, inputs, *flags, share_kernels=share_kernels)
    problems = {}
    for model, values, of_model in zip(models, inputs, runs, strict=True):
        lines = differences(model, values, of_model)
        if lines:
            problems[f"{model.about.name} ({model.original.name})"] = lines
    assert not problems
