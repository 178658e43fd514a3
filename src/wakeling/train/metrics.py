"""How good answers are: counts, accuracies, ranks, and how sure each figure is. NumPy only.

`labels` are 0 (not the wake word) and 1 (the wake word), `probabilities` are those of the wake
word; an answer is "wake word" where its probability reaches the threshold.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wakeling.errors import DataError

Z95 = 1.959963984540054
"""The 97.5 % point of the normal distribution: half the width of a 95 % interval."""

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """How many photos of each class got each answer."""

    true_negative: int
    false_positive: int
    false_negative: int
    true_positive: int

    @property
    def negatives(self) -> int:
        """Photos without the wake word."""
        return self.true_negative + self.false_positive

    @property
    def positives(self) -> int:
        """Photos with the wake word."""
        return self.true_positive + self.false_negative


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The ROC curve: what each threshold, from strict to lenient, gives."""

    thresholds: NDArray[np.float64]
    false_positive_rate: NDArray[np.float64]
    true_positive_rate: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """All figures of one model on one set, at one threshold, with 95 % intervals.

    Figures that need both classes are None where a class has no photo. `best_threshold` has the
    highest balanced accuracy on these very photos, so choose it on val and use it on test.
    """

    photos: int
    threshold: float
    confusion: Confusion
    accuracy: float
    accuracy_interval: Interval
    recall: float | None
    recall_interval: Interval | None
    specificity: float | None
    specificity_interval: Interval | None
    precision: float | None
    balanced_accuracy: float | None
    balanced_accuracy_interval: Interval | None
    auc: float | None
    auc_interval: Interval | None
    best_threshold: float | None


def confusion(labels: ArrayLike, probabilities: ArrayLike, threshold: float = 0.5) -> Confusion:
    """Counts at a threshold; raises DataError for unusable labels or probabilities."""
    label, probability = _checked(labels, probabilities)
    answer = probability >= threshold
    return Confusion(
        true_negative=int((~answer & ~label).sum()),
        false_positive=int((answer & ~label).sum()),
        false_negative=int((~answer & label).sum()),
        true_positive=int((answer & label).sum()),
    )


def accuracy(labels: ArrayLike, probabilities: ArrayLike, threshold: float = 0.5) -> float:
    """Share of right answers."""
    counts = confusion(labels, probabilities, threshold)
    return (counts.true_negative + counts.true_positive) / (counts.negatives + counts.positives)


def balanced_accuracy(labels: ArrayLike, probabilities: ArrayLike, threshold: float = 0.5) -> float:
    """Mean of recall and specificity; raises DataError where a class has no photo."""
    counts = confusion(labels, probabilities, threshold)
    _both_classes(counts.positives, counts.negatives)
    return (counts.true_positive / counts.positives + counts.true_negative / counts.negatives) / 2


