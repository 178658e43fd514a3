from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.train.pictures import pictures, tiny_graph
from wakeling import quantize
from wakeling.errors import RunError
from wakeling.quantize import golden
from wakeling.quantize.calibration import calibration_images
from wakeling.train import Augmentation, Recipe, TrainedModel, fit, metrics, predict

RECIPE = Recipe(
    epochs=8,
    batch_size=32,
    learning_rate=0.02,
    weight_averaging=0.9,
    threads=1,
    quantization_epochs=2,
    quantization_learning_rate=0.001,
    augmentation=Augmentation(crop_area_min=0.9),
)
TRAIN, VAL = pictures(160), pictures(60, seed=9)


class Stop(Exception):
    """Ends a run from a callback, as Ctrl-C would."""


@pytest.fixture(scope="module")
def trained() -> TrainedModel:
    return fit(tiny_graph(), TRAIN, VAL, RECIPE)


def test_the_integers_answer_like_the_float_network(trained):
    model, history = quantize.aware(trained, TRAIN, VAL)
    assert [record.epoch for record in history] == [1, 2]
    integers = golden.probabilities(model, VAL.images)
    floats = predict(trained.graph, trained.weights, VAL.images)
    assert metrics.balanced_accuracy(VAL.label, integers) > 0.9
    assert metrics.auc(VAL.label, integers) > metrics.auc(VAL.label, floats) - 0.02
    assert history[-1].val_auc == pytest.approx(metrics.auc(VAL.label, integers), abs=0.01)
    assert model.labels == TRAIN.labels


def test_post_training_quantization_follows_the_float_network(trained):
    model = quantize.post_training(trained, TRAIN.images)
    floats = predict(trained.graph, trained.weights, VAL.images)
    integers = golden.probabilities(model, VAL.images)
    assert np.abs(floats - integers).mean() < 0.05
    assert np.corrcoef(floats, integers)[0, 1] > 0.98
    assert model.content_hash == quantize.post_training(trained, TRAIN.images).content_hash


def test_fake_quantized_training_learns():
    beginner = fit(tiny_graph(), TRAIN, VAL, dataclasses.replace(RECIPE, epochs=0))
    plan = dataclasses.replace(RECIPE, quantization_epochs=8, quantization_learning_rate=0.02)
    after, _ = quantize.aware(beginner, TRAIN, VAL, recipe=plan)
    before = quantize.post_training(beginner, TRAIN.images)
    figures = [metrics.auc(VAL.label, golden.probabilities(model, VAL.images)) for model in (before, after)]
    assert figures[0] < 0.9 < figures[1]


def test_an_interrupted_run_ends_with_the_same_integers(trained, tmp_path):
    whole, _ = quantize.aware(trained, TRAIN, VAL)

    def stop(record):
        raise Stop

    checkpoint = tmp_path / "quantized.npz"
    with pytest.raises(Stop):
        quantize.aware(trained, TRAIN, VAL, checkpoint=checkpoint, on_epoch=stop)
    resumed, history = quantize.aware(trained, TRAIN, VAL, checkpoint=checkpoint, resume=True)
    assert len(history) == 2
    assert resumed.content_hash == whole.content_hash
    other = dataclasses.replace(trained, weights={k: v * 1.01 for k, v in trained.weights.items()})
    with pytest.raises(RunError, match="another network, recipe or data set"):
        quantize.aware(other, TRAIN, VAL, checkpoint=checkpoint, resume=True)


def test_no_quantized_epochs_are_post_training_quantization(trained):
    plan = dataclasses.replace(RECIPE, quantization_epochs=0)
    model, history = quantize.aware(trained, TRAIN, VAL, recipe=plan)
    assert history == ()
    calibrated = quantize.post_training(trained, calibration_images(TRAIN, plan))
    for name, quant in calibrated.tensors.items():
        assert model.tensors[name].scale == pytest.approx(quant.scale, rel=1e-6)
        assert model.tensors[name].zero_point == quant.zero_point
    assert all(np.array_equal(model.weights[key], calibrated.weights[key]) for key in model.weights)


def test_calibration_photos_are_drawn_by_the_seed():
    plan = dataclasses.replace(RECIPE, calibration_images=10)
    one, two = calibration_images(TRAIN, plan), calibration_images(TRAIN, plan)
    assert one.shape == (10, 16, 16, 3)
    assert np.array_equal(one, two)
    assert not np.array_equal(one, calibration_images(TRAIN, dataclasses.replace(plan, seed=1)))
