"""The .tflite file: read back by the schema and by LiteRT, small, aligned, the same every time."""

from __future__ import annotations

import dataclasses
import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import numpy as np
import pytest

from tests.export.rewriting import changed, unpacked
from wakeling import spec
from wakeling._version import __version__
from wakeling.errors import MissingDependencyError, ModelFileError, UnsupportedOpError
from wakeling.export import metadata, tflite
from wakeling.export.operators import ACTIVATION_ENTRIES, OPERATOR_ENTRIES, operator_entry
from wakeling.export.read_file import read_model_file
from wakeling.export.schema import schema
from wakeling.fuse import fuse
from wakeling.importers import read_tflite
from wakeling.ops import OPERATORS, Activation, BatchNorm, PointwiseKind, Reshape, Softmax
from wakeling.quantize.golden import KERNELS
from wakeling.quantize.model import QuantizedModel
from wakeling.testing.random_models import quantize_randomly, random_model

PEERS = Path(__file__).parents[2].parent / "shared" / "peers"

PUBLISHED_BYTES = 333_288
"""Size of MLPerf Tiny's vww_96_int8.tflite: the same architecture by TensorFlow's converter."""


def mobilenet(**knobs: Any) -> QuantizedModel:
    network = spec.make("mobilenet_v1", **{"alpha": 0.25, "resolution": 96, **knobs})
    return quantize_randomly(fuse(spec.lower(network)).graph, 0)


def test_every_operator_of_a_fused_graph_has_an_entry() -> None:
    assert {*OPERATOR_ENTRIES, Activation} == set(OPERATORS.values()) - {BatchNorm} == set(KERNELS)
    assert set(ACTIVATION_ENTRIES) == set(get_args(PointwiseKind)) - {"hard_sigmoid", "swish"}
    with pytest.raises(UnsupportedOpError, match="tflite export"):
        operator_entry(BatchNorm())


@pytest.mark.parametrize("seed", range(8))
def test_the_same_model_gives_the_same_bytes(seed: int) -> None:
    assert tflite.to_bytes(random_model(seed)) == tflite.to_bytes(random_model(seed))


def test_metadata_of_the_caller_is_kept_but_cannot_lie() -> None:
    model = random_model(0)
    content = tflite.to_bytes(model, metadata={"data": "photos", "labels": ["lie"]})
    found = metadata.read(content)
    assert found is not None
    assert found["data"] == "photos"
    assert found["labels"] == list(model.labels)


def test_the_file_says_what_it_is() -> None:
    model = mobilenet(resolution=64, channels=1)
    file = unpacked(tflite.to_bytes(model))
    entries = {entry.name: bytes(file.buffers[entry.buffer].data) for entry in file.metadata}
    assert set(entries) == {b"min_runtime_version", b"wakeling"}
    assert entries[b"min_runtime_version"] == b"1.14.0".ljust(16, b"\0")
    assert json.loads(entries[b"wakeling"]) == {
        "format": "wakeling.tflite/1",
        "wakeling_version": __version__,
        "name": model.name,
        "content_hash": model.content_hash,
        "labels": ["class_0", "class_1"],
        "preprocessing": {"resolution": 64, "channels": 1, "resize": "bilinear", "input": "minus128"},
    }
    assert file.version == 3


def test_a_file_of_another_program_has_no_metadata_of_ours() -> None:
    def forget(file: Any) -> None:
        file.metadata = None

    assert metadata.read(changed(tflite.to_bytes(random_model(0)), forget)) is None


def as_written(model: QuantizedModel) -> QuantizedModel:
    """The model as a file can say it: a bias of zeros where there is none, β in single precision,
    an activation that does nothing as a copy."""
    biases = dict(model.biases)
    nodes = []
    for node in model.graph.nodes:
        if getattr(node.op, "use_bias", True) is False:
            node = node._replace(op=dataclasses.replace(node.op, use_bias=True))
            biases[f"{node.name}/bias"] = np.zeros(node.shape[-1], np.int32)
        if isinstance(node.op, Softmax):
            node = node._replace(op=Softmax(beta=float(np.float32(node.op.beta))))
        if node.op == Activation(kind="linear"):
            node = node._replace(op=Reshape(shape=node.shape))
        nodes.append(node)
    graph = dataclasses.replace(model.graph, nodes=tuple(nodes))
    return dataclasses.replace(model, graph=graph, biases=biases)


@pytest.mark.parametrize("seed", range(60))
def test_what_is_written_is_read_back_to_the_last_bit(seed: int) -> None:
    model = random_model(seed)
    read = read_tflite(tflite.to_bytes(model)).quantized
    assert read is not None
    expected = as_written(model)
    assert read.graph == expected.graph
    assert read.labels == model.labels
    assert read.preprocessing == model.preprocessing
    assert read.content_hash == expected.content_hash
    assert tflite.to_bytes(read) == tflite.to_bytes(expected)


