"""Sigmoid, tanh, hard swish, rescaling: every int8 value, many scales, beside runtimes and reals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from wakeling.export import tflite
from wakeling.graph import INPUT, GraphBuilder
from wakeling.ops import Activation, ElementType, Operator, Quantize
from wakeling.quantize import golden
from wakeling.quantize.fixed_hard_swish import hard_swish
from wakeling.quantize.fixed_sigmoid import sigmoid, tanh
from wakeling.quantize.kernels import KERNELS, KernelTable
from wakeling.quantize.litert_kernels import LITERT_KERNELS
from wakeling.quantize.model import QuantizedModel, TensorQuant
from wakeling.quantize.rules import SOFTMAX_OUTPUT, TANH_OUTPUT
from wakeling.verify.jobs import Job, Runtime
from wakeling.verify.process import run_jobs

ALL = np.arange(-128, 128).astype(np.int8)
BOTH = pytest.mark.parametrize(("runtime", "kernels"), [("tflm", KERNELS), ("litert", LITERT_KERNELS)])
COUNT = 100


def one_operator(op: Operator, quants: dict[str, TensorQuant], element: ElementType) -> QuantizedModel:
    builder = GraphBuilder("one", (16, 16, 1), element)
    builder.append(op, INPUT, name="op")
    return QuantizedModel(
        name="one",
        graph=builder.build(),
        tensors=quants,
        weights={},
        weight_scales={},
        biases={},
        labels=tuple(str(index) for index in range(256)),
        preprocessing=None,
    )


def agree(
    runtime: Runtime,
    kernels: KernelTable,
    models: list[QuantizedModel],
    values: npt.NDArray[np.generic] | None = None,
) -> None:
    """Compare all models in one child process, on `values` or on every value of their input's type."""
    images = [_every_value(model) if values is None else values.reshape(-1, 16, 16, 1) for model in models]
    jobs = [
        Job(content=tflite.to_bytes(model), images=image) for model, image in zip(models, images, strict=True)
    ]
    for model, image, outcome in zip(models, images, run_jobs(runtime, jobs), strict=True):
        found = golden.run(model, image, kernels=kernels)
        np.testing.assert_array_equal(outcome.outputs, found, err_msg=str(model.tensors))


def _every_value(model: QuantizedModel) -> npt.NDArray[np.generic]:
    first = 0 if model.graph.input_type == "uint8" else -128
    return np.arange(first, first + 256).astype(model.graph.input_type).reshape(1, 16, 16, 1)


def random_quant(rng: np.random.Generator, low: float, high: float, zero: int = 0) -> TensorQuant:
    scale = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    return TensorQuant(scale=scale, zero_point=int(rng.integers(-128, 128)) + zero)


@BOTH
def test_sigmoid_and_tanh_are_bit_for_bit(runtime, kernels) -> None:
    rng = np.random.default_rng(3)
    models = []
    for kind, output in (("sigmoid", SOFTMAX_OUTPUT), ("tanh", TANH_OUTPUT)):
        for low, high in ((1e-8, 1e-3), (1e-3, 1), (1, 200)):
            sources = [random_quant(rng, low, high) for _ in range(COUNT)]
            op = Activation(kind=kind)  # type: ignore[arg-type]
            models += [one_operator(op, {INPUT: quant, "op": output}, "int8") for quant in sources]
    agree(runtime, kernels, models)


def test_the_table_and_the_fixed_point_differ_only_at_huge_scales() -> None:
    for scale, differ in ((0.01, False), (0.5, False), (5.0, True), (50.0, True)):
        model = one_operator(
            Activation(kind="sigmoid"),
            {INPUT: TensorQuant(scale=scale, zero_point=3), "op": SOFTMAX_OUTPUT},
            "int8",
        )
        images = ALL.reshape(1, 16, 16, 1)
        ours, theirs = golden.run(model, images), golden.run(model, images, kernels=LITERT_KERNELS)
        assert (ours != theirs).any() == differ


