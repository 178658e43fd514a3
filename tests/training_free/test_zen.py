"""Zen-score against NumPy on a linear network, its invariances, and where it looks."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.training_free.networks import family, graph_of, residual
from wakeling.graph import INPUT
from wakeling.nets import build
from wakeling.ops import AveragePool2D, BatchNorm, Conv2D, Dense, Mean, Reshape
from wakeling.training_free import zen as zen_module
from wakeling.training_free.zen import IMAGES, NOISE, REPEATS, features, zen


def normal(shape: tuple[int, ...], generator: torch.Generator) -> np.ndarray:
    return torch.randn(shape, generator=generator, dtype=torch.float64).numpy()


def test_a_linear_network_is_what_numpy_says() -> None:
    graph = graph_of(
        (4, 4, 3),
        ("conv", Conv2D(filters=5, kernel=(1, 1)), (INPUT,)),
        ("norm", BatchNorm(epsilon=1e-3), ("conv",)),
        ("mean", Mean(), ("norm",)),
        ("dense", Dense(units=2), ("mean",)),
    )
    generator = torch.Generator().manual_seed(7)
    scores = []
    for _ in range(REPEATS):
        weight = normal((5, 3, 1, 1), generator)[:, :, 0, 0]
        normal((2, 5), generator)  # the dense layer's
        images = normal((IMAGES, 3, 4, 4), generator)
        moved = images + NOISE * normal((IMAGES, 3, 4, 4), generator)
        features_of = []
        for batch in (images, moved):
            made = np.einsum("fc,nchw->nfhw", weight, batch)
            mean = made.mean(axis=(0, 2, 3), keepdims=True)
            variance = made.var(axis=(0, 2, 3), keepdims=True)
            features_of.append((made - mean) / np.sqrt(variance + 1e-3))
            if len(features_of) == 1:
                sigma = math.sqrt(variance.mean() + 1e-3)
        distance = np.sqrt(((features_of[0] - features_of[1]) ** 2).sum(axis=(1, 2, 3))).mean()
        scores.append(math.log(distance) + math.log(sigma))
    assert zen(graph, 7) == pytest.approx(np.mean(scores), rel=1e-9)


def test_skip_connections_are_cut() -> None:
    assert zen(residual(skip=True), 0) == zen(residual(skip=False), 0)


def test_scales_that_batch_norms_take_away_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    # weights k times as large: every batch norm's scale is k times as large, and nothing else changes
    graph = family()
    plain = zen(graph, 0)
    norms = sum(isinstance(node.op, BatchNorm) for node in graph.nodes)
    monkeypatch.setattr(zen_module, "_WEIGHT_SPREAD", 10.0)
    assert zen(graph, 0) == pytest.approx(plain + norms * math.log(10), rel=2e-3)


def test_it_looks_at_the_last_map_before_pooling() -> None:
    assert features(build(residual(skip=True))) == "add"
    pooled = graph_of(
        (4, 4, 3),
        ("conv", Conv2D(filters=2, kernel=(1, 1)), (INPUT,)),
        ("pool", AveragePool2D(pool=(4, 4)), ("conv",)),
        ("after", Conv2D(filters=2, kernel=(1, 1)), ("pool",)),
    )
    assert features(build(pooled)) == "conv"
    pixel = graph_of(
        (1, 1, 3), ("conv", Conv2D(filters=2, kernel=(1, 1)), (INPUT,)), ("mean", Mean(), ("conv",))
    )
    assert features(build(pixel)) == "conv"
    flat = graph_of(
        (2, 2, 3),
        ("conv", Conv2D(filters=2, kernel=(1, 1)), (INPUT,)),
        ("flat", Reshape(shape=(8,)), ("conv",)),
        ("dense", Dense(units=2), ("flat",)),
    )
    assert features(build(flat)) == "conv"
    assert features(build(graph_of((2, 2, 3), ("mean", Mean(), (INPUT,))))) == "mean"
