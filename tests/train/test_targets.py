from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.train.pictures import pictures, tiny_graph
from wakeling.errors import DataError
from wakeling.train import Recipe
from wakeling.train.targets import check_photos, epoch_order, targets_of

NAN = float("nan")


def photos(label, probability=None):
    base = pictures(len(label))
    given = [NAN] * len(label) if probability is None else probability
    return dataclasses.replace(base, label=np.array(label, np.int64), probability=np.array(given, np.float32))


def test_labels_are_smoothed_and_mixed_with_probabilities():
    plan = Recipe(label_smoothing=0.1, soft_label_weight=0.5, balance="none")
    made = targets_of(photos([0, 1, 1], [NAN, 0.5, 1.0]), plan)
    expected = [[0.95, 0.05], [0.5 * 0.05 + 0.25, 0.5 * 0.95 + 0.25], [0.025, 0.975]]
    np.testing.assert_allclose(made.values, expected, atol=1e-6)
    assert made.weights.tolist() == [1, 1, 1]


def test_unlabeled_photos_teach_their_probability_only_when_asked():
    given = photos([0, 1, -1, -1], [NAN, NAN, 0.25, NAN])
    plan = Recipe(label_smoothing=0.2, use_unlabeled=True, soft_label_weight=0.5)
    made = targets_of(given, plan)
    assert made.rows.tolist() == [0, 1, 2]
    np.testing.assert_allclose(made.values[2], [0.75, 0.25])
    for other in (
        dataclasses.replace(plan, use_unlabeled=False),
        dataclasses.replace(plan, soft_label_weight=0.0),
    ):
        assert targets_of(given, other).rows.tolist() == [0, 1]


def test_balance_gives_both_classes_the_same_total_weight():
    made = targets_of(photos([0] * 30 + [1] * 10), Recipe(balance="loss", soft_label_weight=0))
    assert made.weights[:30].sum() == pytest.approx(made.weights[30:].sum())
    assert made.weights.mean() == pytest.approx(1)


def test_balanced_sampling_draws_both_classes_equally_often():
    plan = Recipe(balance="sampling", soft_label_weight=0)
    made = targets_of(photos([0] * 900 + [1] * 100), plan)
    order = epoch_order(made, plan, np.random.default_rng(0))
    assert len(order) == 1000
    assert 430 < (order >= 900).sum() < 570


def test_an_epoch_without_sampling_shows_every_photo_once():
    plan = Recipe()
    made = targets_of(photos([0, 1] * 50), plan)
    order = epoch_order(made, plan, np.random.default_rng(0))
    assert sorted(order.tolist()) == list(range(100))
    assert order.tolist() != list(range(100))


@pytest.mark.parametrize(
    ("label", "probability", "message"),
    [
        ([0, 0, 0], None, "no training photo has label 1"),
        ([0, 1, 2], None, "labels must be -1"),
        ([0, 1, -2], None, "given -2 to 1"),
        ([0, 1, 1], [0.5, 1.5, 0.5], "probabilities must be from 0 to 1"),
        ([0, 1, 1], [0.5, float("inf"), 0.5], "probabilities must be from 0 to 1"),
    ],
)
def test_unusable_labels_are_refused(label, probability, message):
    with pytest.raises(DataError, match=message):
        targets_of(photos(label, probability), Recipe())


def test_photos_must_fit_the_network():
    graph = tiny_graph()
    check_photos(pictures(4), graph, "train")
    with pytest.raises(DataError, match=r"val images are \(16, 16, 1\) but network 'tiny' takes"):
        check_photos(pictures(4, channels=1), graph, "val")
    with pytest.raises(DataError, match="the train set is empty"):
        check_photos(pictures(0), graph, "train")
    with pytest.raises(DataError, match="2 classes but the network has 3"):
        check_photos(pictures(4), tiny_graph(classes=3), "train")