def test_input_and_output_are_int8_and_the_input_is_pixel_minus_128() -> None:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=tflite.to_bytes(mobilenet(resolution=32)))
    (source,) = interpreter.get_input_details()
    (target,) = interpreter.get_output_details()
    assert (source["dtype"], target["dtype"]) == (np.int8, np.int8)
    assert source["quantization"] == (1 / 128, 0)
    assert target["quantization"] == (1 / 256, -128)
    assert source["shape"].tolist() == [1, 32, 32, 3]
    assert target["shape"].tolist() == [1, 2]
    assert source["name"] == "input"


def test_bias_scales_are_input_scale_times_weight_scale() -> None:
    model = mobilenet(resolution=32)
    graph = unpacked(tflite.to_bytes(model)).subgraphs[0]
    by_name = {tensor.name.decode(): tensor for tensor in graph.tensors}
    for node in model.graph.nodes:
        if node.name not in model.weight_scales:
            continue
        weight, bias = by_name[f"{node.name}/weight"], by_name[f"{node.name}/bias"]
        source = np.float32(model.tensors[node.inputs[0]].scale)
        np.testing.assert_array_equal(bias.quantization.scale, source * weight.quantization.scale)
        assert not np.any(bias.quantization.zeroPoint)
        assert not np.any(weight.quantization.zeroPoint)
        channels = weight.shape[weight.quantization.quantizedDimension]
        assert len(weight.quantization.scale) in (1, channels)


def test_buffers_lie_on_16_byte_boundaries() -> None:
    content = tflite.to_bytes(mobilenet(resolution=32))
    root = schema().Model.GetRootAs(content, 0)
    aligned = 0
    for index in range(root.BuffersLength()):
        data = root.Buffers(index).DataAsNumpy()
        if isinstance(data, np.ndarray):
            start = (
                data.__array_interface__["data"][0]
                - np.frombuffer(content, np.uint8).__array_interface__["data"][0]
            )
            assert start % 16 == 0
            aligned += 1
    assert aligned > 50


def test_the_file_is_smaller_than_the_published_one_of_the_same_architecture() -> None:
    model = mobilenet()
    payload = sum(array.nbytes for array in (*model.weights.values(), *model.biases.values()))
    size = len(tflite.to_bytes(model))
    assert payload == 219_088 - 16 - 8  # that file's buffers but its version text and reshape's shape
    assert size < 0.8 * PUBLISHED_BYTES


@pytest.mark.parametrize("path", sorted(PEERS.glob("vww_96_int8.tflite")), ids=lambda path: path.stem)
def test_a_published_file_shrinks_when_it_is_written_again(path: Path) -> None:
    published = path.read_bytes()
    model = read_tflite(published).quantized
    assert model is not None
    assert len(tflite.to_bytes(model)) < len(published)


def test_without_the_schema_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_module(name: str) -> ModuleType:
        raise ImportError(name)

    schema.cache_clear()
    monkeypatch.setattr(importlib, "import_module", no_module)
    with pytest.raises(MissingDependencyError, match=r"wakeling\[export\]"):
        tflite.to_bytes(random_model(0))
    schema.cache_clear()


def test_the_schema_of_tflite_micro_writes_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    model = random_model(4)
    expected = tflite.to_bytes(model)
    original = importlib.import_module

    def without_litert(name: str) -> ModuleType:
        if name.startswith("ai_edge_litert"):
            raise ImportError(name)
        return original(name)

    schema.cache_clear()
    monkeypatch.setattr(importlib, "import_module", without_litert)
    found = tflite.to_bytes(model)
    assert "tflite_micro" in schema().__name__
    schema.cache_clear()
    assert found == expected


@pytest.mark.parametrize(
    "content",
    [b"", b"short", b"\x00" * 64, b"\x1c\x00\x00\x00TFL3", b"\xff\xff\xff\xffTFL3" + b"\xff" * 200],
)
def test_bytes_that_are_no_model_give_one_line(content: bytes) -> None:
    with pytest.raises(ModelFileError, match=r"tflite") as raised:
        read_model_file(content)
    assert "\n" not in str(raised.value)


def test_a_truncated_file_gives_one_line_or_reads() -> None:
    content = tflite.to_bytes(random_model(3))
    refused = 0
    for size in range(8, len(content), len(content) // 50):
        try:
            read_model_file(content[:size])
        except ModelFileError:
            refused += 1
    assert refused > 25


def test_writing_is_atomic_and_returns_the_bytes(tmp_path: Path) -> None:
    content = tflite.write(tmp_path / "model.tflite", random_model(1))
    assert (tmp_path / "model.tflite").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["model.tflite"]
