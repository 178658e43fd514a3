"""Every pair of int8 operands of an add, a sub and a mul, at many scales, in both runtimes."""

from __future__ import annotations

import numpy as np
import pytest

from wakeling.export import tflite
from wakeling.graph import INPUT, GraphBuilder
from wakeling.ops import Add, Mul, Operator, Sub
from wakeling.quantize import golden
from wakeling.quantize.kernels import KERNELS
from wakeling.quantize.litert_kernels import LITERT_KERNELS
from wakeling.quantize.model import QuantizedModel, TensorQuant
from wakeling.verify.jobs import Job
from wakeling.verify.process import run_jobs

ALL = np.arange(-128, 128).astype(np.int8)
COLUMN = (256, 1, 1)
FEW, MANY = 6, 150

OPERATORS: dict[str, Operator] = {
    "add": Add(constant=COLUMN),
    "sub": Sub(constant=COLUMN),
    "sub_from_constant": Sub(constant=COLUMN, constant_first=True),
    "mul": Mul(constant=COLUMN),
}


def random_quant(rng: np.random.Generator) -> TensorQuant:
    return TensorQuant(scale=float(np.exp(rng.uniform(-7, -0.5))), zero_point=int(rng.integers(-128, 128)))


def model_of_pairs(op: Operator, seed: int) -> QuantizedModel:
    """A row of all values against a constant column of all values."""
    rng = np.random.default_rng(seed)
    source, constant = random_quant(rng), random_quant(rng)
    reached = source.scale * constant.scale * 130 if isinstance(op, Mul) else 1.5 * source.scale
    scale = max(reached, 0.0 if isinstance(op, Mul) else constant.scale) * float(np.exp(rng.normal(0, 0.3)))
    builder = GraphBuilder("pairs", (1, 256, 1))
    builder.append(op, INPUT, name="op")
    return QuantizedModel(
        name="pairs",
        graph=builder.build(),
        tensors={
            INPUT: source,
            "op/constant": constant,
            "op": TensorQuant(scale=scale, zero_point=int(rng.integers(-128, 128))),
        },
        weights={"op/constant": ALL.reshape(COLUMN)},
        weight_scales={},
        biases={},
        labels=tuple(str(index) for index in range(256 * 256)),
        preprocessing=None,
    )


def check(seeds: range) -> dict[str, int]:
    """Compare all pairs in both runtimes; in how many values these differ, by operator."""
    models = [(name, model_of_pairs(op, seed)) for name, op in OPERATORS.items() for seed in seeds]
    image = ALL.reshape(1, 1, 256, 1)
    jobs = [Job(content=tflite.to_bytes(model), images=image) for _, model in models]
    found = {runtime: run_jobs(runtime, jobs) for runtime in ("tflm", "litert")}  # type: ignore[arg-type]
    differing = dict.fromkeys(OPERATORS, 0)
    for number, (name, model) in enumerate(models):
        ours = golden.run(model, image, kernels=KERNELS)
        theirs = golden.run(model, image, kernels=LITERT_KERNELS)
        np.testing.assert_array_equal(found["tflm"][number].outputs, ours)
        np.testing.assert_array_equal(found["litert"][number].outputs, theirs)
        differing[name] += int((ours != theirs).sum())
    return differing


def test_every_pair_is_bit_for_bit() -> None:
    check(range(FEW))


@pytest.mark.slow
def test_millions_of_pairs_are_bit_for_bit_and_only_products_differ() -> None:
    differing = check(range(MANY))
    assert {name for name, count in differing.items() if count} == {"mul"}


@pytest.mark.parametrize("op", [Add(constant=COLUMN), Sub(constant=COLUMN), Mul(constant=COLUMN)])
def test_results_are_the_real_ones_within_rounding(op: Operator) -> None:
    real = {Add: np.add, Sub: np.subtract, Mul: np.multiply}[type(op)]
    for seed in range(6):
        model = model_of_pairs(op, seed)
        source, constant, output = (model.tensors[name] for name in (INPUT, "op/constant", "op"))
        row = source.scale * (ALL.astype(float) - source.zero_point)
        column = constant.scale * (ALL.astype(float) - constant.zero_point)
        expected = real(row[np.newaxis, :], column[:, np.newaxis]) / output.scale + output.zero_point
        found = golden.run(model, ALL.reshape(1, 1, 256, 1))[0, :, :, 0]
        assert np.abs(found - np.clip(expected, -128, 127)).max() <= 0.51 + 0.01 * isinstance(op, Mul)
