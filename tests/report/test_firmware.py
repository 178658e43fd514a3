"""The code for the board: right constants, nothing a label could break."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report import sample
from wakeling.errors import UnsupportedOpError
from wakeling.export import operators
from wakeling.export.tflm_resolver import RESOLVER_METHODS
from wakeling.report import firmware

STUBS = {
    "model.h": "#pragma once\nextern const unsigned char model[];\n",
    "tensorflow/lite/schema/schema_generated.h": """#pragma once
namespace tflite { struct Model {}; const Model* GetModel(const void*); }
""",
    "tensorflow/lite/micro/micro_mutable_op_resolver.h": """#pragma once
namespace tflite {
struct MicroOpResolver {};
template <unsigned int> struct MicroMutableOpResolver : MicroOpResolver {
  int AddConv2D(); int AddDepthwiseConv2D(); int AddAveragePool2D(); int AddReshape();
  int AddFullyConnected(); int AddSoftmax();
};
}
""",
    "tensorflow/lite/micro/micro_interpreter.h": """#pragma once
#include <cstddef>
#include <cstdint>
enum TfLiteStatus { kTfLiteOk, kTfLiteError };
union TfLitePtrUnion { int8_t* int8; };
struct TfLiteTensor { TfLitePtrUnion data; };
namespace tflite {
struct Model;
struct MicroOpResolver;
struct MicroInterpreter {
  MicroInterpreter(const Model*, const MicroOpResolver&, uint8_t*, size_t);
  TfLiteStatus AllocateTensors();
  TfLiteTensor* input(size_t);
  TfLiteTensor* output(size_t);
  TfLiteStatus Invoke();
};
}
""",
}
"""The few declarations of TensorFlow Lite Micro that the code leans on."""


@pytest.fixture
def deployment():
    return sample.design_report().deployment


def code(deployment):
    return "\n".join(block.text for block in firmware.steps(deployment)[:2])


@given(st.floats(0, 1))
def test_the_int8_threshold_says_yes_exactly_where_the_probability_does(probability):
    threshold = firmware.int8_threshold(probability)
    for value in range(-128, 128):
        assert (value >= threshold) == ((value + 128) / 256 >= probability)


def test_the_constants_are_those_of_the_deployment(deployment):
    text = code(deployment)
    assert "constexpr int kArenaBytes = 71680;" in text
    assert "MicroMutableOpResolver<6>" in text
    assert f"i < {96 * 96 * 3};" in text
    assert "data.int8[1] >= 8;" in text
    assert "red, green, blue" in text
    assert "gray" in code(dataclasses.replace(deployment, input_shape=(96, 96, 1)))


def test_each_operator_is_registered_once(deployment):
    twice = dataclasses.replace(deployment, operators=(*deployment.operators, "CONV_2D"))
    assert code(twice) == code(deployment)
    assert code(twice).count("AddConv2D") == 1


def test_an_operator_without_a_method_is_named(deployment):
    with pytest.raises(UnsupportedOpError, match=r"'CUSTOM'.*TFLM resolver"):
        firmware.steps(dataclasses.replace(deployment, operators=("CONV_2D", "CUSTOM")))


def test_every_operator_that_export_writes_has_a_resolver_method():
    entries = [*operators.OPERATOR_ENTRIES.values(), *operators.ACTIVATION_ENTRIES.values()]
    assert {entry.builtin for entry in entries} <= set(RESOLVER_METHODS)


def test_the_reserved_arena_is_whole_kibibytes_and_large_enough():
    assert [firmware.reserved_bytes(n) for n in (1, 1024, 1025, 71_640)] == [1024, 1024, 2048, 71_680]


def test_a_label_cannot_leave_its_comment(deployment):
    hostile = dataclasses.replace(deployment, labels=("no", 'x"\n#error */ \\'))
    text = code(hostile)
    assert "#error" not in text
    assert all(not line.endswith("\\") for line in text.splitlines())
    assert 'Returns 1 for "x___error __ _", 0 for not' in text


def test_extra_blocks_come_last(deployment):
    assert firmware.steps(deployment)[2:] == deployment.extra


def test_the_code_is_valid_cpp(deployment, tmp_path: Path):
    text = code(deployment)
    assert text.count("{") == text.count("}")
    compiler = shutil.which("c++")
    if compiler is None:
        return
    for name, content in STUBS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "sketch.cpp").write_text(text)
    command = [
        compiler,
        "-std=c++17",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-fsyntax-only",
        "-I",
        ".",
        "sketch.cpp",
    ]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
