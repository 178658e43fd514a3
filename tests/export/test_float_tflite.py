"""float32 .tflite files: what LiteRT computes of them is what torch computes of the graph."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.importers.running import litert_outputs
from wakeling import nets, spec
from wakeling.errors import GraphError
from wakeling.export import metadata, tflite
from wakeling.fuse import fuse
from wakeling.graph import Graph
from wakeling.importers import read_tflite
from wakeling.quantize.float_model import FloatModel


def float_model(family: str, seed: int = 0) -> FloatModel:
    lowered = fuse(spec.lower(spec.make(family, alpha=0.25, resolution=32))).graph
    graph = dataclasses.replace(lowered, input_type="float32")
    module = nets.build(graph)
    nets.initialize(module, seed)
    arrays = nets.export_weights(module)
    rng = np.random.default_rng(seed)
    biases = {
        key: rng.normal(0, 0.1, array.shape).astype(np.float32)
        for key, array in arrays.items()
        if key.endswith("/bias")
    }
    weights = {key: array for key, array in arrays.items() if not key.endswith("/bias")}
    return FloatModel(name=graph.name, graph=graph, weights=weights, biases=biases, labels=("no", "yes"))


@pytest.mark.parametrize("family", ["mobilenet_v1", "mobilenet_v2"])
def test_litert_computes_a_float_file_as_torch_computes_its_graph(family: str) -> None:
    model = float_model(family)
    module = nets.build(model.graph).eval()
    nets.load_weights(module, {**model.weights, **model.biases})
    images = np.random.default_rng(1).normal(0, 1, (3, 32, 32, 3)).astype(np.float32)
    with torch.no_grad():
        logits = module(torch.from_numpy(images.transpose(0, 3, 1, 2).copy()))
    expected = torch.softmax(logits, dim=1).numpy()
    found = litert_outputs(tflite.to_bytes(model), images)[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.ptp(found[:, 0]) > 1e-4


def test_a_float_file_is_read_back_to_the_last_bit() -> None:
    model = float_model("mobilenet_v2")
    content = tflite.to_bytes(model, metadata={"data": "photos"})
    read = read_tflite(content).floating
    assert read is not None
    assert read.graph == model.graph
    assert read.content_hash == model.content_hash
    assert read.labels == ("no", "yes")
    description = metadata.read(content)
    assert description is not None
    assert description["data"] == "photos"
    assert description["content_hash"] == model.content_hash


def test_a_model_that_takes_no_square_records_no_preprocessing() -> None:
    from wakeling.graph import INPUT, GraphBuilder
    from wakeling.ops import Mean, Softmax

    builder = GraphBuilder("wide", (4, 8, 3), "float32")
    builder.append(Softmax(), builder.append(Mean(axes=(0, 1)), INPUT))
    model = FloatModel(name="wide", graph=builder.build(), weights={}, biases={}, labels=("a", "b", "c"))
    content = tflite.to_bytes(model)
    description = metadata.read(content)
    assert description is not None
    assert "preprocessing" not in description
    assert read_tflite(content).graph == model.graph


def changed(model: FloatModel, graph: Graph | None = None, **arrays: np.ndarray) -> FloatModel:
    return dataclasses.replace(model, graph=graph or model.graph, weights={**model.weights, **arrays})


def test_a_float_model_is_checked() -> None:
    model = float_model("mobilenet_v1")
    key = next(iter(model.weights))
    with pytest.raises(GraphError, match="must be float32"):
        changed(model, **{key: model.weights[key].astype(np.float64)})
    with pytest.raises(GraphError, match="is missing"):
        dataclasses.replace(model, weights={})
    with pytest.raises(GraphError, match="is int8; a float model"):
        changed(model, dataclasses.replace(model.graph, input_type="int8"))
    with pytest.raises(GraphError, match="2 outputs but there are 1 labels"):
        dataclasses.replace(model, labels=("one",))
    unfused = dataclasses.replace(
        spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=32)), input_type="float32"
    )
    with pytest.raises(GraphError, match="batch norm"):
        changed(model, unfused)
