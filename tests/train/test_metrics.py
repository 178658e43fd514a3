from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling.errors import DataError
from wakeling.train import metrics

answers = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5, 0.75, 1.0])), min_size=2
).filter(lambda rows: len({label for label, _ in rows}) == 2)


@given(answers)
def test_auc_is_the_share_of_pairs_in_order(rows):
    positive = [p for label, p in rows if label]
    negative = [p for label, p in rows if not label]
    wins = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    labels, probabilities = zip(*rows, strict=True)
    assert metrics.auc(labels, probabilities) == pytest.approx(wins / (len(positive) * len(negative)))


@given(answers)
def test_the_area_under_the_curve_is_the_auc(rows):
    labels, probabilities = zip(*rows, strict=True)
    curve = metrics.roc_curve(labels, probabilities)
    area = np.trapezoid(curve.true_positive_rate, curve.false_positive_rate)
    assert area == pytest.approx(metrics.auc(labels, probabilities))
    for threshold, false_rate, true_rate in zip(
        curve.thresholds[1:], curve.false_positive_rate[1:], curve.true_positive_rate[1:], strict=True
    ):
        counts = metrics.confusion(labels, probabilities, threshold)
        assert false_rate == pytest.approx(counts.false_positive / counts.negatives)
        assert true_rate == pytest.approx(counts.true_positive / counts.positives)


@given(answers)
def test_no_threshold_beats_the_best_one(rows):
    labels, probabilities = zip(*rows, strict=True)
    best = metrics.best_threshold(labels, probabilities)
    found = metrics.balanced_accuracy(labels, probabilities, best)
    assert 0 <= best <= 1
    for threshold in (0.0, 0.05, 0.1, 0.2, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 1.0):
        assert metrics.balanced_accuracy(labels, probabilities, threshold) <= found + 1e-12


@given(answers)
def test_delongs_variance_is_that_of_the_placements(rows):
    label = np.array([bool(label) for label, _ in rows])
    probability = np.array([p for _, p in rows])
    positive, negative = probability[label], probability[~label]
    psi = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    expected = 0.0
    if len(positive) > 1:
        expected += psi.mean(axis=1).var(ddof=1) / len(positive)
    if len(negative) > 1:
        expected += psi.mean(axis=0).var(ddof=1) / len(negative)
    assert metrics.delong_variance(label, probability) == pytest.approx(expected, abs=1e-12)


def test_counts_and_accuracies_by_hand():
    labels = [1, 1, 1, 0, 0, 0, 0, 0]
    probabilities = [0.9, 0.5, 0.2, 0.8, 0.1, 0.1, 0.4, 0.49]
    counts = metrics.confusion(labels, probabilities)
    assert counts == metrics.Confusion(true_negative=4, false_positive=1, false_negative=1, true_positive=2)
    assert metrics.accuracy(labels, probabilities) == pytest.approx(6 / 8)
    assert metrics.balanced_accuracy(labels, probabilities) == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_wilson_interval_equals_the_published_example():
    # Newcombe 1998a, table I: method 3, 81 of 263 and 15 of 148
    assert metrics.wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert metrics.wilson_interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert metrics.wilson_interval(0, 20)[0] == 0
    assert metrics.wilson_interval(20, 20)[1] == 1


def test_intervals_cover_the_truth_nineteen_times_in_twenty():
    random = np.random.default_rng(7)
    positives, negatives, shift = 60, 90, 1.0
    true_auc = 0.5 * (1 + math.erf(shift / 2))
    recall = 0.5 * (1 + math.erf((shift / 2) / math.sqrt(2)))
    labels = np.repeat([1, 0], [positives, negatives])
    rounds = 1000
    covered_auc = covered_balanced = 0
    for _ in range(rounds):
        scores = random.normal(size=positives + negatives) + shift * labels
        low, high = metrics.auc_interval(labels, scores)
        covered_auc += low <= true_auc <= high
        low, high = metrics.balanced_accuracy_interval(metrics.confusion(labels, scores, shift / 2))
        covered_balanced += low <= recall <= high
    assert 0.925 <= covered_auc / rounds <= 0.975
    assert 0.925 <= covered_balanced / rounds <= 0.975


@pytest.mark.parametrize("flip", [False, True])
def test_perfect_and_worst_rankings_still_have_an_interval(flip):
    labels = np.repeat([0, 1], [30, 10])
    scores = np.linspace(0, 1, 40)
    low, high = metrics.auc_interval(labels, 1 - scores if flip else scores)
    assert (low, high) == pytest.approx((0, 0.2775) if flip else (0.7225, 1), abs=1e-3)


def test_one_class_gives_no_figure_that_needs_both():
    found = metrics.summarize([0, 0, 0], [0.1, 0.2, 0.9])
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.recall is None
    assert found.auc is None
    assert found.balanced_accuracy is None
    assert found.balanced_accuracy_interval is None


def test_figures_round_trip_through_json():
    random = np.random.default_rng(0)
    found = metrics.summarize(random.integers(0, 2, 50), random.uniform(size=50), 0.4)
    assert metrics.from_json(json.loads(json.dumps(metrics.to_json(found)))) == found
    with pytest.raises(DataError, match="malformed"):
        metrics.from_json({"photos": 3})


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        ([], [], "at least one"),
        ([0, 1], [0.5], "as many labels"),
        ([0, 2], [0.5, 0.5], "labels 0 and 1"),
        ([0, -1], [0.5, 0.5], "unlabeled"),
        ([0, 1], [0.5, math.nan], "finite"),
    ],
)
def test_unusable_answers_are_refused(labels, probabilities, message):
    with pytest.raises(DataError, match=message):
        metrics.summarize(labels, probabilities)


def test_metrics_and_recipes_are_usable_without_torch():
    code = (
        "import sys; import wakeling.train, wakeling.train.metrics, wakeling.train.recipe, wakeling.quantize;"
        "from wakeling.train import Recipe, TrainedModel; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
