"""Random models: golden, TFLM and LiteRT's reference kernels agree on every tensor."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from wakeling.export import tflite
from wakeling.ops import OPERATORS, BatchNorm, operator_name
from wakeling.quantize import golden
from wakeling.quantize.golden import KernelTable
from wakeling.quantize.litert_kernels import LITERT_KERNELS
from wakeling.quantize.model import QuantizedModel
from wakeling.testing.random_models import quantize_randomly, random_graph, random_images, random_model
from wakeling.verify.compare import first_difference, tensor_indices
from wakeling.verify.images import extreme_images, trial_inputs
from wakeling.verify.jobs import Job, Runtime
from wakeling.verify.process import run_jobs

FEW, MANY = 60, 3000
KERNELS_OF: dict[Runtime, KernelTable] = {"tflm": golden.KERNELS, "litert": LITERT_KERNELS}


def check(models: list[QuantizedModel]) -> int:
    """Compare all tensors of all models on extreme and random images; how many values that were."""
    jobs, inputs = [], []
    for seed, model in enumerate(models):
        height, width, channels = model.graph.input_shape
        pixels = np.concatenate([extreme_images((height, width, channels)), random_images(model, 4, seed)])
        content = tflite.to_bytes(model)
        indices = tuple(tensor_indices(model, content).values())
        inputs.append(trial_inputs(model, pixels))
        jobs.append(Job(content=content, images=inputs[-1], tensors=indices, tensor_images=len(pixels)))
    values = 0
    for runtime, kernels in KERNELS_OF.items():
        for model, job, images, outcome in zip(models, jobs, inputs, run_jobs(runtime, jobs), strict=True):
            expected = golden.run_all(model, images, kernels=kernels)
            indices = tensor_indices(model, job.content)
            found = {name: outcome.tensors[index] for name, index in indices.items()}
            assert first_difference(model, expected, found) is None, (runtime, model.name)
            np.testing.assert_array_equal(
                outcome.outputs.reshape(len(images), -1),
                expected[model.graph.output].reshape(len(images), -1),
            )
            values += sum(tensor.size for tensor in found.values())
    return values


def test_random_models_agree_on_every_tensor() -> None:
    assert check([random_model(seed) for seed in range(FEW)]) > 500_000


@pytest.mark.slow
@pytest.mark.parametrize("start", range(FEW, FEW + MANY, 100))
def test_thousands_of_random_models_agree_on_every_tensor(start: int) -> None:
    assert check([random_model(seed) for seed in range(start, start + 100)]) > 1_000_000


def test_the_random_models_have_every_operator_and_use_the_int8_range() -> None:
    operators = Counter(operator_name(node.op) for seed in range(FEW) for node in random_graph(seed).nodes)
    assert set(operators) == set(OPERATORS) - {operator_name(BatchNorm)}
    seen: set[int] = set()
    for seed in range(FEW):
        model = random_model(seed)
        if model.graph.types[model.graph.output] == "float32":
            continue
        seen |= set(golden.run(model, trial_inputs(model, random_images(model, 8, seed))).ravel().tolist())
    assert len(seen) > 100


def test_a_network_of_each_family_agrees_on_every_tensor() -> None:
    from wakeling import spec
    from wakeling.fuse import fuse

    models = [
        quantize_randomly(fuse(spec.lower(spec.make(family, alpha=0.25, resolution=33))).graph, 1)
        for family in ("mobilenet_v1", "mobilenet_v2")
    ]
    assert check(models) > 500_000
