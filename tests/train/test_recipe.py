from __future__ import annotations

import dataclasses
import json

import pytest

from wakeling.errors import WakelingError
from wakeling.train import Augmentation, Recipe, recipe


def test_a_recipe_round_trips_through_json():
    made = Recipe(epochs=7, optimizer="sgd", threads=2, augmentation=Augmentation(flip=False, noise=0.1))
    assert recipe.from_json(json.loads(json.dumps(recipe.to_json(made)))) == made


def test_fields_left_out_keep_their_defaults():
    assert recipe.from_json({}) == Recipe()
    assert recipe.from_json({"augmentation": {"flip": False}}).augmentation == Augmentation(flip=False)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"epochs": -1}, "epochs must be a number from 0"),
        ({"batch_size": 1}, "batch_size must be a number from 2"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"learning_rate": "fast"}, "given 'fast'"),
        ({"epochs": True}, "given True"),
        ({"epochs": 2.5}, "whole number"),
        ({"optimizer": "sdg"}, "unknown optimizer 'sdg'; known: sgd"),
        ({"balance": None}, "unknown balance"),
        ({"epoch": 3}, "unknown recipe field 'epoch'; known: epochs"),
        ({"augmentation": {"crop": 1}}, "unknown recipe field 'crop'"),
        ({"augmentation": 3}, "augmentation must be an object"),
        ({"augmentation": {"crop_area_min": 0}}, "crop_area_min"),
        ({"threads": 0}, "threads"),
        ({"format": "other/1"}, "recipe format is 'other/1'"),
    ],
)
def test_a_bad_recipe_is_one_clear_line(value, message):
    with pytest.raises(WakelingError, match=message) as caught:
        recipe.from_json(value)
    assert "\n" not in str(caught.value)


def test_the_fingerprint_ignores_threads_and_nothing_else():
    base = Recipe()
    assert recipe.fingerprint(dataclasses.replace(base, threads=3)) == recipe.fingerprint(base)
    assert recipe.fingerprint(dataclasses.replace(base, seed=1)) != recipe.fingerprint(base)
    stronger = dataclasses.replace(base.augmentation, noise=0.2)
    assert recipe.fingerprint(dataclasses.replace(base, augmentation=stronger)) != recipe.fingerprint(base)


def test_the_learning_rate_rises_to_the_peak_and_falls_to_its_fraction():
    plan = Recipe(
        epochs=10, learning_rate=0.4, batch_size=64, warmup_epochs=2, final_learning_rate_fraction=0.1
    )
    rates = [recipe.learning_rate_at(plan, step / 10) for step in range(101)]
    assert rates[10] == pytest.approx(0.1)
    assert max(rates) == rates[20] == pytest.approx(0.2)
    assert rates[60] == pytest.approx(0.2 * (0.1 + 0.9 * 0.5))
    assert rates[100] == pytest.approx(0.02)
    assert all(rate > 0 for rate in rates)
    assert rates[:21] == sorted(rates[:21])
    assert rates[20:] == sorted(rates[20:], reverse=True)


def test_a_warm_up_longer_than_the_run_takes_half_of_it():
    plan = Recipe(epochs=2, learning_rate=1.0, warmup_epochs=5)
    assert recipe.learning_rate_at(plan, 1.0) == pytest.approx(1.0)
