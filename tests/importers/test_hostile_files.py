"""Files that lie: one line each, no crash, no hang, no memory beyond the file's own size."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.export.rewriting import changed
from tests.importers.building import FileBuilder
from tests.importers.mutation import MUTATIONS
from tests.importers.test_operators import CASES
from wakeling import spec
from wakeling.errors import ModelFileError, UnsupportedModelError
from wakeling.export import metadata, tflite
from wakeling.export.flatbuffer import MOST_ITEMS
from wakeling.fuse import fuse
from wakeling.importers import read_tflite
from wakeling.testing.random_models import quantize_randomly, random_model

ROOT = Path(__file__).parents[2]
PEERS = ROOT.parent / "shared" / "peers"

MODEL = tflite.to_bytes(
    quantize_randomly(fuse(spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=32))).graph, 0)
)


def refusal(content: bytes) -> str:
    """The one line; reading must be quick and take little memory besides the file."""
    tracemalloc.start()
    start = time.perf_counter()
    try:
        with pytest.raises(ModelFileError) as raised:
            read_tflite(content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - start < 20
    assert peak < 16 * len(content) + (64 << 20)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 2000
    return str(raised.value)


def write_seeds(folder: Path, *, peers: bool) -> list[str]:
    """Files to break: random models, one for each operator, the published ones."""
    contents = [tflite.to_bytes(random_model(seed)) for seed in range(12)]
    for build, _ in CASES.values():
        builder = FileBuilder((1, 8, 6, 4))
        build(builder)
        contents.append(builder.finish())
    paths = []
    for number, content in enumerate(contents):
        path = folder / f"{number}.tflite"
        path.write_bytes(content)
        paths.append(str(path))
    published = [path for path in sorted(PEERS.glob("*.tflite")) if peers and path.stat().st_size < 60_000]
    return [*paths, *map(str, published)]


def fuzz(tmp_path: Path, first: int, count: int, *, peers: bool, timeout_s: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.importers.fuzz_child", str(first), str(count), "256"]
    finished = subprocess.run(
        [*command, *write_seeds(tmp_path, peers=peers)],
        cwd=ROOT,
        capture_output=True,
        timeout=timeout_s,
        check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert finished.returncode == 0, finished.stderr.decode()[-2000:]
    report: dict[str, Any] = json.loads(finished.stdout)
    assert sum(report["outcomes"].values()) == count
    assert report["failures"] == []
    assert report["slowest_s"] < 5
    return report


def test_two_thousand_broken_files_are_read_or_refused_in_one_line(tmp_path: Path) -> None:
    report = fuzz(tmp_path, 0, 2_000, peers=False, timeout_s=120)
    assert {f"{name} refused" for name in MUTATIONS} <= report["outcomes"].keys()
    assert report["outcomes"]["field read"] > 20  # the attack reaches behind the checks of bounds


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1_000_000, 1_100_000, 20_000))
def test_a_hundred_thousand_broken_files_are_read_or_refused_in_one_line(tmp_path: Path, first: int) -> None:
    report = fuzz(tmp_path, first, 20_000, peers=True, timeout_s=280)
    assert {f"{name} refused" for name in MUTATIONS} <= report["outcomes"].keys()


def test_every_truncation_of_a_file_is_refused() -> None:
    content = tflite.to_bytes(random_model(3))
    for size in range(0, len(content) - 64, max(1, len(content) // 300)):
        with pytest.raises(ModelFileError, match=r"tflite|truncated") as raised:
            read_tflite(content[:size])
        assert "\n" not in str(raised.value)


def set_shape(tensor: int, shape: list[int]) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        file.subgraphs[0].tensors[tensor].shape = np.array(shape, np.int32)

    return change


def on_tensor(tensor: int, **values: Any) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        for name, value in values.items():
            setattr(file.subgraphs[0].tensors[tensor], name, value)

    return change


def on_scale(tensor: int, **values: Any) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        for name, value in values.items():
            setattr(file.subgraphs[0].tensors[tensor].quantization, name, value)

    return change


def on_options(**values: Any) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        for name, value in values.items():
            setattr(file.subgraphs[0].operators[0].builtinOptions, name, value)

    return change


def on_operator(operator: int, **values: Any) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        for name, value in values.items():
            setattr(file.subgraphs[0].operators[operator], name, value)

    return change


def reverse(file: Any) -> None:
    file.subgraphs[0].operators.reverse()


def two_inputs(file: Any) -> None:
    file.subgraphs[0].inputs = np.array([0, 1], np.int32)


def no_output(file: Any) -> None:
    file.subgraphs[0].outputs = np.array([], np.int32)


def two_subgraphs(file: Any) -> None:
    file.subgraphs.append(file.subgraphs[0])


def cut_a_buffer(file: Any) -> None:
    largest = max(file.buffers, key=lambda buffer: 0 if buffer.data is None else len(buffer.data))
    largest.data = largest.data[:-1]


def unknown_operators(file: Any) -> None:
    file.operatorCodes[0].builtinCode = 9999
    file.operatorCodes[1].builtinCode = 32
    file.operatorCodes[1].customCode = "My\nOperator"


INT32 = np.int32
LIES: dict[str, tuple[Callable[[Any], None], str]] = {
    "an input of 2^40 values": (set_shape(0, [1, 2**20, 2**20, 1]), "1099511627776 values"),
    "an input of no values": (set_shape(0, [1, 32, 0, 3]), "0 values"),
    "a negative size": (set_shape(0, [1, -32, 32, 3]), "has the shape"),
    "a batch of eight": (set_shape(0, [8, 32, 32, 3]), "batch of 1"),
    "no axes": (set_shape(0, []), "batch of 1"),
    "a thousand axes": (set_shape(0, [1] * 1000), "has the shape"),
    "weights of another shape": (set_shape(1, [8, 3, 3, 4]), "takes 288 bytes; it has 216"),
    "an output of another shape": (set_shape(3, [1, 16, 15, 8]), "is declared as"),
    "an unknown type": (on_tensor(0, type=77), "unknown type 77"),
    "a type that is not computed with": (on_tensor(0, type=7), "int16"),
    "a buffer that is not there": (on_tensor(1, buffer=10_000), "refers to buffer 10000"),
    "a scale that is no number": (
        on_scale(0, scale=np.array([np.nan], np.float32)),
        "not positive and finite",
    ),
    "a scale of zero": (on_scale(1, scale=np.zeros(8, np.float32)), "not positive and finite"),
    "a negative scale": (on_scale(0, scale=np.array([-0.1], np.float32)), "not positive and finite"),
    "too few scales": (
        on_scale(1, scale=np.ones(3, np.float32), zeroPoint=np.zeros(3, np.int64)),
        "3 scales",
    ),
    "scales without zero points": (on_scale(1, zeroPoint=np.zeros(2, np.int64)), "2 zero points"),
    "a zero point that is no int8": (on_scale(0, zeroPoint=np.array([2**40])), "zero point 1099511627776"),
    "weights with a zero point": (on_scale(1, zeroPoint=np.full(8, 3)), "symmetric"),
    "scales along another axis": (on_scale(1, quantizedDimension=3), "along axis 3"),
    "no scales": (on_tensor(0, quantization=None), "0 scales"),
    "a stride of zero": (on_options(strideH=0), "stride of at least 1"),
    "a negative stride": (on_options(strideW=-(2**31)), "stride of at least 1"),
    "a huge stride": (on_options(strideW=2**31 - 1), "is declared as"),
    "a dilation of zero": (on_options(dilationHFactor=0), "dilation of at least 1"),
    "an unknown padding": (on_options(padding=9), "padding 9"),
    "an activation that is not fused": (on_options(fusedActivationFunction=4), "TANH"),
    "options of another operator": (on_operator(0, builtinOptionsType=9), "options of kind 9"),
    "an operator code that is not there": (on_operator(0, opcodeIndex=500), "operator code 500"),
    "a tensor that is not there": (on_operator(0, inputs=np.array([0, 1, 5000], INT32)), "tensor 5000"),
    "an operator without inputs": (on_operator(0, inputs=np.array([], INT32)), "lacks its input 0"),
    "an operator without outputs": (on_operator(0, outputs=np.array([], INT32)), "0 outputs"),
    "an operator that reads its own output": (
        on_operator(0, inputs=np.array([3, 1, 2], INT32)),
        "read before",
    ),
    "an operator that writes a constant": (on_operator(0, outputs=np.array([1], INT32)), "has its values"),
    "weights that are computed": (on_operator(1, inputs=np.array([3, 3, 2], INT32)), "no constant"),
    "operators in the wrong order": (reverse, "read before it is computed"),
    "two inputs": (two_inputs, "2 inputs"),
    "no output": (no_output, "0 outputs"),
    "two subgraphs": (two_subgraphs, "2 subgraphs"),
    "a buffer that is a byte short": (cut_a_buffer, "bytes; it has"),
    "another schema": (lambda file: setattr(file, "version", 2), "schema version 2"),
    "operators that nobody knows": (unknown_operators, "operator code 9999"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_file_that_lies_is_refused_with_the_reason(lie: str) -> None:
    change, expected = LIES[lie]
    assert expected in refusal(changed(MODEL, change))


def test_unknown_operators_are_named_all_at_once_with_their_counts() -> None:
    builder = FileBuilder((1, 8, 6, 4))
    tensor = builder.input
    for name in ("RELU", "ELU", "LEAKY_RELU", "ELU", "SPACE_TO_DEPTH"):
        tensor = builder.operator(name, [tensor], (1, 8, 6, 4))
    with pytest.raises(UnsupportedModelError) as raised:
        read_tflite(builder.finish())
    assert raised.value.operators == {"ELU": 2, "LEAKY_RELU": 1, "SPACE_TO_DEPTH": 1}
    assert "2 × ELU, 1 × LEAKY_RELU, 1 × SPACE_TO_DEPTH" in str(raised.value)


def test_a_list_that_computes_no_constant_is_no_known_operator() -> None:
    builder = FileBuilder((1, 8))
    builder.operator("PACK", [builder.input, builder.input], (2, 8), "PackOptions", {"valuesCount": 2})
    with pytest.raises(UnsupportedModelError, match="1 × PACK"):
        read_tflite(builder.finish())


def test_tables_that_are_referred_to_again_and_again_are_counted() -> None:
    """Twenty thousand subgraphs that are one, of twenty thousand tensors that are one: 400 million."""
    import flatbuffers

    from wakeling.export.schema import schema

    names = schema()
    builder = flatbuffers.Builder(1 << 20)
    names.TensorStart(builder)
    tensor = names.TensorEnd(builder)
    tensors = repeated(builder, names.SubGraphStartTensorsVector, tensor)
    names.SubGraphStart(builder)
    names.SubGraphAddTensors(builder, tensors)
    subgraphs = repeated(builder, names.ModelStartSubgraphsVector, names.SubGraphEnd(builder))
    names.ModelStart(builder)
    names.ModelAddVersion(builder, 3)
    names.ModelAddSubgraphs(builder, subgraphs)
    builder.Finish(names.ModelEnd(builder), b"TFL3")
    assert "more tables and values" in refusal(bytes(builder.Output()))


def repeated(builder: Any, start: Callable[[Any, int], Any], offset: int, count: int = 20_000) -> int:
    start(builder, count)
    for _ in range(count):
        builder.PrependUOffsetTRelative(offset)
    vector: int = builder.EndVector()
    return vector


def test_weights_that_thousands_of_operators_share_are_counted() -> None:
    """Each of the convolutions would be a megabyte of weights to check, of a file of two."""
    builder = FileBuilder((1, 1, 1, 1))
    weight = builder.constant(np.zeros((250_000, 1, 1, 1)))
    bias = builder.constant(np.zeros(250_000))
    options = {"strideH": 1, "strideW": 1}
    for _ in range(2_000):
        inputs = [builder.input, weight, bias]
        builder.operator("CONV_2D", inputs, (1, 1, 1, 250_000), "Conv2DOptions", options)
    assert "share their weights" in refusal(builder.finish())


def test_constants_that_grow_when_they_are_unpacked_are_counted() -> None:
    builder = FileBuilder((1, 1, 1, 1))
    stored = builder.constant(np.zeros(1_000_000), np.float16)
    for _ in range(200):
        builder.operator("DEQUANTIZE", [stored], (1_000_000,), "DequantizeOptions")
    assert "unpacks more constants" in refusal(builder.finish())


def test_a_million_outputs_are_not_named_one_by_one() -> None:
    builder = FileBuilder((1, 8, 8, 1))
    margins = builder.constant([(0, 0), (0, 4000), (0, 4000), (0, 0)], np.int32)
    builder.operator("PAD", [builder.input, margins], (1, 4008, 4008, 1), "PadOptions")
    model = read_tflite(builder.finish())
    assert model.quantized is None
    assert model.floating is None
    assert "16064064 outputs" in str(model.unquantized_reason)


@pytest.mark.parametrize("text", [b"[" * 100_000, b'{"format": 1}', b"\xff\xfe", b"", b"[1]", b"9" * 5000])
def test_metadata_that_is_none_of_ours_is_refused(text: bytes) -> None:
    def change(file: Any) -> None:
        for entry in file.metadata:
            if entry.name == metadata.NAME.encode():
                file.buffers[entry.buffer].data = np.frombuffer(text, np.uint8)

    assert "wakeling metadata" in refusal(changed(MODEL, change))


def test_a_path_that_is_no_file_gives_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="does not exist"):
        read_tflite(tmp_path / "nothing.tflite")
    with pytest.raises(ModelFileError, match="is a folder"):
        read_tflite(tmp_path)
    (tmp_path / "text.tflite").write_text("hello, this is no model")
    with pytest.raises(ModelFileError, match=r"text\.tflite: this is not a \.tflite file"):
        read_tflite(tmp_path / "text.tflite")


def test_the_limits_are_far_above_real_networks() -> None:
    """DenseNet-121, among the files with most operators, has some 430; each takes about 40 items."""
    assert MOST_ITEMS > 50 * 430 * 40
    assert math.prod((640, 640, 64)) < 1 << 26
