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
from wakeling.verify.c import toolchain, unicorn_runner
from wakeling.verify.c.programs import emulator_program, read_program
from wakeling.verify.c.toolchain import CompilerName
from wakeling.verify.images import trial_inputs

M4 = target_of("cortex-m4")


@functools.cache
def compiled() -> CompiledModel:
    lowered = spec.lower(spec.make("mobilenet_v2", alpha=0.2, resolution=20))
    return compile_model(quantize_randomly(fuse(lowered).graph, 3), M4, keep_constant_channels=True)


@pytest.mark.parametrize(
    ("compiler", "level"),
    [("zig", "-O0"), ("zig", "-O1"), ("zig", "-Os"), ("gcc", "-O1"), ("gcc", "-O3"), ("gcc", "-Os")],
)
def test_every_level_computes_the_same(compiler: CompilerName, level: str) -> None:
    """Beside -O2, which all other tests use."""
    if compiler == "gcc" and not toolchain.has_gcc():
        pytest.skip("arm-none-eabi-gcc is not installed")
    model = compiled()
    program = emulator_program(
        model.files,
        M4,
        toolchain.compiler_of(compiler),
        folder=objects(),
        trace=True,
        optimization=level,
    )
    inputs = trial_inputs(model.original, random_images(model.original, 1, 1))
    tensors = golden.run_all(model.original, inputs)
    fed = [np.ascontiguousarray(image).tobytes() for image in inputs]
    [run] = unicorn_runner.run(read_program(program), M4.name, fed)
    for event, seen in zip(model.events, run.events, strict=True):
        assert seen.values == model.expected(event, tensors, 0), event
