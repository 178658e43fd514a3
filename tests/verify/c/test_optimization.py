"""The same numbers at every level of optimization: kernels in assembly rely on no lucky layout."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from tests.verify.c.hand_models import objects
from wakeling import spec
from wakeling.export.c import CompiledModel, compile_model, target_of
from wakeling.fuse import fuse
from wakeling.quantize import golden
from wakeling.testing.random_models import quantize_randomly, random_images
from wakeling.verify.c import toolchain
from wakeling.verify.c.measure import measure
from wakeling.verify.c.toolchain import CompilerName
from wakeling.verify.images import trial_inputs

M4 = target_of("cortex-m4")


@functools.cache
def compiled() -> CompiledModel:
    lowered = spec.lower(spec.make("mobilenet_v2", alpha=0.35, resolution=24))
    return compile_model(quantize_randomly(fuse(lowered).graph, 3), M4, keep_constant_channels=True)


@pytest.mark.parametrize("level", ["-O0", "-O1", "-O2", "-O3", "-Os"])
@pytest.mark.parametrize("compiler", ["zig", "gcc"])
def test_every_level_computes_the_same(compiler: CompilerName, level: str) -> None:
    if compiler == "gcc" and not toolchain.has_gcc():
        pytest.skip("arm-none-eabi-gcc is not installed")
    model = compiled()
    inputs = trial_inputs(model.original, random_images(model.original, 1, 1))
    tensors = golden.run_all(model.original, inputs)
    fed = [np.ascontiguousarray(image).tobytes() for image in inputs]
    found = measure(model.files, M4, fed, compiler=compiler, optimization=level, folder=objects())
    for event, seen in zip(model.events, found.traced[0].events, strict=True):
        assert seen.values == model.expected(event, tensors, 0), event
    assert found.plain[0].output == tensors[model.original.graph.output][0].tobytes()
