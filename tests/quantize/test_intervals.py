"""Interval analysis against every input of tiny networks, and many inputs of random ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.quantize.dead_channels import dying_model, every_input, trials
from wakeling.graph import INPUT, GraphBuilder, Node, weight_key
from wakeling.ops import (
    OPERATORS,
    Activation,
    Add,
    AveragePool2D,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dequantize,
    MaxPool2D,
    Mean,
    Mul,
    Operator,
    Pad,
    PointwiseKind,
    Quantize,
    Reshape,
    Shape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
)
from wakeling.quantize import golden
from wakeling.quantize.intervals import RULES, Intervals, intervals
from wakeling.quantize.kernels import sums as sum_kernels
from wakeling.quantize.kernels.kernel import Values
from wakeling.quantize.model import Int8Array, QuantizedModel, TensorQuant
from wakeling.testing.random_models import quantize_randomly, random_model

QUICK_SEEDS = range(40)
WEIGHTED = (Conv2D, DepthwiseConv2D, Dense)


def run_with_sums(
    model: QuantizedModel, inputs: Values, monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, Values], dict[str, npt.NDArray[np.int64]]]:
    """Every tensor, and the golden kernels' own accumulators with their biases, before they wrap."""
    found: dict[str, list[npt.NDArray[np.int64]]] = {}
    requantized = sum_kernels.requantized

    def record(model: QuantizedModel, node: Node, sums: npt.NDArray[Any]) -> Int8Array:
        bias = model.biases.get(weight_key(node, "bias"), np.zeros(1, np.int32))
        found.setdefault(node.name, []).append(sums.astype(np.int64) + bias)
        return requantized(model, node, sums)

    monkeypatch.setattr(sum_kernels, "requantized", record)
    tensors = golden.run_all(model, inputs)
    monkeypatch.undo()
    return tensors, {name: np.concatenate(parts) for name, parts in found.items()}


