"""`wakeling show`: any network, anybody's .tflite, as text, JSON and a figure."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from tests.importers.building import FileBuilder
from wakeling import spec
from wakeling.cli.main import run
from wakeling.export import tflite
from wakeling.fuse import fuse
from wakeling.graph import weight_shapes
from wakeling.testing.random_models import quantize_randomly

GRAPH = fuse(spec.lower(spec.make("mobilenet_v2", alpha=0.35, resolution=32))).graph


@pytest.fixture
def model(tmp_path: Path) -> Path:
    tflite.write(tmp_path / "model.tflite", quantize_randomly(GRAPH, 3))
    return tmp_path / "model.tflite"


def show(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["show", *arguments]) == 0
    return capsys.readouterr().out


def test_a_tflite_file_is_listed_layer_by_layer(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = show(capsys, str(model))
    for node in GRAPH.nodes:
        assert node.name in out
    assert "32×32×3 int8, scale 0.0078125, zero point 0" in out
    assert "class_0, class_1" in out
    assert f"{model.stat().st_size:,} bytes" in out
    assert "DEPTHWISE_CONV_2D" in out
    assert "computes with           int8" in out
    assert "written by              wakeling" in out


def test_json_has_every_layer_with_its_scale(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    value = json.loads(show(capsys, str(model), "--json"))
    assert [layer["name"] for layer in value["layers"]] == [node.name for node in GRAPH.nodes]
    assert [layer["inputs"] for layer in value["layers"]] == [list(node.inputs) for node in GRAPH.nodes]
    assert all(layer["output"]["scale"] > 0 for layer in value["layers"])
    assert value["parameters"] == sum(math.prod(shape) for shape in weight_shapes(GRAPH).values())
    assert value["file"]["bytes"] == model.stat().st_size
    assert sum(value["file"]["operators"].values()) == len(GRAPH.nodes)
    assert value["file"]["wakeling"]["labels"] == value["labels"] == ["class_0", "class_1"]


def test_what_was_folded_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    builder = FileBuilder((1, 4, 4, 2))
    stored = builder.constant(np.ones((3, 1, 1, 2)), np.float16)
    weights = builder.operator("DEQUANTIZE", [stored], (3, 1, 1, 2), "DequantizeOptions")
    inputs = [builder.input, weights, builder.constant(np.zeros(3))]
    options = {"strideH": 1, "strideW": 1}
    builder.operator("CONV_2D", inputs, (1, 4, 4, 3), "Conv2DOptions", options)
    path = tmp_path / "half.tflite"
    path.write_bytes(builder.finish())
    out = show(capsys, str(path))
    assert "folded DEQUANTIZE 0" in out
    assert "computes a constant: 6 float32 values" in out
    assert "computes with           float32" in out
    value = json.loads(show(capsys, str(path), "--json"))
    assert [entry["operator"] for entry in value["file"]["folded"]] == ["DEQUANTIZE"]
    assert value["file"]["operators"] == {"CONV_2D": 1, "DEQUANTIZE": 1}
    assert value["operators"] == {"conv2d": 1}


def test_a_family_is_shown_deployed_or_as_trained(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("mobilenet_v1", "--alpha", "0.25", "--resolution", "32")
    deployed = json.loads(show(capsys, *arguments, "--json"))
    trained = json.loads(show(capsys, *arguments, "--trained", "--json"))
    assert "batch_norm" not in deployed["operators"]
    assert trained["operators"]["batch_norm"] == 27
    assert deployed["operators"]["conv2d"] == trained["operators"]["conv2d"]
    assert "file" not in deployed
    assert deployed["macs"] < trained["macs"]


def test_layers_can_be_left_out(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = show(capsys, str(model), "--no-layers")
    assert "conv2d 3×3" not in out
    assert out.startswith("input")


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_it_is_drawn(model: Path, suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / f"network{suffix}"
    show(capsys, str(model), "--no-layers", "--plot", str(target))
    assert target.stat().st_size > 5_000


def test_the_figure_has_a_row_for_every_layer_and_a_path_for_every_skip() -> None:
    from wakeling.report.figures.network_blocks import network_blocks
    from wakeling.report.listing import list_graph

    svg = network_blocks(list_graph(GRAPH)).svg()
    assert svg.count('id="network-row-') == len(GRAPH.nodes) + 1
    for node in GRAPH.nodes:
        assert f"{node.name}: " in svg
    assert "conv2d 3×3, 16 filters, stride 2, relu6" in svg


@pytest.mark.parametrize("arguments", [["--alpha", "0.5"], ["--plot", "picture.bmp"]])
def test_what_does_not_apply_is_refused(
    model: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", str(model), *arguments]) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith("wakeling: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("content", [b"", b"no model at all", b"\x1c\x00\x00\x00TFL3" + b"\xff" * 60])
def test_a_broken_file_gives_one_line(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.tflite"
    path.write_bytes(content)
    assert run(["show", str(path)]) == 2
    error = capsys.readouterr().err
    assert f"{path}: " in error
    assert error.count("\n") == 1
