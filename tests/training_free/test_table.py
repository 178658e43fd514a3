"""What every score of the table has to keep: repeatable, the same once fused, clear about bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.training_free.networks import chain, family, gated, graph_of, noise, residual
from wakeling import zoo
from wakeling.cost import cost
from wakeling.errors import DataError, GraphError, WakelingError
from wakeling.fuse import fuse
from wakeling.graph import INPUT
from wakeling.ops import Dense
from wakeling.training_free import SCORES, Batch, score_network

NAMES = list(SCORES)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_score_on_any_number_of_threads(name: str) -> None:
    graph = family()
    batch = noise(graph)
    before = torch.get_num_threads()
    state = torch.random.get_rng_state()
    found = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(score_network(name, graph, batch=batch, seed=3))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert found[0] == found[1]
    assert math.isfinite(found[0])
    assert torch.equal(state, torch.random.get_rng_state())
    if not SCORES[name].is_baseline:
        assert score_network(name, graph, batch=batch, seed=4) != found[0]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("graph", [family(), family("mobilenet_v1"), residual(skip=True)])
def test_folding_batch_norms_changes_no_score(name: str, graph) -> None:  # type: ignore[no-untyped-def]
    batch = noise(graph)
    whole = score_network(name, graph, batch=batch)
    assert score_network(name, fuse(graph).graph, batch=batch) == whole


@pytest.mark.parametrize("name", NAMES)
def test_gates_and_branches_have_finite_scores(name: str) -> None:
    graph = gated()
    assert math.isfinite(score_network(name, graph, batch=noise(graph)))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("network", ["mobilenet-v3-small", "squeezenet-1.1", "shufflenet-v2-x1.0"])
def test_famous_networks_have_finite_scores(name: str, network: str) -> None:
    graph = zoo.build(network)
    assert math.isfinite(score_network(name, graph, batch=noise(graph, 8)))


@pytest.mark.parametrize("name", ["synflow", "zen", "naswot", "snip", "zico"])
def test_a_wider_network_scores_more(name: str) -> None:
    narrow, wide = family(), family(alpha=0.75)
    assert score_network(name, wide, batch=noise(wide)) > score_network(name, narrow, batch=noise(narrow))


def test_baselines_are_the_cost_report() -> None:
    graph = family()
    assert score_network("macs", graph) == cost(graph).macs
    assert score_network("parameters", graph) == cost(graph).deployed_parameters


def test_every_score_says_where_it_is_from() -> None:
    for name, score in SCORES.items():
        assert score.name == name
        assert score.is_baseline or "arXiv:" in score.source


def test_an_unknown_score_names_the_nearest() -> None:
    with pytest.raises(WakelingError, match="unknown score 'synflo'; known: synflow"):
        score_network("synflo", family())


@pytest.mark.parametrize("name", [name for name in NAMES if SCORES[name].needs != "shapes"])
def test_photos_are_asked_for(name: str) -> None:
    with pytest.raises(DataError, match="looks at photos"):
        score_network(name, family())
    with pytest.raises(DataError, match="takes images"):
        score_network(name, family(), batch=noise(chain(1)))


def test_batches_are_checked() -> None:
    images = np.zeros((4, 2, 2, 3), np.uint8)
    with pytest.raises(DataError, match="N labels"):
        Batch(images=images, labels=np.zeros(3, np.int64))
    with pytest.raises(DataError, match="at least 2"):
        Batch(images=images[:1], labels=np.zeros(1, np.int64))


def test_only_images_are_scored() -> None:
    graph = graph_of((5,), ("dense", Dense(units=2), (INPUT,)))
    with pytest.raises(GraphError, match="scores are for images"):
        score_network("synflow", graph)
