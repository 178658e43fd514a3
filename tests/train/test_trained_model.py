from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.train.pictures import pictures, tiny_graph
from wakeling.errors import GraphError, ModelFileError
from wakeling.graph import weight_shapes
from wakeling.nets import build, export_weights, initialize
from wakeling.train import EpochRecord, Recipe, TrainedModel, predict


@pytest.fixture(scope="module")
def model() -> TrainedModel:
    graph = tiny_graph()
    module = build(graph)
    initialize(module, 5)
    record = EpochRecord(
        epoch=1,
        loss=0.5,
        learning_rate=0.1,
        train_accuracy=0.7,
        val_balanced_accuracy=None,
        val_auc=0.8,
        seconds=1.5,
    )
    return TrainedModel(
        graph=graph,
        weights=export_weights(module),
        labels=("cat", "no_cat"),
        recipe=Recipe(threads=2),
        history=(record,),
    )


def test_a_trained_model_round_trips(model, tmp_path):
    path = tmp_path / "model.npz"
    model.save(path)
    found = TrainedModel.load(path)
    assert found.graph == model.graph
    assert (found.labels, found.recipe, found.history) == (model.labels, model.recipe, model.history)
    assert all(np.array_equal(found.weights[key], model.weights[key]) for key in weight_shapes(model.graph))
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.npz"]


def test_files_that_are_no_trained_model_are_refused(model, tmp_path):
    path = tmp_path / "model.npz"
    with pytest.raises(ModelFileError, match="does not exist"):
        TrainedModel.load(path)
    with pytest.raises(ModelFileError, match="is a folder"):
        TrainedModel.load(tmp_path)
    model.save(path)
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[len(damaged) // 2] ^= 0x55
    for content in (b"", b"hello", whole[: len(whole) // 2], bytes(damaged)):
        path.write_bytes(content)
        with pytest.raises(ModelFileError, match="is not a trained model of wakeling"):
            TrainedModel.load(path)
    np.savez(path, header=np.frombuffer(b'{"format": "other"}', np.uint8))
    with pytest.raises(ModelFileError, match="its format is 'other'"):
        TrainedModel.load(path)


def test_prediction_is_the_softmax_of_the_module(model):
    images = pictures(300).images
    module = build(model.graph)
    initialize(module, 5)
    x = (torch.from_numpy(images).permute(0, 3, 1, 2).float() - 128) / 128
    with torch.no_grad():
        expected = torch.softmax(module.eval()(x), dim=1)[:, 1].numpy()
    np.testing.assert_allclose(predict(model.graph, model.weights, images), expected, atol=1e-6)
    assert predict(model.graph, model.weights, images[:0]).shape == (0,)
    with pytest.raises(GraphError, match="1 missing"):
        predict(model.graph, {k: v for k, v in model.weights.items() if k != "head_dense/bias"}, images)


def test_prediction_does_not_depend_on_the_neighbors(model):
    images = pictures(20).images
    whole = predict(model.graph, model.weights, images)
    single = [predict(model.graph, model.weights, images[i : i + 1])[0] for i in range(20)]
    np.testing.assert_allclose(whole, single, atol=1e-6)
