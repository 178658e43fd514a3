"""The text of generated C: names, labels, titles, numbers, line lengths, and what compilers say to it."""

from __future__ import annotations

import dataclasses
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.export.c.host import RUNTIME, STRICT, zig
from tests.export.c.host_models import assert_agrees, call, inputs_of, link, run_models, write
from tests.export.c.tiny import network
from wakeling.errors import TargetError
from wakeling.export.c import CompiledModel, compile_model, target_of
from wakeling.export.c.emit.text import comment, folded, numbers, own_names, real, string
from wakeling.export.c.program import Array
from wakeling.graph import GraphBuilder
from wakeling.ops import (
    Activation,
    Add,
    AveragePool2D,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dequantize,
    MaxPool2D,
    Mean,
    Mul,
    Pad,
    Quantize,
    Reshape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
)
from wakeling.quantize import golden
from wakeling.quantize.model import QuantizedModel, TensorQuant
from wakeling.testing.random_models import random_model

PORTABLE = target_of("portable")
HARDEST = 'say "hi" \\ 100 % */ /* // ??/ \n\t wk_kernels WK_LAYER ä 人 %s \x07'


def everything(builder: GraphBuilder, tensor: str) -> str:
    """Every kernel once."""
    tensor = builder.append(Quantize(), tensor)
    tensor = builder.append(Mul(constant=(3,)), tensor)
    tensor = builder.append(Conv2D(filters=6, kernel=(3, 3), use_bias=True), tensor)
    first = builder.append(DepthwiseConv2D(kernel=(3, 3)), tensor)
    tensor = builder.append(Add(activation="relu"), tensor, first)
    column = builder.append(Mean(axes=(1,), keep_dims=True), tensor)
    tensor = builder.append(Sub(), tensor, column)
    tensor = builder.append(Mul(constant=(6,)), tensor)
    tensor = builder.append(Mul(), tensor, builder.append(Mean(axes=(0,), keep_dims=True), tensor))
    tensor = builder.append(Activation(kind="sigmoid"), tensor)
    tensor = builder.append(Pad(rows=(1, 0), columns=(0, 1), channels=(1, 0)), tensor)
    tensor = builder.append(StridedSlice(begin=(0, 0, 1), end=(6, 6, 7), strides=(1, 1, 1)), tensor)
    tensor = builder.append(Transpose(order=(1, 0, 2)), tensor)
    tensor = builder.append(MaxPool2D(pool=(2, 2)), tensor)
    pooled = builder.append(AveragePool2D(pool=(3, 3), padding="same"), tensor)
    tensor = builder.append(Concat(), tensor, pooled)
    tensor = builder.append(Mean(axes=(0, 1)), tensor)
    tensor = builder.append(Dense(units=3), tensor)
    return builder.append(Dequantize(), builder.append(Softmax(), tensor))


def model_of_everything() -> QuantizedModel:
    model = network((6, 6, 3), everything, given="float32")
    kernels = {layer.call.function for layer in compiled(model).program.layers}
    header = (RUNTIME / "wk_kernels.h").read_text()
    assert kernels == set(re.findall(r"^void (wk_\w+)\(", header, re.MULTILINE))
    return model


def compiled(model: QuantizedModel, name: str = "model") -> CompiledModel:
    return compile_model(model, PORTABLE, name=name, keep_constant_channels=True)


def classes(labels: tuple[str, ...], title: str = "labels") -> QuantizedModel:
    model = network(
        (2, 2, 1),
        lambda builder, tensor: builder.append(
            Dense(units=len(labels)), builder.append(Reshape(shape=(4,)), tensor)
        ),
    )
    return dataclasses.replace(model, labels=labels, name=title)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Model",
        "1st",
        "a-b",
        "int",
        "class",
        "wk",
        "wk_2",
        "string",
        "stdint",
        "int8",
        "uint_fast16",
        "size",
        "ä",
        "a b",
        "n" * 41,
    ],
)
def test_names_that_c_or_the_kernels_have_are_refused_in_one_line(name: str) -> None:
    with pytest.raises(TargetError) as problem:
        compiled(random_model(0), name)
    message = str(problem.value)
    assert repr(name) in message
    assert "\n" not in message
    assert len(message) < 200


def test_two_compilations_give_the_same_text() -> None:
    assert compiled(random_model(3)).files == compiled(random_model(3)).files


def test_only_the_kernels_that_are_called_are_emitted() -> None:
    for seed in range(12):
        made = compiled(random_model(seed))
        called = {source for layer in made.program.layers for source in layer.call.sources}
        emitted = {name for name in made.files if name.endswith(".c")}
        assert emitted == {own_names(name, "model") for name in called} | {"model.c", "model_weights.c"}
        included = {name for text in made.files.values() for name in re.findall(r'#include "(\S+)"', text)}
        assert included == {name for name in made.files if name.endswith(".h")}


