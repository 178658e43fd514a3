"""Our reader of .tflite files against the schema's generated classes, and its bounds."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.export.rewriting import changed, unpacked
from tests.importers.building import FileBuilder
from tests.importers.test_operators import CASES
from wakeling.errors import ModelFileError
from wakeling.export import tflite
from wakeling.export.builtin_names import BUILTIN_NAMES
from wakeling.export.flatbuffer import root
from wakeling.export.model_file import constant_values
from wakeling.export.read_file import TYPE_NAMES, read_bytes, read_model_file
from wakeling.export.schema import schema
from wakeling.testing.random_models import random_model

PEERS = Path(__file__).parents[2].parent / "shared" / "peers"


def files() -> dict[str, bytes]:
    contents = {f"random {seed}": tflite.to_bytes(random_model(seed)) for seed in range(6)}
    for name, (build, _) in CASES.items():
        builder = FileBuilder((1, 8, 6, 4))
        build(builder)
        contents[name] = builder.finish()
    return contents | {path.stem: path.read_bytes() for path in sorted(PEERS.glob("*.tflite"))}


FILES = files()


def numbers(vector: Any) -> list[Any]:
    return [] if vector is None else np.asarray(vector).tolist()


def text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else name or ""


@pytest.mark.parametrize("name", FILES)
def test_what_is_read_is_what_the_generated_classes_read(name: str) -> None:
    content = FILES[name]
    found, expected = read_model_file(content), unpacked(content)
    assert found.description == text(expected.description)
    assert found.size_bytes == len(content)
    assert [buffer.tolist() for buffer in found.buffers] == [numbers(b.data) for b in expected.buffers]
    assert list(found.metadata) == [text(entry.name) for entry in expected.metadata or []]
    assert len(found.subgraphs) == len(expected.subgraphs) == 1
    ours, theirs = found.subgraphs[0], expected.subgraphs[0]
    assert ours.name == text(theirs.name)
    assert list(ours.inputs) == numbers(theirs.inputs)
    assert list(ours.outputs) == numbers(theirs.outputs)
    for tensor, other in zip(ours.tensors, theirs.tensors, strict=True):
        assert tensor.name == text(other.name)
        assert list(tensor.shape) == numbers(other.shape)
        assert list(tensor.signature) == (numbers(other.shapeSignature) or numbers(other.shape))
        assert TYPE_NAMES.index(tensor.element) == other.type
        assert (tensor.buffer, tensor.is_variable) == (other.buffer, bool(other.isVariable))
        assert tensor.is_sparse == (other.sparsity is not None)
        scales = [] if other.quantization is None else numbers(other.quantization.scale)
        assert ([] if tensor.quantization is None else tensor.quantization.scales.tolist()) == scales
        if tensor.quantization is not None:
            assert tensor.quantization.zero_points.tolist() == numbers(other.quantization.zeroPoint)
            assert tensor.quantization.axis == other.quantization.quantizedDimension
    for operator, other in zip(ours.operators, theirs.operators, strict=True):
        code = expected.operatorCodes[other.opcodeIndex]
        assert BUILTIN_NAMES.index(operator.name) == max(code.builtinCode, code.deprecatedBuiltinCode)
        assert operator.version == code.version
        assert list(operator.inputs) == numbers(other.inputs)
        assert list(operator.outputs) == numbers(other.outputs)
        assert operator.options_type == other.builtinOptionsType
        assert (operator.options is None) == (other.builtinOptions is None)


def test_names_and_types_are_the_schemas() -> None:
    codes = {code: name for name, code in vars(schema().BuiltinOperator).items() if isinstance(code, int)}
    assert dict(enumerate(BUILTIN_NAMES)) == codes
    types = {code: name.lower() for name, code in vars(schema().TensorType).items() if isinstance(code, int)}
    assert dict(enumerate(TYPE_NAMES)) == types


def test_constants_are_views_of_the_file() -> None:
    content = FILES["random 0"]
    file = read_model_file(content)
    whole = np.frombuffer(content, np.uint8)
    arrays = [constant_values(file, tensor) for tensor in file.subgraphs[0].tensors]
    kept = [array for array in arrays if array is not None and array.size]
    assert len(kept) > 2
    assert all(np.shares_memory(array, whole) and not array.flags.writeable for array in kept)


def test_a_table_gives_defaults_for_what_it_leaves_out() -> None:
    table = root(FILES["random 0"], b"TFL3")
    assert table.scalar(50, "int32", 7) == 7
    assert table.table(50) is None
    assert table.vector(50, np.int32) is None
    assert table.values(50) is None
    assert table.text(50) == ""
    assert table.tables(50) == ()


@pytest.mark.parametrize(
    ("vtable", "message"),
    [
        (struct.pack("<HH", 2, 8), "does not fit"),  # smaller than its own header
        (struct.pack("<HH", 4, 2), "does not fit"),  # an object without room for its offset
        (struct.pack("<HH", 0xFFFE, 8), "does not fit"),
        (struct.pack("<HH", 4, 0xFFFF), "does not fit"),
        (struct.pack("<HHH", 6, 8, 2), "field 0 of the table"),  # a field inside the offset
        (struct.pack("<HHH", 6, 8, 6), "field 0 of the table"),  # a field across the object's end
    ],
)
def test_a_vtable_that_lies_is_refused(vtable: bytes, message: str) -> None:
    start = 8 + len(vtable)
    content = struct.pack("<I", start) + b"TFL3" + vtable + struct.pack("<ii", len(vtable), 0) + b"\0" * 8
    with pytest.raises(ModelFileError, match=message):
        root(content, b"TFL3").scalar(0, "uint32")


def test_buffers_outside_the_flatbuffer_are_refused() -> None:
    def move(file: Any) -> None:
        file.buffers[1].data = None
        file.buffers[1].offset, file.buffers[1].size = 4096, 16

    with pytest.raises(ModelFileError, match="outside the flatbuffer"):
        read_model_file(changed(FILES["random 0"], move))


def test_a_file_far_too_large_is_not_even_opened(tmp_path: Path) -> None:
    path = tmp_path / "huge.tflite"
    with path.open("wb") as file:
        file.truncate(300 << 20)
    with pytest.raises(ModelFileError, match="far fewer"):
        read_bytes(path)