@BOTH
def test_hard_swish_is_bit_for_bit(runtime, kernels) -> None:
    rng = np.random.default_rng(4)
    models = []
    for low, high in ((1e-4, 2.0), (1e-6, 20.0)):
        for _ in range(COUNT):
            source = random_quant(rng, low, high)
            output = random_quant(rng, source.scale / 120, source.scale * 500)
            models.append(one_operator(Activation(kind="hard_swish"), {INPUT: source, "op": output}, "int8"))
    agree(runtime, kernels, models)


@BOTH
def test_a_relu_that_rescales_is_bit_for_bit(runtime, kernels) -> None:
    rng = np.random.default_rng(5)
    pairs = [(random_quant(rng, 1e-3, 1), random_quant(rng, 1e-3, 1)) for _ in range(COUNT)]
    op = Activation(kind="relu")
    agree(runtime, kernels, [one_operator(op, {INPUT: one, "op": other}, "int8") for one, other in pairs])


@BOTH
def test_integers_are_requantized_bit_for_bit(runtime, kernels) -> None:
    rng = np.random.default_rng(6)
    zero: dict[ElementType, int] = {"int8": 0, "uint8": 128}
    pairs: tuple[tuple[ElementType, ElementType], ...] = (
        ("int8", "int8"),
        ("int8", "uint8"),
        ("uint8", "int8"),
    )
    models = []
    for source, to in pairs:
        for number in range(COUNT):
            quant = random_quant(rng, 1e-3, 1, zero[source])
            output = random_quant(rng, 1e-3, 1, zero[to])
            if number % 4 == 0:  # the same reals in another type
                shifted = quant.zero_point - zero[source] + zero[to]
                output = TensorQuant(scale=quant.scale, zero_point=shifted)
            models.append(one_operator(Quantize(to=to), {INPUT: quant, "op": output}, source))
    agree(runtime, kernels, models)


@BOTH
def test_reals_are_quantized_bit_for_bit(runtime, kernels) -> None:
    rng = np.random.default_rng(7)
    models = [one_operator(Quantize(), {"op": random_quant(rng, 1e-3, 1)}, "float32") for _ in range(COUNT)]
    models.append(one_operator(Quantize(), {"op": TensorQuant(scale=0.5, zero_point=3)}, "float32"))
    halves = np.arange(-512, 512) / 4 + 0.25
    values = np.concatenate([halves, rng.normal(0, 20, 4096)]).astype(np.float32)
    agree(runtime, kernels, models, values)


def apart(
    function: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
    found: npt.NDArray[np.int8],
    source: TensorQuant,
    output: TensorQuant,
) -> float:
    """The largest distance from the real function, in output steps; saturated ends clipped."""
    reals = source.scale * (ALL.astype(np.float64) - source.zero_point)
    steps = np.clip(function(reals) / output.scale + output.zero_point, -128, 127)
    return float(np.abs(found - steps).max())


@pytest.mark.parametrize("scale", [0.001, 0.02, 0.1, 0.7])
@pytest.mark.parametrize("zero_point", [-128, -3, 90])
def test_the_fixed_point_functions_are_near_the_real_ones(scale: float, zero_point: int) -> None:
    source = TensorQuant(scale=scale, zero_point=zero_point)
    assert apart(lambda x: 1 / (1 + np.exp(-x)), sigmoid(ALL, source), source, SOFTMAX_OUTPUT) <= 0.51
    assert apart(np.tanh, tanh(ALL, source), source, TANH_OUTPUT) <= 0.51
    for ratio in (0.5, 1.0, 2.0):
        output = TensorQuant(scale=scale * ratio, zero_point=-100)
        found = hard_swish(ALL, source, output)
        assert apart(lambda x: x * np.clip(x + 3, 0, 6) / 6, found, source, output) <= 1.1 / ratio + 0.5