@pytest.mark.parametrize("name", ["m", "model", "n" * 40])
def test_no_line_is_longer_than_110_columns(name: str) -> None:
    long = classes(tuple(f'{HARDEST} "{number}" of many' for number in range(300)), title=HARDEST * 9)
    for model in (long, model_of_everything(), *(random_model(seed) for seed in range(6))):
        for file, text in compiled(model, name).files.items():
            assert max(map(len, text.split("\n"))) <= 110, file
            assert text.isascii(), file
            assert text.endswith("\n"), file
            assert not text.endswith("\n\n"), file


def test_labels_and_title_arrive_byte_for_byte(tmp_path: Path) -> None:
    """Quotes, backslashes, the ends of comments, other scripts; three hundred of them."""
    labels = (*(f"{HARDEST}{number}" for number in range(299)), "")
    made = compiled(classes(labels, title=f"*/ {HARDEST} /* {HARDEST}"))
    main = """\
#include <stdio.h>
#include <string.h>
#include "model.h"
int main(void) {
    for (int i = 0; i < MODEL_LABELS; i++) fwrite(model_labels[i], 1, strlen(model_labels[i]) + 1, stdout);
    fwrite(MODEL_TITLE, 1, sizeof MODEL_TITLE, stdout);
    return 0;
}
"""
    program = link(tmp_path, write(tmp_path, {**made.files, "main.c": main}))
    printed = call([str(program)], tmp_path).split(b"\0")
    assert [text.decode() for text in printed] == [*labels, made.about.title, ""]


def test_constants_of_the_header_are_those_of_the_model(tmp_path: Path) -> None:
    model = network((5, 6, 3), Conv2D(filters=4, kernel=(3, 3)))
    quants = {**model.tensors, "input": TensorQuant(scale=1.0, zero_point=-7)}
    made = compiled(dataclasses.replace(model, tensors=quants))
    names = {
        "ARENA_BYTES": made.plan.peak_bytes,
        "INPUT_HEIGHT": model.graph.input_shape[0],
        "INPUT_WIDTH": model.graph.input_shape[1],
        "INPUT_CHANNELS": model.graph.input_shape[2],
        "INPUT_BYTES": int(np.prod(model.graph.input_shape)),
        "INPUT_ZERO_POINT": -7,
        "OUTPUT_VALUES": int(np.prod(model.graph.shapes[model.graph.output])),
        "MACS": made.about.macs,
    }
    scales = {"INPUT_SCALE": 1.0, "OUTPUT_SCALE": model.tensors[model.graph.output].scale}
    lines = [f'    printf("%ld\\n", (long)MODEL_{name});' for name in names]
    lines += [f'    printf("%a\\n", (double)MODEL_{name});' for name in scales]
    main = "\n".join(
        ["#include <stdio.h>", '#include "model.h"', "int main(void) {", *lines, "    return 0;", "}", ""]
    )
    program = link(tmp_path, write(tmp_path, {**made.files, "main.c": main}))
    printed = call([str(program)], tmp_path).decode().split()
    assert [int(word) for word in printed[: len(names)]] == list(names.values())
    assert [float.fromhex(word) for word in printed[len(names) :]] == list(scales.values())


def test_an_arena_that_does_not_do_is_refused(tmp_path: Path) -> None:
    """Too small, or not aligned; and the model's own where it was left out."""
    made = compiled(random_model(1))
    main = """\
#include "model.h"
static union { int64_t aligned; int8_t bytes[MODEL_ARENA_BYTES + 8]; } arena;
int main(void) {
    model_t model;
    if (model_init(&model, arena.bytes, MODEL_ARENA_BYTES - 1) != -1 || model.arena != NULL) return 1;
    if (model_init(&model, arena.bytes + 1, MODEL_ARENA_BYTES) != -1) return 2;
    if (model_init(&model, arena.bytes, MODEL_ARENA_BYTES) != 0) return 3;
#ifdef MODEL_NO_ARENA
    return model_init(&model, NULL, 0) == -1 ? 0 : 4;
#else
    return model_init(&model, NULL, 0) == 0 ? 0 : 5;
#endif
}
"""
    sources = write(tmp_path, {**made.files, "main.c": main})
    call([str(link(tmp_path, sources))], tmp_path)
    call([str(link(tmp_path, sources, "-DMODEL_NO_ARENA"))], tmp_path)


def test_without_tracing_a_model_needs_nobody_to_listen(tmp_path: Path) -> None:
    model = random_model(2)
    made = compiled(model)
    image = inputs_of(model, 1, 0)
    main = """\
#include <stdio.h>
#include "model.h"
int main(void) {
    static model_t model;
    if (model_init(&model, NULL, 0) != 0) return 1;
    if (fread(model_input(&model), 1, MODEL_INPUT_BYTES, stdin) != MODEL_INPUT_BYTES) return 2;
    model_run(&model);
    fwrite(model_output(&model), 1, MODEL_OUTPUT_BYTES, stdout);
    return 0;
}
"""
    program = link(tmp_path, write(tmp_path, {**made.files, "main.c": main}))
    assert call([str(program)], tmp_path, given=image.tobytes()) == golden.run(model, image).tobytes()


