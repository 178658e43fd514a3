"""Random int8 networks on an emulated Cortex-M4, every layer equal to golden; in the slow run to TFLM too."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from tests.verify.c.hand_models import objects
from wakeling.export import tflite
from wakeling.export.c import compile_model, target_of
from wakeling.quantize import golden
from wakeling.testing.random_models import random_images, random_model
from wakeling.verify.c import unicorn_runner
from wakeling.verify.c.emulators import Emulator, emulator_of
from wakeling.verify.c.programs import emulator_program, read_program
from wakeling.verify.c.proof import prove_compiled
from wakeling.verify.c.toolchain import zig
from wakeling.verify.compare import first_difference, tensor_indices
from wakeling.verify.images import trial_inputs
from wakeling.verify.jobs import Job
from wakeling.verify.process import run_jobs

FEW, MANY, CHUNK = 50, 2000, 50
M4 = target_of("cortex-m4")


@pytest.mark.parametrize("start", range(0, FEW, 10))
def test_random_networks_on_the_m4(start: int) -> None:
    """Three inputs in one life of the program; every second network keeps its constant channels."""
    values = 0
    for seed in range(start, start + 10):
        model = random_model(seed)
        inputs = trial_inputs(model, random_images(model, 3, seed))
        compiled = compile_model(model, M4, keep_constant_channels=seed % 2 == 0)
        program = emulator_program(compiled.files, M4, zig(), folder=objects(), trace=True)
        fed = [np.ascontiguousarray(image).tobytes() for image in inputs]
        tensors = golden.run_all(model, inputs)
        for image, run in enumerate(unicorn_runner.run(read_program(program), M4.name, fed)):
            assert len(run.events) == len(compiled.events)
            for event, seen in zip(compiled.events, run.events, strict=True):
                assert seen.values == compiled.expected(event, tensors, image), (seed, event, image)
                values += len(seen.values)
            assert run.output == tensors[model.graph.output][image].tobytes(), seed
    assert values > 10_000


def check(seeds: Iterable[int], emulators: Iterable[Emulator], folder: Path) -> None:
    """Golden = TFLM on every tensor, and golden = C on every layer, traced or not, on each machine."""
    models = {seed: random_model(seed) for seed in seeds}
    images = {seed: random_images(model, 3, seed) for seed, model in models.items()}
    jobs = []
    for seed, model in models.items():
        content = tflite.to_bytes(model)
        inputs = trial_inputs(model, images[seed])
        indices = tuple(tensor_indices(model, content).values())
        jobs.append(Job(content=content, images=inputs, tensors=indices, tensor_images=len(inputs)))
    for (seed, model), job, outcome in zip(models.items(), jobs, run_jobs("tflm", jobs), strict=True):
        indices = tensor_indices(model, job.content)
        found = {name: outcome.tensors[index] for name, index in indices.items()}
        assert first_difference(model, golden.run_all(model, job.images), found) is None, seed
        compiled = compile_model(model, M4, keep_constant_channels=seed % 2 == 0)
        for emulator in emulators:
            proof = prove_compiled(compiled, images[seed], emulator=emulator, folder=folder)
            assert proof.agrees, (seed, emulator.version, proof.summary)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(FEW, FEW + MANY, CHUNK))
def test_thousands_of_random_networks_on_tflm_the_host_and_the_m4(start: int) -> None:
    machines = [emulator_of(M4, "unicorn", None), emulator_of(M4, "host", None)]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        check(range(start, start + CHUNK), machines, Path(folder))
