"""Random networks over the whole operator set: C on the host = golden, every layer, bit for bit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.export.c.host_models import assert_agrees
from wakeling.export.c import CompiledModel, compile_model, target_of
from wakeling.testing.random_models import random_model

PORTABLE = target_of("portable")
BATCH = 25


def compiled(seed: int, *, keep_constant_channels: bool) -> CompiledModel:
    return compile_model(
        random_model(seed), PORTABLE, name=f"r{seed}", keep_constant_channels=keep_constant_channels
    )


@pytest.mark.parametrize("keep_constant_channels", [True, False])
def test_random_networks_agree_with_golden(tmp_path: Path, keep_constant_channels: bool) -> None:
    first = BATCH * keep_constant_channels
    models = [
        compiled(seed, keep_constant_channels=keep_constant_channels) for seed in range(first, first + BATCH)
    ]
    assert_agrees(tmp_path, models, share_kernels=True)


def test_code_for_small_cores_agrees_with_golden_too(tmp_path: Path) -> None:
    """Cores that multiply to 32 bits only have loops and a multiplication of their own."""
    models = [compiled(seed, keep_constant_channels=True) for seed in range(10)]
    assert_agrees(tmp_path, models, flags=("-DSHARED_SMALL_CORE",), share_kernels=True)


def test_models_of_one_program_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Whole files as emitted, kernels and all, of models with names that begin alike."""
    models = [
        compile_model(random_model(seed), PORTABLE, name=name)
        for seed, name in ((100, "vww"), (101, "vww_2"), (102, "w"))
    ]
    assert_agrees(tmp_path, models)


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(40))
def test_two_thousand_random_networks_agree_with_golden(tmp_path: Path, batch: int) -> None:
    seeds = range(1000 + 50 * batch, 1000 + 50 * (batch + 1))
    models = [compiled(seed, keep_constant_channels=seed % 2 == 1) for seed in seeds]
    assert_agrees(tmp_path, models, share_kernels=True)