def auc(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Area under the ROC curve: the chance that a positive ranks above a negative, ties half.

    By mid-ranks, which is the Mann-Whitney statistic (Hanley and McNeil 1982). Raises DataError
    where a class has no photo.
    """
    label, probability = _checked(labels, probabilities)
    positives, negatives = int(label.sum()), int((~label).sum())
    _both_classes(positives, negatives)
    ranks = _mid_ranks(probability)
    return float((ranks[label].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def roc_curve(labels: ArrayLike, probabilities: ArrayLike) -> Curve:
    """The ROC curve with one point for each distinct probability, and (0, 0) before them."""
    label, probability = _checked(labels, probabilities)
    positives, negatives = int(label.sum()), int((~label).sum())
    _both_classes(positives, negatives)
    order = np.argsort(-probability, kind="stable")
    ranked, hits = probability[order], label[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    return Curve(
        thresholds=np.concatenate([[math.inf], ranked[last]]),
        false_positive_rate=np.concatenate([[0.0], np.cumsum(~hits)[last] / negatives]),
        true_positive_rate=np.concatenate([[0.0], np.cumsum(hits)[last] / positives]),
    )


def best_threshold(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """The threshold with the highest balanced accuracy (Youden 1950), in the middle of its gap.

    Of several that are equally good, the one nearest to 0.5.
    """
    curve = roc_curve(labels, probabilities)
    gain = curve.true_positive_rate - curve.false_positive_rate
    upper = np.append(1.0, curve.thresholds[1:])
    lower = np.append(curve.thresholds[1:], 0.0)
    middle = (upper + lower) / 2
    middle = np.where(middle > lower, middle, upper)
    if lower[0] >= 1.0:  # no threshold up to 1 refuses a photo of probability 1
        gain[0] = -1.0
    best = np.flatnonzero(gain >= gain.max() - 1e-12)
    return float(middle[best[np.argmin(np.abs(middle[best] - 0.5))]])


def wilson_interval(successes: int, trials: int) -> Interval:
    """95 % interval of a proportion (Wilson 1927, as in Newcombe 1998a, method 3)."""
    if trials < 1 or not 0 <= successes <= trials:
        raise DataError(f"an interval needs 0 to n successes in n ≥ 1 trials; given {successes} in {trials}")
    share, square = successes / trials, Z95 * Z95
    center = share + square / (2 * trials)
    margin = Z95 * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    scale = 1 + square / trials
    low = 0.0 if successes == 0 else (center - margin) / scale
    high = 1.0 if successes == trials else (center + margin) / scale
    return low, high


def balanced_accuracy_interval(counts: Confusion) -> Interval:
    """95 % interval of balanced accuracy, from the Wilson intervals of the two recalls.

    The square-and-add rule for a sum of two independent proportions (Newcombe 1998b, method 10;
    Zou and Donner 2008, equation 8), halved.
    """
    _both_classes(counts.positives, counts.negatives)
    pairs = ((counts.true_positive, counts.positives), (counts.true_negative, counts.negatives))
    shares = [successes / trials for successes, trials in pairs]
    bounds = [wilson_interval(successes, trials) for successes, trials in pairs]
    below = math.hypot(*(share - low for share, (low, _) in zip(shares, bounds, strict=True)))
    above = math.hypot(*(high - share for share, (_, high) in zip(shares, bounds, strict=True)))
    return (sum(shares) - below) / 2, (sum(shares) + above) / 2


def auc_interval(labels: ArrayLike, probabilities: ArrayLike) -> Interval:
    """95 % interval of the AUC by DeLong's variance, on the logit scale so that it stays in 0..1.

    DeLong, DeLong and Clarke-Pearson 1988; fast by mid-ranks (Sun and Xu 2014). The logit scale is
    that of Pepe 2003, section 5.2.4. A perfect ranking has no variance to estimate; its lower end
    is then Wilson's for the smaller class (and likewise for the worst ranking).
    """
    label, probability = _checked(labels, probabilities)
    area = auc(labels, probabilities)
    spread = math.sqrt(delong_variance(label, probability))
    smaller = int(min(label.sum(), (~label).sum()))
    if spread == 0 or area in (0.0, 1.0):
        return wilson_interval(round(area * smaller), smaller)
    center, margin = math.log(area / (1 - area)), Z95 * spread / (area * (1 - area))
    return _logistic(center - margin), _logistic(center + margin)


def delong_variance(label: NDArray[np.bool_], probability: NDArray[np.float64]) -> float:
    """Variance of the AUC estimate: s₁₀/m + s₀₁/n, of the placements of m positives, n negatives."""
    positive, negative = probability[label], probability[~label]
    ranks = _mid_ranks(np.concatenate([positive, negative]))
    of_positive = (ranks[: len(positive)] - _mid_ranks(positive)) / len(negative)
    of_negative = 1 - (ranks[len(positive) :] - _mid_ranks(negative)) / len(positive)
    return sum(
        float(placements.var(ddof=1)) / len(placements) if len(placements) > 1 else 0.0
        for placements in (of_positive, of_negative)
    )


def summarize(labels: ArrayLike, probabilities: ArrayLike, threshold: float = 0.5) -> Metrics:
    """All figures at once; raises DataError for no photos or values outside their range."""
    counts = confusion(labels, probabilities, threshold)
    photos = counts.positives + counts.negatives
    right = counts.true_positive + counts.true_negative
    answered = counts.true_positive + counts.false_positive
    both = counts.positives > 0 and counts.negatives > 0
    return Metrics(
        photos=photos,
        threshold=float(threshold),
        confusion=counts,
        accuracy=right / photos,
        accuracy_interval=wilson_interval(right, photos),
        recall=_share(counts.true_positive, counts.positives),
        recall_interval=_share_interval(counts.true_positive, counts.positives),
        specificity=_share(counts.true_negative, counts.negatives),
        specificity_interval=_share_interval(counts.true_negative, counts.negatives),
        precision=_share(counts.true_positive, answered),
        balanced_accuracy=balanced_accuracy(labels, probabilities, threshold) if both else None,
        balanced_accuracy_interval=balanced_accuracy_interval(counts) if both else None,
        auc=auc(labels, probabilities) if both else None,
        auc_interval=auc_interval(labels, probabilities) if both else None,
        best_threshold=best_threshold(labels, probabilities) if both else None,
    )


def to_json(value: Metrics) -> dict[str, Any]:
    """The figures as plain JSON values (intervals become lists)."""
    fields = dataclasses.asdict(value)
    return {name: list(entry) if isinstance(entry, tuple) else entry for name, entry in fields.items()}


def from_json(value: Mapping[str, Any]) -> Metrics:
    """The inverse of `to_json`; raises DataError for other fields."""
    fields: dict[str, Any] = {
        name: tuple(entry) if isinstance(entry, list) else entry for name, entry in value.items()
    }
    try:
        fields["confusion"] = Confusion(**fields["confusion"])
        return Metrics(**fields)
    except (KeyError, TypeError) as problem:
        raise DataError(f"metrics are malformed: {type(problem).__name__} {problem}") from None


def _checked(labels: ArrayLike, probabilities: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    label, probability = np.asarray(labels), np.asarray(probabilities, np.float64)
    if label.ndim != 1 or label.shape != probability.shape or len(label) == 0:
        raise DataError(
            f"metrics need as many labels as probabilities, at least one; "
            f"given {label.shape} and {probability.shape}"
        )
    if not np.isin(label, (0, 1)).all():
        raise DataError("metrics need labels 0 and 1; leave unlabeled photos out")
    if not np.isfinite(probability).all():
        raise DataError("metrics need finite probabilities; given a NaN or an infinity")
    return label.astype(bool), probability


def _both_classes(positives: int, negatives: int) -> None:
    if positives == 0 or negatives == 0:
        raise DataError(
            f"this figure needs photos with and without the wake word; given {positives} and {negatives}"
        )


def _mid_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1; equal values share the mean of their ranks."""
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: NDArray[np.float64] = (last - (counts - 1) / 2)[group]
    return ranks


def _share(successes: int, trials: int) -> float | None:
    return successes / trials if trials else None


def _share_interval(successes: int, trials: int) -> Interval | None:
    return wilson_interval(successes, trials) if trials else None


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
