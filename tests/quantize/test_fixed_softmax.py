"""The fixed-point softmax: every pair of logits as TFLM and LiteRT compute it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from wakeling.export import tflite
from wakeling.graph import INPUT, GraphBuilder
from wakeling.ops import Reshape, Softmax
from wakeling.quantize.fixed_softmax import softmax
from wakeling.quantize.model import Preprocessing, QuantizedModel, TensorQuant
from wakeling.quantize.rules import SOFTMAX_OUTPUT
from wakeling.verify.jobs import Job, Runtime
from wakeling.verify.process import run_jobs

SCALES = (1e-4, 1 / 128, 0.0146, 0.1, 0.5, 1.3, 8.0, 31.0)


def all_pairs() -> npt.NDArray[np.int8]:
    values = np.arange(-128, 128)
    return np.stack(np.meshgrid(values, values, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.int8)


def softmax_model(scale: float, classes: int) -> QuantizedModel:
    builder = GraphBuilder("softmax", (1, 1, classes))
    logits = builder.append(Reshape(shape=(classes,)), INPUT)
    output = builder.append(Softmax(), logits)
    quant = TensorQuant(scale=scale, zero_point=3)
    return QuantizedModel(
        name="softmax",
        graph=builder.build(),
        tensors={INPUT: quant, logits: quant, output: SOFTMAX_OUTPUT},
        weights={},
        weight_scales={},
        biases={},
        labels=tuple(str(index) for index in range(classes)),
        preprocessing=Preprocessing(resolution=1, channels=1),
    )


def outputs(
    runtime: Runtime, logits: npt.NDArray[np.int8], scales: tuple[float, ...]
) -> list[npt.NDArray[np.int8]]:
    images = logits[:, np.newaxis, np.newaxis, :]
    jobs = [
        Job(content=tflite.to_bytes(softmax_model(scale, logits.shape[1])), images=images) for scale in scales
    ]
    return [outcome.outputs for outcome in run_jobs(runtime, jobs)]


@pytest.mark.parametrize("runtime", ["tflm", "litert"])
def test_every_pair_of_logits_is_bit_for_bit(runtime: Runtime) -> None:
    pairs = all_pairs()
    for scale, found in zip(SCALES, outputs(runtime, pairs, SCALES), strict=True):
        np.testing.assert_array_equal(found, softmax(pairs, scale), err_msg=f"scale {scale}")


@pytest.mark.parametrize("runtime", ["tflm", "litert"])
@pytest.mark.parametrize("classes", [1, 3, 10, 100, 1000])
def test_many_classes_are_bit_for_bit(runtime: Runtime, classes: int) -> None:
    rng = np.random.default_rng(classes)
    logits = rng.integers(-128, 128, (200, classes)).astype(np.int8)
    for scale, found in zip((0.02, 0.3), outputs(runtime, logits, (0.02, 0.3)), strict=True):
        np.testing.assert_array_equal(found, softmax(logits, scale), err_msg=f"scale {scale}")


@pytest.mark.parametrize("scale", SCALES)
def test_it_is_a_softmax(scale: float) -> None:
    pairs = all_pairs()
    real = np.exp(scale * (pairs.astype(np.float64) - pairs.max(axis=1, keepdims=True)))
    real /= real.sum(axis=1, keepdims=True)
    found = (softmax(pairs, scale).astype(np.float64) + 128) / 256
    assert np.abs(found - real).max() <= 1 / 256


def test_only_differences_matter() -> None:
    logits = np.random.default_rng(0).integers(-60, 60, (500, 4)).astype(np.int8)
    np.testing.assert_array_equal(softmax(logits, 0.1), softmax((logits + 7).astype(np.int8), 0.1))
