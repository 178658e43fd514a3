"""Accumulators next to a rounding boundary: where TFLM, LiteRT and golden could fall apart."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest

from wakeling.export import tflite
from wakeling.graph import INPUT, GraphBuilder
from wakeling.ops import Conv2D, Dense, DepthwiseConv2D, Operator, Reshape
from wakeling.quantize import golden
from wakeling.quantize.golden import KERNELS, KernelTable
from wakeling.quantize.litert_kernels import LITERT_KERNELS
from wakeling.quantize.model import Preprocessing, QuantizedModel, TensorQuant
from wakeling.verify.jobs import Job, Runtime
from wakeling.verify.process import run_jobs

CHANNELS = 4000
TRIALS = 12


def near_halves(rng: np.random.Generator, factor: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    """Accumulators whose rescaled value lies as near to a half as an integer can."""
    halves = rng.integers(-120, 120, CHANNELS) + 0.5
    exact = halves / factor + rng.integers(-1, 2, CHANNELS) * 0.5
    return np.clip(np.round(exact), -(2**30), 2**30).astype(np.int32)


def model_of_biases(kind: type[Operator], seed: int) -> QuantizedModel:
    """Zero weights, so that each channel's accumulator is its bias."""
    rng = np.random.default_rng(seed)
    channels = CHANNELS
    input_channels = channels if kind is DepthwiseConv2D else 1
    builder = GraphBuilder("biases", (1, 1, input_channels))
    tensor = INPUT
    if kind is Dense:
        tensor = builder.append(Reshape(shape=(1,)), tensor, name="flat")
        builder.append(Dense(units=channels), tensor, name="op")
    else:
        op: Operator = (
            DepthwiseConv2D(kernel=(1, 1), use_bias=True)
            if kind is DepthwiseConv2D
            else Conv2D(filters=channels, kernel=(1, 1), use_bias=True)
        )
        builder.append(op, tensor, name="op")
    source = TensorQuant(scale=float(rng.uniform(0.001, 0.1)), zero_point=0)
    scales = np.exp(rng.uniform(-8, -4, 1 if kind is Dense else channels)).astype(np.float32)
    factor = 2.0 ** rng.uniform(-24, -10)
    output = TensorQuant(scale=source.scale * float(np.median(scales)) / factor, zero_point=0)
    factors = np.broadcast_to(source.scale * scales.astype(np.float64) / output.scale, (channels,))
    shape = {Dense: (channels, 1), Conv2D: (channels, 1, 1, 1)}.get(kind, (1, 1, 1, channels))
    return QuantizedModel(
        name="biases",
        graph=builder.build(),
        tensors={INPUT: source, "flat": source, "op": output},
        weights={"op/weight": np.zeros(shape, np.int8)},
        weight_scales={"op": scales},
        biases={"op/bias": near_halves(rng, factors)},
        labels=tuple(str(index) for index in range(channels)),
        preprocessing=Preprocessing(resolution=1, channels=1),
    )


@pytest.mark.parametrize("kind", [Conv2D, DepthwiseConv2D, Dense])
@pytest.mark.parametrize(("runtime", "kernels"), [("tflm", KERNELS), ("litert", LITERT_KERNELS)])
def test_values_beside_a_half_round_the_same(
    kind: type[Operator], runtime: Runtime, kernels: KernelTable
) -> None:
    models = [model_of_biases(kind, seed) for seed in range(TRIALS)]
    image = np.zeros((1, *models[0].graph.input_shape), np.int8)
    jobs = [Job(content=tflite.to_bytes(model), images=image) for model in models]
    for model, outcome in zip(models, run_jobs(runtime, jobs), strict=True):
        np.testing.assert_array_equal(
            outcome.outputs.reshape(1, -1),
            golden.run(model, image, kernels=kernels).reshape(1, -1),
        )


def test_the_named_difference_is_real_and_at_most_one() -> None:
    differing = 0
    for seed in range(TRIALS):
        model = model_of_biases(Dense, seed)
        image = np.zeros((1, 1, 1, 1), np.int8)
        gap = golden.run(model, image).astype(int) - golden.run(model, image, kernels=LITERT_KERNELS)
        assert np.abs(gap).max() <= 1
        differing += int((gap != 0).sum())
    assert differing > 1000


@pytest.mark.parametrize("bits", [1, 2, 5])
def test_exact_halves_are_rounded_as_each_runtime_does(bits: int) -> None:
    base = model_of_biases(Dense, 0)
    source, weight_scale = TensorQuant(scale=2.0**-4, zero_point=0), 2.0**-8
    output = TensorQuant(scale=source.scale * weight_scale * 2**bits, zero_point=0)
    biases = np.arange(-CHANNELS // 2, CHANNELS // 2, dtype=np.int32)
    model = dataclasses.replace(
        base,
        tensors={INPUT: source, "flat": source, "op": output},
        weight_scales={"op": np.array([weight_scale], np.float32)},
        biases={"op/bias": biases},
    )
    image = np.zeros((1, 1, 1, 1), np.int8)
    job = Job(content=tflite.to_bytes(model), images=image)
    once = round_away(biases / 2**bits)
    np.testing.assert_array_equal(run_jobs("litert", [job])[0].outputs[0], once)
    np.testing.assert_array_equal(golden.run(model, image, kernels=LITERT_KERNELS)[0], once)
    # The multiplier of a power of two is a half: first halves go up, then away from zero.
    twice = round_away(np.floor(biases / 2 + 0.5) / 2 ** (bits - 1))
    np.testing.assert_array_equal(run_jobs("tflm", [job])[0].outputs[0], twice)
    np.testing.assert_array_equal(golden.run(model, image)[0], twice)
    assert (once != twice).any()


def round_away(real: npt.NDArray[np.float64]) -> npt.NDArray[np.int8]:
    rounded = np.copysign(np.floor(np.abs(real) + 0.5), real)
    return np.clip(rounded, -128, 127).astype(np.int8)