def hull(values: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The least and greatest of each channel."""
    flat = values.reshape(-1, values.shape[-1]).astype(np.int64)
    return flat.min(axis=0), flat.max(axis=0)


def check_soundness(model: QuantizedModel, inputs: Values, monkeypatch: pytest.MonkeyPatch) -> Intervals:
    bounds = intervals(model)
    tensors, accumulators = run_with_sums(model, inputs, monkeypatch)
    assert set(bounds.low) == set(tensors) & set(model.tensors)
    for name in bounds.low:
        low, high = hull(tensors[name])
        assert (bounds.low[name] <= low).all(), name
        assert (high <= bounds.high[name]).all(), name
    assert set(bounds.sums) == set(accumulators)
    for name, summed in accumulators.items():
        low, high = hull(summed)
        found = bounds.sums[name]
        assert (found.low <= low).all(), name
        assert (high <= found.high).all(), name
        assert (np.maximum(np.abs(low), np.abs(high)) <= found.partial).all(), name
        assert (np.maximum(np.abs(low), np.abs(high)) <= found.raw_partial).all(), name
    return bounds


@pytest.mark.parametrize("seed", QUICK_SEEDS)
def test_no_value_and_no_sum_leaves_its_interval(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model = dying_model(seed)
    check_soundness(model, trials(model, seed), monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(40, 1240, 100))
def test_no_value_and_no_sum_leaves_its_interval_in_many_models(
    start: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(start, start + 100):
        model = dying_model(seed)
        check_soundness(model, trials(model, seed), monkeypatch)


def test_every_operator_of_a_fused_graph_has_a_rule() -> None:
    assert set(RULES) | set(WEIGHTED) == set(OPERATORS.values()) - {BatchNorm, Dequantize}


def one_operator(op: Operator, shape: Shape, seed: int, *others: Operator) -> QuantizedModel:
    builder = GraphBuilder("one", shape)
    builder.append(op, INPUT, name="op")
    for index, other in enumerate(others):
        builder.append(other, builder.build().output, name=f"other_{index}")
    return quantize_randomly(builder.build(), seed)


TWO_VALUES: Mapping[str, tuple[Operator, Shape]] = {
    "pointwise": (Conv2D(filters=3, kernel=(1, 1), use_bias=True), (1, 1, 2)),
    "pointwise relu6": (Conv2D(filters=3, kernel=(1, 1), use_bias=True, activation="relu6"), (1, 1, 2)),
    "no bias": (Conv2D(filters=3, kernel=(1, 1)), (1, 1, 2)),
    "groups": (Conv2D(filters=4, kernel=(1, 1), groups=2, use_bias=True), (1, 1, 2)),
    "padded": (Conv2D(filters=3, kernel=(3, 3), use_bias=True), (1, 2, 1)),
    "strided": (Conv2D(filters=3, kernel=(2, 2), stride=(2, 2)), (2, 1, 1)),
    "dilated": (Conv2D(filters=3, kernel=(1, 2), dilation=(1, 2)), (1, 2, 1)),
    "depthwise": (DepthwiseConv2D(kernel=(3, 3), multiplier=2, use_bias=True), (1, 2, 1)),
    "depthwise channels": (DepthwiseConv2D(kernel=(1, 1), use_bias=True, activation="relu"), (1, 1, 2)),
    "dense": (Dense(units=4), (2,)),
    "add": (Add(constant=(2,)), (1, 1, 2)),
    "add rows": (Add(constant=(3, 1, 1), activation="relu"), (1, 1, 2)),
    "sub": (Sub(constant=(2,)), (1, 1, 2)),
    "sub from": (Sub(constant=(2,), constant_first=True, activation="relu6"), (1, 1, 2)),
    "mul": (Mul(constant=(4, 2)), (1, 1, 2)),
    "mul one": (Mul(constant=()), (1, 2, 1)),
    "average": (AveragePool2D(pool=(2, 2), padding="same"), (2, 1, 1)),
    "max": (MaxPool2D(pool=(1, 2)), (1, 2, 1)),
    "mean": (Mean(axes=(0, 1)), (1, 2, 1)),
    "mean channels": (Mean(axes=(2,)), (1, 1, 2)),
    "pad": (Pad(rows=(1, 0), columns=(0, 2), channels=(1, 1)), (1, 1, 2)),
    "reshape": (Reshape(shape=(2,)), (1, 2, 1)),
    "transpose": (Transpose(order=(2, 0, 1)), (1, 1, 2)),
    "slice": (StridedSlice(begin=(0, 0, 1), end=(1, 1, 2), strides=(1, 1, 1)), (1, 1, 2)),
    "quantize": (Quantize(), (1, 1, 2)),
    "quantize to uint8": (Quantize(to="uint8"), (1, 1, 2)),
}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", TWO_VALUES)
def test_one_operators_intervals_are_reached_at_both_ends(
    name: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = one_operator(*TWO_VALUES[name], seed)
    inputs = every_input(model)
    bounds = check_soundness(model, inputs, monkeypatch)
    tensors, accumulators = run_with_sums(model, inputs, monkeypatch)
    low, high = hull(tensors["op"])
    np.testing.assert_array_equal(bounds.low["op"], low)
    np.testing.assert_array_equal(bounds.high["op"], high)
    for node, summed in accumulators.items():
        low, high = hull(summed)
        np.testing.assert_array_equal(bounds.sums[node].low, low)
        np.testing.assert_array_equal(bounds.sums[node].high, high)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("op", [Add(), Sub(), Mul()])
def test_a_tensor_that_meets_itself_is_not_taken_for_two(
    op: Operator, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = GraphBuilder("itself", (1, 1, 2))
    builder.append(op, INPUT, INPUT, name="op")
    model = quantize_randomly(builder.build(), seed)
    bounds = check_soundness(model, every_input(model), monkeypatch)
    low, high = hull(golden.run_all(model, every_input(model))["op"])
    np.testing.assert_array_equal(bounds.low["op"], low)
    np.testing.assert_array_equal(bounds.high["op"], high)


@pytest.mark.parametrize("kind", ["linear", "relu", "relu6", "hard_swish", "sigmoid", "tanh"])
def test_an_activations_interval_is_that_of_all_values_between_the_ends(kind: PointwiseKind) -> None:
    squeeze = Conv2D(filters=5, kernel=(1, 1), use_bias=True)
    model = one_operator(squeeze, (1, 1, 1), 3, Activation(kind=kind))
    bounds = intervals(model)
    everything = np.arange(-128, 128).astype(np.int8)
    table = golden.KERNELS[Activation](model, model.graph.by_name["other_0"], (everything,))
    for channel in range(5):
        inside = table[bounds.low["op"][channel] + 128 : bounds.high["op"][channel] + 129]
        assert bounds.low["other_0"][channel] == inside.min()
        assert bounds.high["other_0"][channel] == inside.max()


@pytest.mark.parametrize("seed", range(6))
def test_two_layers_hold_for_every_input(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    builder = GraphBuilder("two", (1, 2, 1))
    first = builder.append(Conv2D(filters=4, kernel=(3, 3), activation="relu", use_bias=True), INPUT)
    second = builder.append(DepthwiseConv2D(kernel=(1, 2)), first)
    joined = builder.append(Concat(), first, second)
    gate = builder.append(Mul(), joined, joined)
    flat = builder.append(Reshape(shape=(16,)), gate)
    builder.append(Softmax(), builder.append(Dense(units=2), flat))
    model = quantize_randomly(builder.build(), seed)
    check_soundness(model, every_input(model), monkeypatch)


def test_padding_narrows_the_border_and_not_the_middle() -> None:
    """Nine weights of one and no bias: sums of 9 products in the middle, of 6 or 4 on the border."""
    builder = GraphBuilder("border", (6, 6, 1))
    builder.append(Conv2D(filters=1, kernel=(3, 3)), INPUT, name="op")
    builder.append(Reshape(shape=(36,)), "op", name="flat")
    model = quantize_randomly(builder.build(), 0)
    whole, eighths = TensorQuant(scale=1.0, zero_point=0), TensorQuant(scale=8.0, zero_point=0)
    model = dataclasses.replace(
        model,
        tensors={INPUT: whole, "op": eighths, "flat": eighths},
        weights={"op/weight": np.ones((1, 3, 3, 1), np.int8)},
        weight_scales={"op": np.ones(1, np.float32)},
    )
    bounds = intervals(model)
    assert bounds.sums["op"].low.tolist() == [-9 * 128]
    assert bounds.sums["op"].high.tolist() == [9 * 127]
    assert bounds.sums["op"].partial.tolist() == [9 * 128]
    image = bounds.high["flat"].reshape(6, 6)
    assert image[0, 0] == 64  # 508 / 8 = 63.5
    assert image[0, 2] == 95  # 762 / 8 = 95.25
    assert image[2, 2] == 127  # 1143 / 8, clamped


def test_partial_sums_hold_for_every_part_of_the_products() -> None:
    """Both ways of summing: zero points taken off first, and folded into the bias."""
    model = one_operator(Conv2D(filters=3, kernel=(1, 1), use_bias=True), (1, 1, 5), 11)
    model = dataclasses.replace(
        model, tensors={**model.tensors, INPUT: TensorQuant(scale=0.1, zero_point=-90)}
    )
    found = intervals(model).sums["op"]
    weight = model.weights["op/weight"][:, 0, 0].astype(np.int64)
    bias, zero_point = model.biases["op/bias"].astype(np.int64), -90
    rng = np.random.default_rng(0)
    reached, raw_reached = np.zeros(3, np.int64), np.zeros(3, np.int64)
    ends = np.array([-128, 127])
    for _ in range(2000):
        values, part = rng.choice(ends, 5), rng.integers(0, 2, 5)
        reached = np.maximum(reached, np.abs(weight @ ((values - zero_point) * part) + bias))
        folded = bias - zero_point * weight.sum(axis=1)
        raw_reached = np.maximum(raw_reached, np.abs(weight @ (values * part) + folded))
    assert (reached <= found.partial).all()
    assert (raw_reached <= found.raw_partial).all()
    assert (found.partial < 2 * reached).all()
    assert (found.raw_partial < 2 * raw_reached).all()


def test_a_sum_that_may_wrap_gives_all_that_the_activation_lets_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = one_operator(Conv2D(filters=2, kernel=(1, 1), use_bias=True, activation="relu6"), (1, 1, 2), 5)
    biases = np.array([2**31 - 100, 0], np.int32)
    model = dataclasses.replace(
        model,
        weights={"op/weight": np.full((2, 1, 1, 2), 3, np.int8)},
        biases={"op/bias": biases},
        tensors={
            INPUT: TensorQuant(scale=0.01, zero_point=0),
            "op": TensorQuant(scale=0.05, zero_point=-128),
        },
    )
    bounds = check_soundness(model, every_input(model), monkeypatch)
    assert bounds.sums["op"].may_wrap.tolist() == [True, False]
    assert bounds.low["op"][0] == -128
    assert bounds.high["op"][0] == -8
    tensors, _ = run_with_sums(model, every_input(model), monkeypatch)
    assert set(np.unique(tensors["op"][..., 0])) >= {-128, -8}


def test_a_left_shift_that_may_wrap_gives_all_that_the_activation_lets_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = one_operator(Conv2D(filters=1, kernel=(1, 1), use_bias=True), (1, 1, 2), 5)
    model = dataclasses.replace(model, weight_scales={"op": np.array([2.0**28], np.float32)})
    bounds = check_soundness(model, every_input(model), monkeypatch)
    assert not bounds.sums["op"].may_wrap.any()
    assert bounds.low["op"].tolist() == [-128]
    assert bounds.high["op"].tolist() == [127]


@pytest.mark.parametrize("op", [Mul(constant=(2,)), Quantize(), Mean(axes=(0, 1))])
def test_factors_that_shift_out_of_32_bits_are_not_trusted(
    op: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = one_operator(op, (1, 1, 2), 5)
    huge, tiny = TensorQuant(scale=2.0**20, zero_point=3), TensorQuant(scale=2.0**-8, zero_point=0)
    model = dataclasses.replace(model, tensors={**model.tensors, INPUT: huge, "op": tiny})
    bounds = check_soundness(model, every_input(model), monkeypatch)
    assert bounds.low["op"].tolist() == [-128, -128]
    assert bounds.high["op"].tolist() == [127, 127]


def test_real_numbers_have_no_interval_and_quantizing_them_gives_any_integer() -> None:
    builder = GraphBuilder("real", (2, 2, 3), "float32")
    builder.append(Quantize(), INPUT, name="in")
    builder.append(Conv2D(filters=2, kernel=(1, 1)), "in", name="op")
    builder.append(Dequantize(), "op", name="out")
    bounds = intervals(quantize_randomly(builder.build(), 0))
    assert set(bounds.low) == set(bounds.high) == {"in", "op"}
    assert bounds.low["in"].tolist() == [-128] * 3
    assert bounds.high["in"].tolist() == [127] * 3
    assert not bounds.constant("out", 2).any()


def test_a_raw_uint8_input_goes_from_0_to_255() -> None:
    models = [random_model(seed) for seed in range(60)]
    model = next(model for model in models if model.graph.input_type == "uint8")
    bounds = intervals(model)
    assert set(bounds.low[INPUT]) == {0}
    assert set(bounds.high[INPUT]) == {255}
