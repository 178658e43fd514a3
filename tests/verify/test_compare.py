"""Verification finds what it should: agreement, a planted difference and where it begins."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wakeling import spec
from wakeling.errors import DataError, ModelFileError, RunError
from wakeling.export import tflite
from wakeling.fuse import fuse
from wakeling.quantize.model import QuantizedModel
from wakeling.testing.random_models import quantize_randomly, random_images
from wakeling.verify import tflm, verify
from wakeling.verify.report import VerificationReport, from_json

PEERS = Path(__file__).parents[2].parent / "shared" / "peers"


def network(**knobs: Any) -> QuantizedModel:
    made = spec.make("mobilenet_v1", **{"alpha": 0.25, "resolution": 32, **knobs})
    return quantize_randomly(fuse(spec.lower(made)).graph, 5)


def changed_weight(model: QuantizedModel, node: str) -> QuantizedModel:
    key = f"{node}/weight"
    weight = model.weights[key].copy()
    weight[...] = -weight
    return dataclasses.replace(model, weights={**model.weights, key: weight})


def test_an_export_agrees_in_every_runtime() -> None:
    model = network()
    report = verify(model, tflite.to_bytes(model), random_images(model, 24, 0))
    assert report.agrees
    assert report.golden_equals_tflm is True
    assert report.golden_equals_litert is True
    assert report.images == 32
    for witness in report.witnesses:
        assert (witness.images, witness.tensors, witness.tensor_images) == (32, len(model.graph.nodes), 16)
        assert witness.version
    assert report.witnesses[0].largest_difference == 0
    assert report.witnesses[0].named_differences == ()
    assert report.file_bytes == len(tflite.to_bytes(model))
    assert "golden agrees with TensorFlow Lite Micro" in report.summary
    assert from_json(json.loads(json.dumps(report.to_json()))) == report


def test_the_arena_holds_the_largest_layer_and_is_said_in_parts() -> None:
    model = network(resolution=96)
    arena = tflm.arena(tflite.to_bytes(model))
    assert arena.total_bytes == arena.head_bytes + arena.tail_bytes
    assert arena.head_bytes >= 48 * 48 * 8 + 48 * 48 * 16  # the largest pair of neighbors
    assert arena.head_bytes < 1.5 * (48 * 48 * 8 + 48 * 48 * 16)
    assert tflm.arena_bytes(tflite.to_bytes(model)) == arena.total_bytes


@pytest.mark.parametrize("position", [0, 7, -3])
def test_a_planted_difference_is_found_where_it_begins(position: int) -> None:
    model = network()
    weighted = [node.name for node in model.graph.nodes if f"{node.name}/weight" in model.weights]
    node = weighted[position]
    other = tflite.to_bytes(changed_weight(model, node))
    report = verify(model, other, random_images(model, 8, 0))
    assert not report.agrees
    assert report.golden_equals_tflm is False
    assert report.golden_equals_litert is False
    for witness in report.witnesses:
        assert witness.status == "differ"
        assert witness.first_difference is not None
        assert witness.first_difference.tensor == node
        assert witness.first_difference.largest > 0
        assert node in witness.detail
    assert "golden differs from" in report.summary
    assert any(node in line for line in report.differences)
    assert from_json(json.loads(json.dumps(report.to_json()))) == report


def test_a_difference_on_a_late_image_is_localized_too() -> None:
    """Only outputs of the last image differ: no tensor was kept for it, so it is run again."""
    model = network()
    bright = np.full((1, *model.graph.input_shape), 255, np.uint8)
    other = tflite.to_bytes(changed_weight(model, model.graph.nodes[-2].name))
    report = verify(model, other, np.concatenate([random_images(model, 3, 0), bright]), tensor_images=0)
    for witness in report.witnesses:
        assert witness.first_difference is not None
        assert witness.first_difference.tensor == model.graph.nodes[-2].name


def test_a_runtime_that_is_not_installed_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "tflite_micro" else found(name)
    )
    model = network()
    report = verify(model, tflite.to_bytes(model), random_images(model, 4, 0))
    first, second = report.witnesses
    assert (first.status, second.status) == ("not measured", "agree")
    assert "tflite-micro" in first.detail
    assert report.agrees
    assert report.golden_equals_tflm is None
    assert report.arena_bytes is None
    assert "not measured: TensorFlow Lite Micro" in report.summary
    assert from_json(json.loads(json.dumps(report.to_json()))) == report


def test_without_any_runtime_nothing_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    model = network()
    assert not verify(model, tflite.to_bytes(model), random_images(model, 1, 0)).agrees


def test_a_file_of_another_model_is_refused() -> None:
    other = spec.make("mobilenet_v2", alpha=0.35, resolution=32)
    content = tflite.to_bytes(quantize_randomly(fuse(spec.lower(other)).graph, 0))
    model = network()
    with pytest.raises(ModelFileError, match="not this model's"):
        verify(model, content, random_images(model, 1, 0))


def test_images_that_do_not_fit_are_refused() -> None:
    model = network()
    with pytest.raises(DataError, match="uint8 images"):
        verify(model, tflite.to_bytes(model), np.zeros((1, 8, 8, 3), np.uint8))


@pytest.mark.parametrize("value", [{}, {"format": "wakeling.verification/1"}, {"format": "other"}])
def test_a_report_file_that_is_none_gives_one_line(value: dict[str, Any]) -> None:
    with pytest.raises(RunError):
        from_json(value)


def test_the_report_counts_named_differences_as_agreement() -> None:
    model = random_dense()
    report: VerificationReport = verify(model, tflite.to_bytes(model), random_images(model, 400, 0))
    tflm_witness, litert_witness = report.witnesses
    assert tflm_witness.differing_images == 0
    assert litert_witness.status == "agree"
    assert litert_witness.differing_images > 0
    assert litert_witness.largest_difference == 1
    assert len(litert_witness.named_differences) == 1
    assert report.agrees
    assert report.differences == litert_witness.named_differences


def random_dense() -> QuantizedModel:
    from wakeling.graph import INPUT, GraphBuilder
    from wakeling.ops import Dense, Reshape

    builder = GraphBuilder("dense", (4, 4, 3))
    tensor = builder.append(Reshape(shape=(48,)), INPUT)
    builder.append(Dense(units=16), tensor)
    return quantize_randomly(builder.build(), 0)
