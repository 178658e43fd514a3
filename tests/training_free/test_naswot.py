"""The pattern kernel against counting in NumPy, and its log-determinant against exact determinants."""

from __future__ import annotations

import fractions
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from tests.training_free.networks import chain, family, noise
from wakeling.nets import apply_layer, build, initialize
from wakeling.ops import Activation
from wakeling.training_free import Batch
from wakeling.training_free.naswot import log_determinant, naswot, pattern_kernel

PIECES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "relu": lambda x: x > 0,
    "relu6": lambda x: (x > 0).astype(int) + (x > 6),
    "hard_swish": lambda x: (x > -3).astype(int) + (x > 3),
}


@pytest.mark.parametrize("kind", list(PIECES))
def test_the_kernel_counts_activations_on_the_same_piece(kind: str) -> None:
    graph = chain(3, kind, channels=8)  # type: ignore[arg-type]  # one of the kinds
    batch = noise(graph, 10)
    module = build(graph)
    initialize(module, 5)
    before: list[np.ndarray] = []

    def compute(node, layer, inputs):  # type: ignore[no-untyped-def]
        if isinstance(node.op, Activation):
            before.append(inputs[0].detach().numpy().reshape(len(batch), -1))
        return apply_layer(node, layer, inputs)

    pixels = torch.from_numpy((batch.images.astype(np.float32) - 128) / 128).permute(0, 3, 1, 2)
    module.train()(pixels, compute)
    codes = np.concatenate([PIECES[kind](values) for values in before], axis=1)
    expected = [[int((one == other).sum()) for other in codes] for one in codes]
    assert pattern_kernel(graph, batch, 5).tolist() == expected


def exact_determinant(rows: list[list[int]]) -> fractions.Fraction:
    """Gaussian elimination in fractions."""
    matrix = [[fractions.Fraction(value) for value in row] for row in rows]
    product = fractions.Fraction(1)
    for column in range(len(matrix)):
        pivot = next((row for row in range(column, len(matrix)) if matrix[row][column]), None)
        if pivot is None:
            return fractions.Fraction(0)
        if pivot != column:
            matrix[column], matrix[pivot] = matrix[pivot], matrix[column]
            product = -product
        product *= matrix[column][column]
        for row in range(column + 1, len(matrix)):
            factor = matrix[row][column] / matrix[column][column]
            matrix[row] = [a - factor * b for a, b in zip(matrix[row], matrix[column], strict=True)]
    return product


def test_the_score_is_the_logarithm_of_the_exact_determinant() -> None:
    graph = family()
    batch = noise(graph, 12)
    determinant = exact_determinant(pattern_kernel(graph, batch, 0).astype(int).tolist())
    expected = math.log(determinant.numerator)
    assert naswot(graph, batch, 0) == pytest.approx(expected, rel=1e-9)


def test_photos_that_look_the_same_to_a_network_give_zero() -> None:
    assert log_determinant(np.array([[9.0, 9.0], [9.0, 9.0]])) == 0
    assert log_determinant(np.array([[9.0, 3.0], [3.0, 9.0]])) == pytest.approx(math.log(72))
    # one activation cannot tell three photos apart
    assert naswot(chain(1, channels=1), noise(chain(1), 3), 0) == 0


def test_a_photo_that_comes_twice_counts_once() -> None:
    graph = family()
    batch = noise(graph, 8)
    twice = Batch(
        images=np.concatenate([batch.images, batch.images[:3]]),
        labels=np.concatenate([batch.labels, batch.labels[:3]]),
    )
    assert naswot(graph, twice, 0) == naswot(graph, batch, 0) > 0
    alike = Batch(images=batch.images[[0, 0, 0]], labels=batch.labels[:3])
    assert naswot(graph, alike, 0) == 0
