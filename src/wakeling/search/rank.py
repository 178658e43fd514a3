"""How well one number's order agrees with another's: Kendall's τ-b and Spearman's ρ, with intervals.

A search only needs to know which network is better, so scores are judged by their order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wakeling.errors import WakelingError

Interval = tuple[float, float]

SAMPLES = 2000
"""Bootstrap samples of an interval."""

_AT_ONCE = 250
"""Bootstrap samples that are computed in one matrix product; it bounds the memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankCorrelation:
    """Agreement of two orders of `count` things, from −1 (reversed) to 1 (the same).

    The intervals hold 95 % of the bootstrap samples.
    """

    count: int
    kendall: float
    kendall_interval: Interval
    spearman: float
    spearman_interval: Interval


def rank_correlation(
    left: ArrayLike, right: ArrayLike, *, samples: int = SAMPLES, seed: int = 0
) -> RankCorrelation:
    """τ-b and ρ of two lists of numbers about the same things, ties allowed.

    The intervals are percentiles of `samples` bootstrap samples: the things drawn again with
    replacement (Efron 1979). The same arguments give the same intervals. Raises WakelingError for
    lists that differ in length, have fewer than three numbers, one that is not finite or all alike.
    """
    one, other = _checked(left, right)
    signs = _signs(one), _signs(other)
    count = len(one)
    whole = np.ones((1, count))
    found: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = [
        (_kendall(part, *signs), _spearman(part, *signs)) for part in _draws(count, samples, seed)
    ]
    kendalls, spearmans = (np.concatenate(values) for values in zip(*found, strict=True))
    return RankCorrelation(
        count=count,
        kendall=float(_kendall(whole, *signs)[0]),
        kendall_interval=_interval(kendalls),
        spearman=float(_spearman(whole, *signs)[0]),
        spearman_interval=_interval(spearmans),
    )


def kendall_gain(
    better: ArrayLike, baseline: ArrayLike, truth: ArrayLike, *, samples: int = SAMPLES, seed: int = 0
) -> tuple[float, Interval]:
    """τ-b of `better` with `truth` minus that of `baseline`, and the bootstrap 95 % interval.

    Both are computed on the same samples, so what they share falls out of the interval. Raises
    WakelingError as `rank_correlation` does.
    """
    one, real = _checked(better, truth)
    other, _ = _checked(baseline, truth)
    signs, plain, wanted = _signs(one), _signs(other), _signs(real)
    whole = np.ones((1, len(real)))
    gains = np.concatenate(
        [
            _kendall(part, signs, wanted) - _kendall(part, plain, wanted)
            for part in _draws(len(real), samples, seed)
        ]
    )
    gain = _kendall(whole, signs, wanted)[0] - _kendall(whole, plain, wanted)[0]
    return float(gain), _interval(gains)


def kendall_tau_b(left: ArrayLike, right: ArrayLike) -> float:
    """Kendall's τ-b (Kendall 1945): (pairs in the same order − pairs in the other) / √(n₁ · n₂).

    n₁ and n₂ are the pairs that are not tied in one list and in the other. Raises WakelingError as
    `rank_correlation` does.
    """
    one, other = _checked(left, right)
    return float(_kendall(np.ones((1, len(one))), _signs(one), _signs(other))[0])


def spearman_rho(left: ArrayLike, right: ArrayLike) -> float:
    """Spearman's ρ (1904): the linear correlation of the ranks, tied numbers at their mean rank.

    Raises WakelingError as `rank_correlation` does.
    """
    one, other = _checked(left, right)
    return float(_spearman(np.ones((1, len(one))), _signs(one), _signs(other))[0])


def ranks(values: ArrayLike) -> NDArray[np.float64]:
    """The rank of each number, 1 for the smallest; tied ones have their mean rank."""
    array = np.asarray(values, np.float64)
    ranked: NDArray[np.float64] = (_signs(array).sum(axis=1) + len(array) + 1) / 2
    return ranked


def rank_sum(lists: Sequence[ArrayLike]) -> NDArray[np.float64]:
    """The sum of the ranks that each thing has in several lists: one order made of many."""
    if not lists:
        raise WakelingError("a sum of ranks needs at least one list; given none")
    total: NDArray[np.float64] = np.sum([ranks(values) for values in lists], axis=0)
    return total


def _checked(left: ArrayLike, right: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    one, other = np.asarray(left, np.float64), np.asarray(right, np.float64)
    if one.shape != other.shape or one.ndim != 1:
        raise WakelingError(
            f"two lists of equal length are compared; given shapes {one.shape}, {other.shape}"
        )
    if len(one) < 3:
        raise WakelingError(f"a rank correlation needs at least 3 numbers; given {len(one)}")
    for values in (one, other):
        if not np.isfinite(values).all():
            raise WakelingError("a rank correlation needs finite numbers; given a NaN or an infinity")
        if (values == values[0]).all():
            raise WakelingError(f"all {len(values)} numbers are {values[0]:g}, so they have no order")
    return one, other


def _draws(count: int, samples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """How often each bootstrap sample holds each thing, some samples at a time."""
    random = np.random.default_rng(seed)
    for start in range(0, samples, _AT_ONCE):
        size = min(_AT_ONCE, samples - start)
        yield random.multinomial(count, np.full(count, 1 / count), size=size).astype(np.float64)


def _signs(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """+1 where the first of a pair is larger, −1 where it is smaller, 0 where both are the same."""
    return np.sign(values[:, None] - values[None, :])


def _kendall(
    draws: NDArray[np.float64], one: NDArray[np.float64], other: NDArray[np.float64]
) -> NDArray[np.float64]:
    """τ-b of each sample; `draws` (samples, n) says how often it holds each thing.

    A thing that was drawn twice is tied with itself, as it is in a list that holds it twice.
    """
    agreeing = _pairs(draws, one * other)
    return _ratio(agreeing, np.sqrt(_pairs(draws, one * one) * _pairs(draws, other * other)))


def _pairs(draws: NDArray[np.float64], value: NDArray[np.float64]) -> NDArray[np.float64]:
    total: NDArray[np.float64] = ((draws @ value) * draws).sum(axis=1)
    return total


def _spearman(
    draws: NDArray[np.float64], one: NDArray[np.float64], other: NDArray[np.float64]
) -> NDArray[np.float64]:
    """ρ of each sample. Rows of signs sum to twice a rank, up to a constant, and are centered."""
    first, second = draws @ one.T, draws @ other.T
    products = (draws * first * second).sum(axis=1)
    spreads = (draws * first**2).sum(axis=1) * (draws * second**2).sum(axis=1)
    return _ratio(products, np.sqrt(spreads))


def _ratio(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> NDArray[np.float64]:
    """NaN for a sample whose numbers are all alike."""
    return np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0)


def _interval(values: NDArray[np.float64]) -> Interval:
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)
