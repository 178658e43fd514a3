"""One trained supernet for all tests that only read it."""

from __future__ import annotations

import dataclasses

import pytest

from tests.supernet.day_and_night import QUICK, SPACE, day_and_night
from wakeling.supernet import TrainedSupernet, fit_supernet


@pytest.fixture(scope="package")
def trained() -> TrainedSupernet:
    training = dataclasses.replace(QUICK.training, epochs=10)
    recipe = dataclasses.replace(QUICK, training=training, random_networks=2)
    return fit_supernet(SPACE, day_and_night, recipe)
