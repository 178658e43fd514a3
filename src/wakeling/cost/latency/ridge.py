"""Least squares on logarithms of sums, with expectations: the mathematics of the fits, no meaning.

A row is a sum of terms, a term an amount times the exponentials of some parameters; its logarithm shall
be near its target. Parameters shall be near their expectations (ridge regression).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Term = tuple[float, tuple[str, ...]]
"""An amount, and the names of the parameters that multiply it."""

_STEPS = 50
_SMALL_STEP = 1e-7


class Solution(NamedTuple):
    """Parameters in the order of the names given, and their covariance."""

    values: Floats
    covariance: Floats


def solve(
    rows: Sequence[Sequence[Term]],
    targets: Sequence[float],
    sigmas: Sequence[float],
    names: Sequence[str],
    expected: Sequence[tuple[float, float]],
) -> Solution:
    """The most probable parameters for `targets`, the logarithms of the rows' sums.

    `sigmas` are the targets' standard deviations, `expected` each parameter's mean and standard
    deviation. Solved by Gauss-Newton with halved steps; a handful suffice, as rows are nearly linear in
    the logarithms.
    """
    place = {name: index for index, name in enumerate(names)}
    design = np.zeros((sum(map(len, rows)), len(names)))
    for line, (_, parts) in enumerate(term for row in rows for term in row):
        design[line, [place[name] for name in parts]] = 1.0
    amounts = np.array([amount for row in rows for amount, _ in row])
    starts = np.cumsum([0, *map(len, rows[:-1])])
    target, sigma = np.array(targets), np.array(sigmas)
    center, width = np.array(expected).T

    def amounts_at(theta: Floats) -> Floats:
        return amounts * np.exp(design @ theta)

    def loss(theta: Floats) -> float:
        misses = (target - np.log(np.add.reduceat(amounts_at(theta), starts))) / sigma
        moved = (theta - center) / width
        return float(misses @ misses + moved @ moved)

    theta, lost, curvature = center, loss(center), np.eye(len(names))
    for _ in range(_STEPS):
        spent = amounts_at(theta)
        sums = np.add.reduceat(spent, starts)
        slopes = np.add.reduceat(design * spent[:, None], starts) / sums[:, None]
        weighted = slopes.T / sigma**2
        curvature = weighted @ slopes + np.diag(width**-2)
        downhill = weighted @ (target - np.log(sums)) - (theta - center) / width**2
        step = np.linalg.solve(curvature, downhill)
        size = 1.0
        while (reached := loss(theta + size * step)) > lost and size > _SMALL_STEP:
            size /= 2
        theta, lost = theta + size * step, reached
        if float(np.abs(step).max()) < _SMALL_STEP:
            break
    return Solution(theta, np.linalg.inv(curvature).astype(np.float64))
