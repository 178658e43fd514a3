"""The Gaussian process against closed forms and simulated functions."""

from __future__ import annotations

import numpy as np

from wakeling.search.strategies.gaussian_process import Results, predict


def _results(count: int, *, noise: float = 0.0, seed: int = 0) -> Results:
    random = np.random.default_rng(seed)
    features = random.random((count, 5))
    scores = 0.6 + _truth(features) + noise * random.normal(size=count)
    return Results(features=features, rungs=np.zeros(count), scores=scores)


def _truth(features: np.ndarray) -> np.ndarray:
    return 0.1 * features[:, 0] - 0.05 * features[:, 1] ** 2 + 0.04 * features[:, 0] * features[:, 2]


def test_predicts_a_smooth_function_from_thirty_results() -> None:
    fresh = np.random.default_rng(1).random((200, 5))
    mean, deviation = predict(_results(30, noise=0.002), fresh, 0.0, np.random.default_rng(2))
    truth = 0.6 + _truth(fresh)
    assert 1 - np.mean((mean - truth) ** 2) / np.var(truth) > 0.9
    covered = np.mean(np.abs(mean - truth) < 2 * deviation)
    assert covered > 0.8


def test_is_sure_where_it_was_told_and_unsure_elsewhere() -> None:
    features = np.vstack([np.full((8, 2), 0.1) + 0.01 * np.arange(8)[:, None], [[0.15, 0.2]]])
    results = Results(features=features, rungs=np.zeros(9), scores=0.5 + 0.1 * features[:, 0])
    _, deviation = predict(results, np.array([[0.13, 0.13], [0.9, 0.95]]), 0.0, np.random.default_rng(0))
    assert deviation[1] > 3 * deviation[0]


def test_scaling_scores_scales_the_prediction() -> None:
    results = _results(12, noise=0.01)
    other = Results(features=results.features, rungs=results.rungs, scores=100 * results.scores - 7)
    fresh = np.random.default_rng(4).random((6, 5))
    mean, deviation = predict(results, fresh, 0.0, np.random.default_rng(2))
    scaled_mean, scaled_deviation = predict(other, fresh, 0.0, np.random.default_rng(2))
    np.testing.assert_allclose(scaled_mean, 100 * mean - 7, rtol=1e-6)
    np.testing.assert_allclose(scaled_deviation, 100 * deviation, rtol=1e-6)


def test_brief_rungs_inform_the_longest_though_only_good_ones_were_promoted() -> None:
    random = np.random.default_rng(6)
    features = random.random((40, 4))
    truth = 0.2 * features[:, 0]
    promoted = np.argsort(-truth)[:8]
    results = Results(
        features=np.vstack([features, features[promoted]]),
        rungs=np.array([0.0] * 40 + [1.0] * 8),
        scores=np.concatenate([0.5 + truth, 0.6 + truth[promoted]]),
    )
    fresh = random.random((50, 4))
    mean, _ = predict(results, fresh, 1.0, np.random.default_rng(0))
    assert np.corrcoef(mean, fresh[:, 0])[0, 1] > 0.95
    assert abs(np.mean(mean - 0.6 - 0.2 * fresh[:, 0])) < 0.05  # 0.09 if each rung had its own mean


def test_equal_scores_break_nothing() -> None:
    results = Results(features=np.zeros((3, 2)), rungs=np.zeros(3), scores=np.full(3, 0.5))
    mean, deviation = predict(results, np.zeros((1, 2)), 0.0, np.random.default_rng(0))
    np.testing.assert_allclose(mean, 0.5, atol=1e-6)
    assert np.isfinite(deviation).all()
