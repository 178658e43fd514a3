"""Scores from gradients against closed forms of a softmax layer, and against differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.training_free.networks import chain, family, graph_of, noise
from wakeling.errors import DataError
from wakeling.graph import INPUT, Graph
from wakeling.nets import build, export_weights, initialize
from wakeling.ops import Activation, Dense, Mean
from wakeling.training_free import Batch
from wakeling.training_free.batch import real_values
from wakeling.training_free.fisher import fisher
from wakeling.training_free.gradient_norm import gradient_norm
from wakeling.training_free.snip import snip
from wakeling.training_free.start import at_start, weights_of
from wakeling.training_free.zico import zico


def softmax_layer() -> Graph:
    return graph_of((2, 2, 3), ("mean", Mean(), (INPUT,)), ("dense", Dense(units=2), ("mean",)))


def by_hand(batch: Batch, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Weight and gradient of the mean cross-entropy of `softmax_layer`: (p − y) xᵀ / N."""
    module = build(softmax_layer())
    initialize(module, seed)
    weight = export_weights(module)["dense/weight"].astype(np.float64)
    x = ((batch.images.astype(np.float64) - 128) / 128).mean(axis=(1, 2))
    logits = np.exp(x @ weight.T)
    wrong = logits / logits.sum(axis=1, keepdims=True) - np.eye(2)[batch.labels]
    return weight, wrong.T @ x / len(batch)


def test_norm_and_snip_of_a_softmax_layer() -> None:
    batch = noise(softmax_layer(), 12)
    weight, gradient = by_hand(batch, 4)
    assert gradient_norm(softmax_layer(), batch, 4) == pytest.approx(np.linalg.norm(gradient), rel=1e-5)
    assert snip(softmax_layer(), batch, 4) == pytest.approx(np.abs(weight * gradient).sum(), rel=1e-5)


def test_zico_of_a_softmax_layer() -> None:
    batch = noise(softmax_layer(), 16)
    parts = [Batch(images=batch.images[i::4], labels=batch.labels[i::4]) for i in range(4)]
    sizes = np.abs([by_hand(part, 4)[1] for part in parts])
    expected = math.log((sizes.mean(axis=0) / sizes.std(axis=0)).sum())
    assert zico(softmax_layer(), batch, 4) == pytest.approx(expected, rel=1e-4)


def test_zico_needs_two_photos_a_part() -> None:
    with pytest.raises(DataError, match="at least 8 photos; given 6"):
        zico(softmax_layer(), noise(softmax_layer(), 6), 0)


def test_fisher_of_an_activation_before_a_softmax_layer() -> None:
    graph = graph_of(
        (2, 2, 3),
        ("act", Activation(kind="tanh"), (INPUT,)),
        ("mean", Mean(), ("act",)),
        ("dense", Dense(units=2), ("mean",)),
    )
    batch = noise(graph, 6)
    module = build(graph)
    initialize(module, 2)
    weight = export_weights(module)["dense/weight"].astype(np.float64)
    a = np.tanh((batch.images.astype(np.float64) - 128) / 128)
    logits = np.exp(a.mean(axis=(1, 2)) @ weight.T)
    wrong = logits / logits.sum(axis=1, keepdims=True) - np.eye(2)[batch.labels]
    gradient = (wrong @ weight)[:, None, None, :] / 4  # each of four places has a quarter of the mean
    expected = ((a * gradient).sum(axis=(1, 2)) ** 2).sum() / (2 * len(batch))
    assert fisher(graph, batch, 2) == pytest.approx(expected, rel=1e-5)


def test_snip_is_the_slope_of_the_loss_as_a_weight_vanishes() -> None:
    graph = chain(2, "tanh")
    batch = noise(graph, 8)
    module = at_start(graph, 0, torch.float64)
    images, labels = real_values(batch).double(), torch.from_numpy(batch.labels)
    total, step = 0.0, 1e-5
    with torch.no_grad():
        for weight in weights_of(module):
            for place in np.ndindex(*weight.shape):
                whole, losses = weight[place].clone(), []
                for factor in (1 + step, 1 - step):
                    weight[place] = whole * factor
                    losses.append(float(F.cross_entropy(module(images), labels)))
                weight[place] = whole
                total += abs(losses[0] - losses[1]) / (2 * step)
    assert snip(graph, batch, 0) == pytest.approx(total, rel=1e-3)


def test_a_network_without_activations_has_no_fisher_information() -> None:
    assert fisher(softmax_layer(), noise(softmax_layer()), 0) == 0


def test_gradients_are_finite_where_labels_are_all_alike() -> None:
    graph = family()
    batch = noise(graph, 8)
    same = Batch(images=batch.images, labels=np.zeros(8, np.int64))
    assert math.isfinite(gradient_norm(graph, same, 0))
