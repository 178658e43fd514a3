"""A small Gaussian process over features and rungs, in NumPy: what the default strategy predicts with.

Rasmussen & Williams 2006 (Gaussian Processes for Machine Learning), chapters 2 and 5. Hyperparameters
are not optimized to a point but drawn and weighted by their evidence: with twenty results, one best
fit is overconfident.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wakeling.search.front import FloatArray

DRAWS = 40
"""Hyperparameters that are tried: half from the prior, half near the best of them."""

KEPT = 8
"""Those of the largest evidence that predict together."""

OFFSET_VARIANCE = 25.0
"""Of the mean score of a rung, in variances of the networks: next to nothing is known beforehand."""

SCALE_SHAPE = 3.0
"""Of the inverse gamma prior of the covariance's scale; its mean is near 1."""

_MOVED_SHARE = 0.35
_JITTER = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyperparameters:
    """One draw: length of each feature, share of the additive part, noise, correlations of next rungs.

    Brief trainings may show main effects well and what is special of a network badly.
    """

    lengths: FloatArray
    additive: float
    noise: float
    additive_correlation: float
    joint_correlation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What was measured: `features` (results, features), `rungs` and `scores` (results,)."""

    features: FloatArray
    rungs: FloatArray
    scores: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    theta: FloatArray
    hyperparameters: Hyperparameters
    weights: FloatArray
    lower: FloatArray
    variance: float
    log_evidence: float


def predict(
    results: Results, features: FloatArray, rung: float, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Means and standard deviations (noise left out) of the score of `features` on a rung."""
    center, scale = _standard(results)
    standard = (results.scores - center) / scale
    fits = _fits(results, standard, random)
    log_evidence = np.array([fit.log_evidence for fit in fits])
    weights = np.exp(log_evidence - log_evidence.max())
    kept = np.argsort(-weights, kind="stable")[:KEPT]
    weights = weights[kept] / weights[kept].sum()
    gaps = _gaps(features, np.full(len(features), rung), results)
    predictions = [_posterior(fits[index], gaps) for index in kept]
    means, variances = (np.array(part) for part in zip(*predictions, strict=True))
    mean = weights @ means
    spread = weights @ (variances + (means - mean) ** 2)
    return center + scale * mean, scale * np.sqrt(np.maximum(spread, 1e-12))


def _standard(results: Results) -> tuple[float, float]:
    """Center and scale: the spread inside rungs, as rungs differ more than networks."""
    deviations = np.concatenate(
        [
            results.scores[results.rungs == rung] - results.scores[results.rungs == rung].mean()
            for rung in np.unique(results.rungs)
        ]
    )
    return float(results.scores.mean()), max(float(np.sqrt(np.mean(deviations**2))), 1e-6)


def _fits(results: Results, standard: FloatArray, random: np.random.Generator) -> Sequence[_Fit]:
    """Draws from the prior, then a random walk from the best of them up the posterior."""
    count = results.features.shape[1] + 4
    gaps = _gaps(results.features, results.rungs, results)
    fits = [_fit(standard, gaps, random.normal(size=count)) for _ in range(DRAWS // 2)]
    best = max(fits, key=lambda fit: fit.log_evidence)
    for _ in range(DRAWS - len(fits)):
        step = random.normal(size=count) * (random.random(count) < _MOVED_SHARE)
        fits.append(_fit(standard, gaps, best.theta + step))
        best = max(best, fits[-1], key=lambda fit: fit.log_evidence)
    return fits


def _hyperparameters(theta: FloatArray) -> Hyperparameters:
    """From numbers that are standard normal beforehand.

    Features go from 0 to 1: the median length makes the ends of half of them, together, a length
    and a half apart. The median noise is a tenth of the networks' variance.
    """
    lengths, (additive, noise, additive_correlation, joint_correlation) = theta[:-4], theta[-4:]
    return Hyperparameters(
        lengths=0.5 * math.sqrt(len(lengths)) * np.exp(lengths),
        additive=_share(additive),
        noise=0.1 * math.exp(noise),
        additive_correlation=_share(1.5 + additive_correlation),
        joint_correlation=_share(1.0 + joint_correlation),
    )


def _share(value: float) -> float:
    """The logistic function: any number to 0 to 1."""
    return 1.0 / (1.0 + math.exp(-value))


def _matern(distance: FloatArray) -> FloatArray:
    """Matérn 5/2, equation 4.17, of distances in lengths."""
    scaled = np.sqrt(5.0) * distance
    covariance: FloatArray = (1.0 + scaled + scaled**2 / 3.0) * np.exp(-scaled)
    return covariance


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gaps:
    """How far apart points are: of each feature and squared (pairs, features), of rungs (rows, columns)."""

    features: FloatArray
    squares: FloatArray
    rungs: FloatArray


def _gaps(rows: FloatArray, row_rungs: FloatArray, results: Results) -> _Gaps:
    """The gaps between rows and results; those of features at most 1."""
    apart = np.minimum(np.abs(rows[:, None, :] - results.features[None, :, :]), 1.0)
    flat = apart.reshape(-1, apart.shape[2])
    return _Gaps(
        features=flat, squares=np.square(flat), rungs=np.abs(row_rungs[:, None] - results.rungs[None, :])
    )


def _kernel(h: Hyperparameters, gaps: _Gaps) -> FloatArray:
    """Covariances (rows, columns).

    The additive part is a bent line a feature (covariance 1 - gap), weighted by its relevance: main
    effects, which few results already show. The joint part holds what knobs do together.
    """
    precision = 1.0 / h.lengths**2
    joint = _matern(np.sqrt(gaps.squares @ precision))
    additive = 1.0 - gaps.features @ (precision / precision.sum())
    shape = gaps.rungs.shape
    covariance: FloatArray = (
        h.additive * additive.reshape(shape) * h.additive_correlation**gaps.rungs
        + (1.0 - h.additive) * joint.reshape(shape) * h.joint_correlation**gaps.rungs
        + OFFSET_VARIANCE * (gaps.rungs == 0)
    )
    return covariance


def _fit(standard: FloatArray, gaps: _Gaps, theta: FloatArray) -> _Fit:
    h = _hyperparameters(theta)
    covariance = _kernel(h, gaps)
    covariance[np.diag_indices(len(standard))] += h.noise + _JITTER
    lower: FloatArray = np.linalg.cholesky(covariance).astype(np.float64)
    weights: FloatArray = np.linalg.solve(covariance, standard).astype(np.float64)
    # the scale of the covariance is integrated out under an inverse gamma prior around 1
    shape = SCALE_SHAPE + len(standard) / 2
    rate = SCALE_SHAPE + 0.5 * float(standard @ weights)
    log_evidence = -float(np.log(np.diag(lower)).sum()) - shape * np.log(rate) - 0.5 * float(theta @ theta)
    return _Fit(
        theta=theta,
        hyperparameters=h,
        weights=weights,
        lower=lower,
        variance=rate / shape,
        log_evidence=log_evidence,
    )


def _posterior(fit: _Fit, gaps: _Gaps) -> tuple[FloatArray, FloatArray]:
    """Means and variances, equations 2.25 and 2.26, in standard scores."""
    cross = _kernel(fit.hyperparameters, gaps)
    explained = np.square(cross @ np.linalg.inv(fit.lower).T).sum(axis=1)
    return cross @ fit.weights, fit.variance * np.maximum(1.0 + OFFSET_VARIANCE - explained, 1e-9)