def test_the_header_serves_cpp(tmp_path: Path) -> None:
    """A C++ program with two models; without C++'s library, which zig would build first."""
    pytest.importorskip("ziglang")
    models = [compiled(model_of_everything(), "first"), compiled(random_model(7), "second")]
    main = """\
#include <stdio.h>
#include "first.h"
#include "second.h"
int main() {
    first_t first;
    second_t second;
    if (first_init(&first, nullptr, 0) != 0 || second_init(&second, nullptr, 0) != 0) return 1;
    if (fread(first_input(&first), 1, FIRST_INPUT_BYTES, stdin) != FIRST_INPUT_BYTES) return 2;
    if (fread(second_input(&second), 1, SECOND_INPUT_BYTES, stdin) != SECOND_INPUT_BYTES) return 3;
    first_run(&first);
    second_run(&second);
    fwrite(first_output(&first), 1, FIRST_OUTPUT_BYTES, stdout);
    fwrite(second_output(&second), 1, SECOND_OUTPUT_BYTES, stdout);
    return first_labels[0] != nullptr && second_labels[0] != nullptr ? 0 : 4;
}
"""
    files = {name: text for model in models for name, text in model.files.items()}
    sources = write(tmp_path, {"main.cpp": main, **files})
    call([*zig("cc"), *STRICT[1:], "-O1", "-o", "program", *sources], tmp_path)
    images = [inputs_of(model.original, 1, 0) for model in models]
    printed = call([str(tmp_path / "program")], tmp_path, given=b"".join(i.tobytes() for i in images))
    expected = [golden.run(model.original, i) for model, i in zip(models, images, strict=True)]
    assert printed == b"".join(values.tobytes() for values in expected)


def test_every_kernel_builds_without_a_warning_for_a_cortex_m0plus(tmp_path: Path) -> None:
    pytest.importorskip("ziglang")
    made = compile_model(
        model_of_everything(), target_of("cortex-m0plus"), name="model", keep_constant_channels=True
    )
    sources = write(tmp_path, {"string.h": _STRING_H, **made.files})
    core = ["--target=thumb-freestanding-eabi", "-mcpu=cortex_m0plus"]
    call([*zig("cc"), *core, *STRICT, "-Os", "-I.", "-c", *sources], tmp_path)


_STRING_H = """\
#include <stddef.h>
void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
"""


@pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="no arm-none-eabi-gcc")
@pytest.mark.parametrize("cpu", ["cortex-m0plus", "cortex-m4"])
def test_every_kernel_builds_without_a_warning_under_gcc_for_arm(tmp_path: Path, cpu: str) -> None:
    made = compiled(model_of_everything())
    sources = write(tmp_path, made.files)
    call(
        [
            "arm-none-eabi-gcc",
            f"-mcpu={cpu}",
            "-mthumb",
            *STRICT,
            "-Wshadow",
            "-pedantic",
            "-O2",
            "-c",
            *sources,
        ],
        tmp_path,
    )


def test_every_kernel_in_one_model_agrees_with_golden(tmp_path: Path) -> None:
    assert_agrees(tmp_path, [compiled(model_of_everything(), "all_of_them")])


def test_a_model_whose_layers_compute_nothing(tmp_path: Path) -> None:
    """Reshapes alone: the output is the input."""
    model = network((2, 3, 1), Reshape(shape=(6,)))
    made = compiled(model)
    given = inputs_of(model, 2, 0)
    (runs,) = run_models(tmp_path, [made], [given])
    assert [run.output for run in runs] == [given[i].tobytes() for i in (0, 1, 1, 0)]


def test_the_least_integers_and_reals_are_written_so_that_c_takes_them() -> None:
    words = numbers(Array(type="int32_t", values=np.array([-(2**31), 2**31 - 1, 0], np.int32)))
    assert words.split(", ") == ["    (-2147483647 - 1)", "2147483647", "0,"]
    assert [real(value) for value in (1.0, 0.5, 1e-9, 3e10, 256.0)] == [
        "1.0f",
        "0.5f",
        "1e-09f",
        "3e+10f",
        "256.0f",
    ]


def test_strings_keep_their_text_and_includes_get_the_prefix() -> None:
    text = '#include "wk_kernels.h"\nconst char *title = "wk_ \\" wk_"; wk_t wk_x = WK_Y; awk_z'
    assert own_names(text, "vww") == (
        '#include "vww_kernels.h"\nconst char *title = "wk_ \\" wk_"; vww_t vww_x = VWW_Y; awk_z'
    )


def test_long_lines_are_folded_between_words_and_never_in_a_string() -> None:
    text = string("word " * 15)
    line = f"    call({text}, one, two, three, four, five, six, seven, eight, nine);"
    lines = folded(line).split("\n")
    assert len(lines) > 1
    assert all(len(part) <= 110 for part in lines)
    assert text in lines[0]
    assert " ".join(part.strip() for part in lines) == line.strip()
    macro = folded("#define LONG " + "a + " * 40 + "a").split("\n")
    assert all(part.endswith(" \\") for part in macro[:-1])
    commented = folded("/* " + "word " * 40 + "*/").split("\n")
    assert all(part.startswith(" * ") for part in commented[1:])


def test_a_comment_cannot_be_ended_from_within() -> None:
    text = comment(f"{HARDEST} /*/ */*/")
    assert text.count("*/") == 1
    assert text.count("/*") == 1
