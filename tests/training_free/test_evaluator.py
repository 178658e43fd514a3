"""The evaluator: a plain function of a trial, sendable, the same as scoring by hand."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from wakeling.errors import DataError, WakelingError
from wakeling.search.space import GridSpace, StagedSpace, from_toml, size_of
from wakeling.search.trial import Trial
from wakeling.spec import lower
from wakeling.training_free import Batch, score_network
from wakeling.training_free.evaluator import TrainingFree

TOML = """
format = "wakeling.search-space/1"
name = "two"
resolutions = [16, 24]
channels = [1, 3]
widths = [0.5, 1.0]

[stem]
filters = 8

[[stages]]
filters = 8
stride = 2
"""


@pytest.fixture
def space() -> StagedSpace | GridSpace:
    return from_toml(TOML)


@pytest.fixture
def photos() -> Batch:
    images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), np.uint8)
    return Batch(images=images, labels=np.arange(8) % 2)


def trial(space: StagedSpace | GridSpace, resolution: int, channels: int) -> Trial:
    point = (resolution, channels, *[0] * (len(space.parameters) - 2))
    return Trial(number=0, point=point, rung=0)


def test_every_network_of_a_space_is_scored(space: StagedSpace, photos: Batch) -> None:
    evaluate = TrainingFree(space=space, score="naswot", photos=photos)
    assert size_of(space) == 8
    scores = {evaluate(trial(space, r, c)).score for r in (0, 1) for c in (0, 1)}
    assert len(scores) == 4
    assert all(score > 0 for score in scores)


def test_the_score_is_the_mean_over_first_weights(space: StagedSpace) -> None:
    asked = trial(space, 1, 1)
    graph = lower(space.network(asked.point))
    evaluate = TrainingFree(space=space, score="synflow", seed=5, repeats=2)
    expected = np.mean([score_network("synflow", graph, seed=seed) for seed in (5, 6)])
    outcome = evaluate(asked)
    assert outcome.score == pytest.approx(float(expected), rel=1e-12)
    assert outcome.measures == {"synflow": outcome.score}
    assert outcome.error == ""


def test_gray_networks_see_gray_photos(space: StagedSpace, photos: Batch) -> None:
    asked = trial(space, 0, 0)
    gray = photos.images.astype(np.float64) @ [0.299, 0.587, 0.114]
    # noise of 32 pixels shrunk to 16 by a triangle filter; a network of 16 pixels must accept it
    assert TrainingFree(space=space, score="snip", photos=photos)(asked).score > 0
    same = Batch(images=np.repeat(gray[..., None], 3, axis=3).round().astype(np.uint8), labels=photos.labels)
    one, other = (TrainingFree(space=space, score="snip", photos=given)(asked) for given in (photos, same))
    assert one.score == pytest.approx(other.score, rel=0.02)


def test_it_survives_a_pickle(space: StagedSpace, photos: Batch) -> None:
    evaluate = TrainingFree(space=space, score="naswot", photos=photos)
    asked = trial(space, 1, 0)
    before = evaluate(asked)
    again = pickle.loads(pickle.dumps(evaluate))
    assert again(asked) == before
    assert len(pickle.dumps(evaluate)) < photos.images.nbytes + 20_000


def test_mistakes_are_found_before_the_search(space: StagedSpace, photos: Batch) -> None:
    with pytest.raises(WakelingError, match="unknown score 'accuracy'"):
        TrainingFree(space=space, score="accuracy")
    with pytest.raises(DataError, match="naswot looks at photos"):
        TrainingFree(space=space, score="naswot")
    with pytest.raises(WakelingError, match="at least 1"):
        TrainingFree(space=space, score="synflow", repeats=0)
    gray = Batch(images=photos.images[..., :1], labels=photos.labels)
    with pytest.raises(DataError, match="RGB squares"):
        TrainingFree(space=space, score="naswot", photos=gray)
    small = Batch(images=photos.images[:, :8, :8], labels=photos.labels)
    with pytest.raises(DataError, match="8 pixels are too small for a network of 16"):
        TrainingFree(space=space, score="naswot", photos=small)(trial(space, 0, 1))
