"""Layers that run patch by patch: C on the host = golden, on every box of every layer, bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.export.c.host_models import assert_agrees
from wakeling.cost.memory import patched
from wakeling.cost.memory.patch_stage import Stage
from wakeling.cost.memory.patch_stages import Stages
from wakeling.export.c import CompiledModel, compile_model, target_of
from wakeling.export.c.compile import written
from wakeling.export.c.lower import lower_model
from wakeling.quantize.model import QuantizedModel
from wakeling.testing.random_models import random_model

PORTABLE = target_of("portable")


def patched_models(seeds: range) -> list[CompiledModel]:
    """Random networks on a random stage and grid, not just on those that pay."""
    found = []
    for seed in seeds:
        model, rng = random_model(seed), np.random.default_rng(seed)
        stages = list(Stages(model.graph, most_patches=4, streams_input=False))
        if not stages:
            continue
        stage = stages[-1] if rng.random() < 0.6 else stages[rng.integers(len(stages))]
        grids = list(stage.grids())
        if grids:
            found.append(in_patches(model, stage, grids[rng.integers(len(grids))], f"r{seed}"))
    return found


def in_patches(model: QuantizedModel, stage: Stage, grid: tuple[int, int], name: str) -> CompiledModel:
    program = lower_model(model, PORTABLE, stage.plan(*grid))
    return written(program, model, name=name)


def test_random_networks_patch_by_patch_agree_with_golden(tmp_path: Path) -> None:
    models = patched_models(range(40))
    assert len(models) > 20
    assert_agrees(tmp_path, models, share_kernels=True)


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(10))
def test_hundreds_of_networks_patch_by_patch_agree_with_golden(tmp_path: Path, batch: int) -> None:
    models = patched_models(range(1000 + 60 * batch, 1060 + 60 * batch))
    assert_agrees(tmp_path, models, share_kernels=True)


def test_patches_are_taken_only_where_the_ram_asks_for_them() -> None:
    model = next(m for m in map(random_model, range(200)) if _saves(m))
    whole = compile_model(model, PORTABLE, keep_constant_channels=True)
    same = compile_model(model, PORTABLE, keep_constant_channels=True, ram_bytes=whole.about.arena_bytes)
    small = compile_model(model, PORTABLE, keep_constant_channels=True, ram_bytes=whole.about.arena_bytes - 1)
    assert same.files == whole.files
    assert small.plan.patch is not None
    assert small.about.arena_bytes < whole.about.arena_bytes
    assert small.about.macs >= whole.about.macs


def _saves(model: QuantizedModel) -> bool:
    return patched(model.graph).patch is not None
