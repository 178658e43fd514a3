from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest
import torch

from tests.supernet.day_and_night import QUICK, SPACE, day_and_night
from wakeling.errors import DataError, ModelFileError
from wakeling.nets import build, load_weights
from wakeling.search.trial import Trial
from wakeling.spec import lower
from wakeling.supernet import (
    PhotoSets,
    Supernet,
    SupernetEvaluator,
    calibrated_weights,
    recalibrate,
    score,
    subnet_weights,
    supernet_of,
)
from wakeling.supernet.network import export_shared
from wakeling.supernet.sandwich import random_point
from wakeling.train import fit, metrics, predict

POINTS = [random_point(SPACE, np.random.default_rng(seed)) for seed in range(4)]


def inputs(point):
    graph = lower(SPACE.network(point))
    return graph, *day_and_night(graph.input_shape[0], graph.input_shape[2])


def test_recalibrated_statistics_are_those_of_the_photos():
    """The first batch norm sees what a plain convolution of the photos makes."""
    supernet = Supernet(SPACE, 0)
    graph, train, _ = inputs(POINTS[0])
    weights = recalibrate(graph, subnet_weights(supernet, POINTS[0]), train.images)
    x = torch.from_numpy(train.images).permute(0, 3, 1, 2).float().sub(128).div(128)
    x = torch.nn.functional.pad(x, (0, 1, 0, 1)).double()
    kernel = torch.from_numpy(weights["block0_conv/weight"]).permute(0, 3, 1, 2).double()
    made = torch.nn.functional.conv2d(x, kernel, stride=2)
    np.testing.assert_allclose(weights["block0_conv_bn/mean"], made.mean((0, 2, 3)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(weights["block0_conv_bn/variance"], made.var((0, 2, 3)), rtol=1e-4)
    unchanged = [key for key in weights if not key.endswith(("mean", "variance"))]
    given = subnet_weights(supernet, POINTS[0])
    assert all(np.array_equal(weights[key], given[key]) for key in unchanged)


def test_a_recalibrated_network_answers_as_it_did_in_the_batch():
    """In training mode over the same photos, the statistics are the same (but for n / (n − 1))."""
    supernet = Supernet(SPACE, 0)
    for point in POINTS:
        graph, train, _ = inputs(point)
        weights = recalibrate(graph, subnet_weights(supernet, point), train.images)
        x = torch.from_numpy(train.images).permute(0, 3, 1, 2).float().sub(128).div(128)
        with torch.no_grad():
            batch = supernet(x, point).softmax(1)[:, 1].numpy()
        np.testing.assert_allclose(predict(graph, weights, train.images), batch, atol=0.01)


def test_a_score_is_that_of_the_network_by_itself(trained):
    supernet, sets = supernet_of(trained), PhotoSets(day_and_night)
    before = export_shared(supernet)
    for point in POINTS:
        graph, train, val = inputs(point)
        weights = recalibrate(graph, subnet_weights(supernet, point), train.images[:64])
        answers = predict(graph, weights, val.images)
        outcome = score(supernet, point, sets, calibration_images=64)
        assert outcome.measures["auc"] == pytest.approx(metrics.auc(val.label, answers), abs=1e-6)
        threshold = metrics.best_threshold(val.label, answers)
        assert outcome.score == pytest.approx(metrics.balanced_accuracy(val.label, answers, threshold))
        assert outcome.measures["seconds"] > 0
    after = export_shared(supernet)
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_fewer_val_photos_are_the_first_of_them(trained):
    supernet, sets = supernet_of(trained), PhotoSets(day_and_night)
    few = score(supernet, POINTS[1], sets, val_images=20)

    def shorter(resolution, channels):
        train, val = day_and_night(resolution, channels)
        return train, dataclasses.replace(val, images=val.images[:20], label=val.label[:20])

    again = score(supernet, POINTS[1], PhotoSets(shorter))
    assert (few.score, few.measures["auc"]) == (again.score, again.measures["auc"])


def test_val_photos_of_one_class_are_refused(trained):
    def only_wake(resolution, channels):
        train, val = day_and_night(resolution, channels)
        return train, dataclasses.replace(val, label=np.ones_like(val.label))

    with pytest.raises(DataError, match="with and without the wake word"):
        score(supernet_of(trained), POINTS[0], PhotoSets(only_wake))


def test_the_evaluator_can_be_sent_to_another_process(tmp_path, trained):
    path = tmp_path / "supernet.npz"
    evaluate = pickle.loads(pickle.dumps(SupernetEvaluator(path=path, photos=day_and_night)))
    trial = Trial(number=0, point=POINTS[2], rung=0)
    with pytest.raises(ModelFileError, match="does not exist"):
        evaluate(trial)
    trained.save(path)
    outcome = evaluate(trial)
    direct = score(supernet_of(trained), POINTS[2], PhotoSets(day_and_night), calibration_images=64)
    assert (outcome.score, outcome.measures["auc"]) == (direct.score, direct.measures["auc"])


def test_a_finalist_is_trained_on_from_the_shared_weights(trained):
    """Without a step of training, the fine-tuned network is the supernet's."""
    point = POINTS[3]
    graph, train, val = inputs(point)
    weights = calibrated_weights(supernet_of(trained), point, PhotoSets(day_and_night), calibration_images=64)
    module = build(graph)
    load_weights(module, weights)
    none = dataclasses.replace(QUICK.training, epochs=0, threads=1)
    kept = fit(graph, train, val, none, initial_weights=weights, device="cpu")
    assert all(np.array_equal(kept.weights[key], weights[key]) for key in weights)
    longer = fit(
        graph, train, val, dataclasses.replace(none, epochs=2), initial_weights=weights, device="cpu"
    )
    scratch = fit(graph, train, val, dataclasses.replace(none, epochs=2), device="cpu")
    assert longer.history[0].loss < scratch.history[0].loss
