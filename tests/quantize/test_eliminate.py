"""Exact elimination and taming: bit for bit on random models, in full on tiny ones, figures on peers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.quantize.dead_channels import dying_model, every_input, trials
from wakeling.graph import INPUT, Graph, GraphBuilder, weight_key
from wakeling.importers import read_tflite
from wakeling.ops import (
    Activation,
    Add,
    AveragePool2D,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dequantize,
    MaxPool2D,
    Mean,
    Mul,
    Pad,
    Quantize,
    Reshape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
)
from wakeling.quantize import golden
from wakeling.quantize.channel_ties import TIES
from wakeling.quantize.eliminate import Elimination, eliminate, model_size, tame
from wakeling.quantize.intervals import intervals
from wakeling.quantize.kernels.kernel import factors_of
from wakeling.quantize.model import QuantizedModel, TensorQuant
from wakeling.testing.random_models import quantize_randomly

PEERS = Path(__file__).parents[2].parent / "shared" / "peers"
QUICK_SEEDS = range(40)
WEIGHTED = (Conv2D, DepthwiseConv2D, Dense)


def check_contract(model: QuantizedModel, inputs: npt.NDArray[Any]) -> Elimination:
    """Every tensor of the small model holds the kept channels of the original's, and the output all."""
    found = eliminate(model)
    original, small = golden.run_all(model, inputs), golden.run_all(found.model, inputs)
    assert list(found.kept) == list(original) == list(small)
    for name, values in original.items():
        np.testing.assert_array_equal(small[name], values[..., list(found.kept[name])], err_msg=name)
    for whole in (INPUT, model.graph.output):
        assert found.kept[whole] == tuple(range(model.graph.shapes[whole][-1]))
    for node in model.graph.nodes:
        assert found.node_channels[node.name] == (node.shape[-1], len(found.kept[node.name]))
    assert [node.inputs for node in found.model.graph.nodes] == [node.inputs for node in model.graph.nodes]
    assert (found.before, found.after) == (model_size(model), model_size(found.model))
    return found


def check_tame(model: QuantizedModel, inputs: npt.NDArray[Any]) -> QuantizedModel:
    """The same graph, and every tensor as it was."""
    tamed = tame(model, intervals(model))
    assert tamed.graph == model.graph
    original, found = golden.run_all(model, inputs), golden.run_all(tamed, inputs)
    for name, values in original.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)
    return tamed


@pytest.mark.parametrize("seed", QUICK_SEEDS)
def test_random_models_shrink_and_are_tamed_bit_for_bit(seed: int) -> None:
    model = dying_model(seed)
    inputs = trials(model, seed)
    check_contract(model, inputs)
    check_contract(check_tame(model, inputs), inputs)


def test_the_random_models_lose_channels_at_every_kind_of_operator() -> None:
    """Else the test above would prove little; a softmax and a dequantize are never cut."""
    cut = set()
    for seed in range(150):
        model = dying_model(seed)
        found = eliminate(model)
        cut |= {type(node.op) for node in model.graph.nodes if len(found.kept[node.name]) < node.shape[-1]}
    assert cut == set(TIES) - {Softmax, Dequantize}


@pytest.mark.slow
@pytest.mark.parametrize("start", range(40, 1240, 100))
def test_many_random_models_shrink_and_are_tamed_bit_for_bit(start: int) -> None:
    for seed in range(start, start + 100):
        model = dying_model(seed)
        inputs = trials(model, seed)
        check_contract(model, inputs)
        check_contract(check_tame(model, inputs), inputs)


def test_every_operator_of_a_fused_graph_has_ties() -> None:
    assert set(TIES) == set(golden.KERNELS)


def with_parts(model: QuantizedModel, **parts: Mapping[str, Any]) -> QuantizedModel:
    """A model with some entries of its tables replaced."""
    merged: dict[str, Any] = {name: {**getattr(model, name), **part} for name, part in parts.items()}
    return dataclasses.replace(model, **merged)


def killed(model: QuantizedModel, node: str, channels: list[int], bias: int = -(2**30)) -> QuantizedModel:
    """A model whose node makes its least value in these channels, whatever it is given."""
    biases = model.biases[weight_key(node, "bias")].copy()
    biases[channels] = bias
    scales = np.full(model.weight_scales[node].shape, 0.01, np.float32)
    return with_parts(model, biases={weight_key(node, "bias"): biases}, weight_scales={node: scales})


def alive(model: QuantizedModel) -> QuantizedModel:
    """A model of positive weights without biases, with mild scales: nothing in it is dead by chance."""
    weights = {
        key: np.full_like(array, 100)
        if key.endswith("/constant")
        else np.clip(np.abs(array), 40, 127).astype(np.int8)
        for key, array in model.weights.items()
    }
    scales = {node: np.full_like(array, 0.05) for node, array in model.weight_scales.items()}
    biases = {key: np.zeros_like(array) for key, array in model.biases.items()}
    return with_parts(model, weights=weights, weight_scales=scales, biases=biases)


def reached(builder: GraphBuilder, seed: int = 0, *, zero_point: int = -128) -> QuantizedModel:
    """The builder's graph, alive, every tensor with scale 0.05 and this zero point but where one is fixed."""
    model = alive(quantize_randomly(builder.build(), seed))
    quant = TensorQuant(scale=0.05, zero_point=zero_point)
    fixed = {node.name for node in model.graph.nodes if isinstance(node.op, Softmax)} | {INPUT}
    tensors = {name: old if name in fixed else quant for name, old in model.tensors.items()}
    return dataclasses.replace(model, tensors=tensors)


def pointwise(builder: GraphBuilder, tensor: str, filters: int, name: str, **changes: Any) -> str:
    options: dict[str, Any] = {"kernel": (1, 1), "use_bias": True, "activation": "relu", **changes}
    return builder.append(Conv2D(filters=filters, **options), tensor, name=name)


Middle = Callable[[GraphBuilder, str], str]


def _joined(builder: GraphBuilder, tensor: str) -> str:
    return builder.append(Add(), tensor, builder.append(MaxPool2D(pool=(1, 1)), tensor), name="middle")


def _gated(builder: GraphBuilder, tensor: str) -> str:
    gate = builder.append(Mean(axes=(0, 1), keep_dims=True), tensor, name="gate")
    return builder.append(Mul(), tensor, gate, name="middle")


TIED: Mapping[str, Middle] = {
    "nothing": lambda b, t: t,
    "depthwise": lambda b, t: b.append(DepthwiseConv2D(kernel=(3, 3), use_bias=True), t, name="middle"),
    "max": lambda b, t: b.append(MaxPool2D(pool=(2, 2)), t, name="middle"),
    "average": lambda b, t: b.append(AveragePool2D(pool=(2, 2), padding="same"), t, name="middle"),
    "pad": lambda b, t: b.append(Pad(rows=(1, 1), columns=(0, 1)), t, name="middle"),
    "activation": lambda b, t: b.append(Activation(kind="hard_swish"), t, name="middle"),
    "quantize": lambda b, t: b.append(Quantize(), t, name="middle"),
    "sum": _joined,
    "gate": _gated,
    "add constant": lambda b, t: b.append(Add(constant=(6,)), t, name="middle"),
    "sub from": lambda b, t: b.append(Sub(constant=(1, 1, 6), constant_first=True), t, name="middle"),
    "mul one": lambda b, t: b.append(Mul(constant=()), t, name="middle"),
    "rows": lambda b, t: b.append(Concat(axis=0), t, t, name="middle"),
    "slice": lambda b, t: b.append(
        StridedSlice(begin=(1, 0, 0), end=(4, 4, 6), strides=(2, 1, 1)), t, name="middle"
    ),
    "reshape": lambda b, t: b.append(Reshape(shape=(2, 8, 6)), t, name="middle"),
    "turn": lambda b, t: b.append(Transpose(order=(1, 0, 2)), t, name="middle"),
}
"""Operators between a filter and its reader that keep channels apart; 6 channels on 4 × 4."""


@pytest.mark.parametrize("name", TIED)
def test_dead_channels_go_through_operators_that_keep_channels_apart(name: str) -> None:
    builder = GraphBuilder(name, (4, 4, 2))
    middle = TIED[name](builder, pointwise(builder, INPUT, 6, "first"))
    pointwise(builder, middle, 3, "last")
    model = killed(reached(builder), "first", [0, 3, 5])
    found = check_contract(model, trials(model, 1))
    assert found.kept["first"] == found.kept[middle] == (1, 2, 4)


def test_channels_that_a_depthwise_multiplies_go_with_their_input() -> None:
    builder = GraphBuilder("multiplied", (4, 4, 2))
    first = pointwise(builder, INPUT, 3, "first")
    middle = builder.append(DepthwiseConv2D(kernel=(3, 3), use_bias=True, multiplier=2), first, name="middle")
    pointwise(builder, middle, 2, "last")
    model = killed(reached(builder), "first", [1])
    found = check_contract(model, trials(model, 1))
    assert found.kept["first"] == (0, 2)
    assert found.kept["middle"] == (0, 1, 4, 5)


def test_one_live_filter_of_a_multiplied_channel_keeps_them_all() -> None:
    builder = GraphBuilder("multiplied", (4, 4, 2))
    first = pointwise(builder, INPUT, 3, "first")
    op = DepthwiseConv2D(kernel=(3, 3), use_bias=True, multiplier=2, activation="relu")
    middle = builder.append(op, first, name="middle")
    pointwise(builder, middle, 2, "last")
    model = killed(reached(builder), "middle", [2, 4, 5])
    found = check_contract(model, trials(model, 1))
    assert found.kept["first"] == (0, 1)
    assert found.kept["middle"] == (0, 1, 2, 3)


@pytest.mark.parametrize("source", [INPUT, "first"])
def test_a_single_channel_may_have_any_number_of_depthwise_filters(source: str) -> None:
    builder = GraphBuilder("single", (4, 4, 1))
    pointwise(builder, INPUT, 1, "first")
    op = DepthwiseConv2D(kernel=(3, 3), use_bias=True, multiplier=4, activation="relu")
    middle = builder.append(op, source, name="middle")
    pointwise(builder, middle, 2, "last")
    model = killed(reached(builder), "middle", [0, 2])
    found = check_contract(model, trials(model, 1))
    assert found.kept["middle"] == (1, 3)
    assert found.model.graph.by_name["middle"].op == dataclasses.replace(op, multiplier=2)


def test_joined_channels_are_counted_on() -> None:
    builder = GraphBuilder("joined", (4, 4, 2))
    left, right = pointwise(builder, INPUT, 3, "left"), pointwise(builder, INPUT, 4, "right")
    pointwise(builder, builder.append(Concat(), left, right, left, name="middle"), 2, "last")
    model = killed(killed(reached(builder), "left", [1]), "right", [0, 2])
    found = check_contract(model, trials(model, 1))
    assert found.kept["middle"] == (0, 2, 4, 6, 7, 9)


def test_a_run_of_channels_is_still_one_when_some_go() -> None:
    builder = GraphBuilder("split", (4, 4, 2))
    first = pointwise(builder, INPUT, 8, "first")
    parts = [
        builder.append(StridedSlice(begin=(0, 0, a), end=(4, 4, b), strides=(1, 1, 1)), first, name=name)
        for a, b, name in ((0, 3, "left"), (3, 8, "right"))
    ]
    for part in parts:
        pointwise(builder, part, 2, f"{part}_reader")
    pointwise(builder, builder.append(Concat(), "left_reader", "right_reader"), 2, "last")
    model = killed(reached(builder), "first", [1, 3, 6])
    found = check_contract(model, trials(model, 1))
    assert found.kept["left"] == (0, 2)
    assert found.kept["right"] == (1, 2, 4)
    assert found.model.graph.by_name["right"].op == StridedSlice(
        begin=(0, 0, 2), end=(4, 4, 5), strides=(1, 1, 1)
    )


def test_channels_that_a_pad_adds_are_dropped_where_nobody_needs_them() -> None:
    builder = GraphBuilder("padded", (4, 4, 2))
    first = pointwise(builder, INPUT, 3, "first")
    padded = builder.append(Pad(rows=(0, 0), columns=(0, 0), channels=(1, 2)), first, name="middle")
    pointwise(builder, padded, 2, "last")
    model = killed(reached(builder), "first", [1])
    found = check_contract(model, trials(model, 1))
    assert found.kept["middle"] == (1, 3)
    assert found.model.graph.by_name["middle"].op == Pad(rows=(0, 0), columns=(0, 0))


def test_each_pixel_of_a_flattened_channel_goes_with_it() -> None:
    builder = GraphBuilder("flat", (2, 2, 2))
    first = pointwise(builder, INPUT, 3, "first")
    flat = builder.append(Reshape(shape=(12,)), first, name="flat")
    builder.append(Softmax(), builder.append(Dense(units=2), flat, name="logits"))
    model = killed(reached(builder), "first", [1])
    found = check_contract(model, trials(model, 1))
    assert found.kept["flat"] == (0, 2, 3, 5, 6, 8, 9, 11)
    assert found.model.graph.shapes["flat"] == (8,)


BARRIERS: Mapping[str, Middle] = {
    "softmax": lambda b, t: b.append(Softmax(), t, name="middle"),
    "groups": lambda b, t: b.append(
        Conv2D(filters=6, kernel=(1, 1), groups=2, use_bias=True), t, name="middle"
    ),
    "mean of channels": lambda b, t: b.append(
        Add(), t, b.append(Mean(axes=(2,), keep_dims=True), t), name="middle"
    ),
    "turn": lambda b, t: b.append(Transpose(order=(2, 0, 1)), t, name="middle"),
    "every second": lambda b, t: b.append(
        StridedSlice(begin=(0, 0, 0), end=(4, 4, 6), strides=(1, 1, 2)), t, name="middle"
    ),
    "reshape": lambda b, t: b.append(Reshape(shape=(4, 6, 4)), t, name="middle"),
}


@pytest.mark.parametrize("name", BARRIERS)
def test_operators_that_mix_channels_keep_them_all(name: str) -> None:
    builder = GraphBuilder(name, (4, 4, 2))
    middle = BARRIERS[name](builder, pointwise(builder, INPUT, 6, "first"))
    pointwise(builder, middle, 3, "last")
    model = killed(reached(builder), "first", [0, 3, 5])
    found = check_contract(model, trials(model, 1))
    assert len(found.kept["first"]) == 6


def pair_with_constant(padding: str, *, use_bias: bool = True, **changes: Any) -> QuantizedModel:
    """Channel 1 of `first` is 127 for every input, at a zero point of -128, and a 3×3 reads it."""
    builder = GraphBuilder("constant", (4, 4, 2))
    first = pointwise(builder, INPUT, 3, "first")
    options = {"kernel": (3, 3), "padding": padding, "use_bias": use_bias, **changes}
    pointwise(builder, first, 4, "last", **options)
    model = killed(reached(builder), "first", [1], 2**30)
    return with_parts(model, weight_scales={"last": np.full(4, 0.0005, np.float32)})


@pytest.mark.parametrize("use_bias", [True, False])
def test_a_constant_goes_into_the_bias_and_into_a_new_one(use_bias: bool) -> None:
    model = pair_with_constant("valid", use_bias=use_bias)
    found = check_contract(model, trials(model, 1))
    assert found.kept["first"] == (0, 2)
    op = found.model.graph.by_name["last"].op
    assert isinstance(op, Conv2D)
    assert op.use_bias
    taps = model.weights["last/weight"][..., 1].astype(np.int64).sum(axis=(1, 2))
    old = model.biases.get("last/bias", np.zeros(4, np.int32))
    np.testing.assert_array_equal(found.model.biases["last/bias"], old + 255 * taps)


def test_a_constant_beside_padding_stays() -> None:
    """Its products are fewer on the border, so no bias can stand for them."""
    model = pair_with_constant("same")
    assert check_contract(model, trials(model, 1)).kept["first"] == (0, 1, 2)


@pytest.mark.parametrize("flat", [False, True])
def test_a_constant_that_differs_from_pixel_to_pixel_stays_before_a_convolution_only(flat: bool) -> None:
    """A dense layer sees each pixel as a feature of its own, so there it goes."""
    builder = GraphBuilder("uneven", (2, 2, 2))
    pointwise(builder, INPUT, 3, "first")
    tensor = builder.append(Add(constant=(2, 2, 3)), "first", name="uneven")
    if flat:
        tensor = builder.append(Reshape(shape=(12,)), tensor)
        builder.append(Dense(units=2), tensor, name="last")
    else:
        pointwise(builder, tensor, 2, "last")
    model = killed(reached(builder), "first", [1])
    constants = (10 * np.arange(12)).reshape(2, 2, 3).astype(np.int8)
    model = with_parts(model, weights={"uneven/constant": constants})
    found = check_contract(model, trials(model, 1))
    assert found.kept["uneven"] == ((0, 2) if flat else (0, 1, 2))


def test_padding_that_no_window_reaches_does_no_harm() -> None:
    model = pair_with_constant("same", kernel=(1, 1), stride=(2, 2))
    assert check_contract(model, trials(model, 1)).kept["first"] == (0, 2)


def test_the_bias_wraps_as_the_accumulator_does() -> None:
    model = pair_with_constant("valid")
    model = with_parts(
        model,
        biases={"last/bias": np.full(4, 2**31 - 1000, np.int32)},
        weights={"last/weight": np.full((4, 3, 3, 3), 50, np.int8)},
    )
    found = check_contract(model, trials(model, 1))
    assert found.kept["first"] == (0, 2)
    assert (found.model.biases["last/bias"] < 0).all()


def test_what_only_dead_filters_read_is_dropped_too() -> None:
    builder = GraphBuilder("chain", (4, 4, 2))
    first = pointwise(builder, INPUT, 4, "first")
    second = pointwise(builder, first, 4, "second")
    pointwise(builder, second, 2, "last")
    model = killed(reached(builder), "second", [2])
    weight = model.weights["second/weight"].copy()
    weight[[0, 1, 3], :, :, 1] = 0
    found = check_contract(with_parts(model, weights={"second/weight": weight}), trials(model, 1))
    assert found.kept["first"] == (0, 2, 3)
    assert found.kept["second"] == (0, 1, 3)


def test_channels_that_only_need_each_other_are_dropped() -> None:
    """Around a residual block: channels 2 and 3 are read by it alone, and make only each other."""
    builder = GraphBuilder("residual", (4, 4, 2))
    trunk = pointwise(builder, INPUT, 4, "trunk")
    branch = pointwise(builder, trunk, 4, "branch")
    total = builder.append(Add(), trunk, branch, name="total")
    pointwise(builder, total, 2, "last")
    model = reached(builder)
    branch_weight, last_weight = model.weights["branch/weight"].copy(), model.weights["last/weight"].copy()
    branch_weight[:2, :, :, 2:] = 0
    last_weight[..., 2:] = 0
    model = with_parts(model, weights={"branch/weight": branch_weight, "last/weight": last_weight})
    found = check_contract(model, trials(model, 1))
    assert found.kept["trunk"] == found.kept["branch"] == found.kept["total"] == (0, 1)


def test_every_tensor_keeps_a_channel() -> None:
    builder = GraphBuilder("empty", (4, 4, 2))
    first = pointwise(builder, INPUT, 3, "first")
    pointwise(builder, INPUT, 3, "unread")
    pointwise(builder, first, 2, "last")
    model = killed(reached(builder), "first", [0, 1, 2])
    found = check_contract(model, trials(model, 1))
    assert found.kept["first"] == found.kept["unread"] == (0,)


def test_a_model_that_needs_all_its_channels_is_given_back() -> None:
    builder = GraphBuilder("alive", (4, 4, 2))
    pointwise(builder, pointwise(builder, INPUT, 3, "first"), 2, "last")
    model = reached(builder)
    found = check_contract(model, trials(model, 1))
    assert found.model is model
    assert found.summary == "all 5 channels of weighted layers are needed"


def test_kept_channels_keep_their_numbers() -> None:
    model = pair_with_constant("valid")
    small = eliminate(model).model
    np.testing.assert_array_equal(small.weights["last/weight"], model.weights["last/weight"][..., [0, 2]])
    np.testing.assert_array_equal(small.weights["first/weight"], model.weights["first/weight"][[0, 2]])
    np.testing.assert_array_equal(small.weight_scales["first"], model.weight_scales["first"][[0, 2]])
    np.testing.assert_array_equal(small.biases["first/bias"], model.biases["first/bias"][[0, 2]])
    assert small.tensors == model.tensors
    assert small.labels == model.labels


def test_the_sizes_are_counted_by_hand() -> None:
    found = eliminate(pair_with_constant("valid"))
    assert (found.before.channels, found.after.channels) == (7, 6)
    assert (found.before.macs, found.after.macs) == (96 + 432, 64 + 288)
    assert (found.before.weight_bytes, found.after.weight_bytes) == (6 + 108, 4 + 72)
    assert (found.before.bias_bytes, found.after.bias_bytes) == (28, 24)
    assert (found.before.flash_bytes, found.after.flash_bytes) == (114 + 28 + 35, 76 + 24 + 30)
    assert found.summary == (
        "dropped 1 of 7 channels of weighted layers, proved not to matter: "
        "MACs 528 to 352, weights and tables 177 to 130 bytes"
    )


@pytest.mark.parametrize("seed", range(12))
def test_tiny_models_agree_on_every_input(seed: int) -> None:
    """65,536 inputs are all there are."""
    builder = GraphBuilder("tiny", (1, 2, 1))
    first = pointwise(builder, INPUT, 5, "first", kernel=(1, 3))
    depth = builder.append(
        DepthwiseConv2D(kernel=(1, 2), use_bias=True, activation="relu6"), first, name="depth"
    )
    pointwise(builder, builder.append(Concat(), first, depth), 3, "second", use_bias=False)
    builder.append(Softmax(), builder.append(Dense(units=2), builder.append(Reshape(shape=(6,)), "second")))
    model = quantize_randomly(builder.build(), seed)
    rng = np.random.default_rng(seed)
    for node in ("first", "depth"):
        bias = model.biases[f"{node}/bias"].copy()
        bias[rng.integers(0, 5, 2)] = rng.choice([-(10**6), 10**6], 2)
        model = with_parts(model, biases={f"{node}/bias": bias})
    inputs = every_input(model)
    check_contract(model, inputs)
    check_tame(model, inputs)


def test_only_constant_channels_are_tamed_and_with_small_numbers() -> None:
    model = pair_with_constant("same")
    tamed = check_tame(model, trials(model, 1))
    assert not tamed.weights["first/weight"][1].any()
    assert tamed.biases["first/bias"][1] == 510
    factors = factors_of(tamed, tamed.graph.by_name["first"])
    assert factors[1] == pytest.approx(0.5, rel=1e-6)
    np.testing.assert_array_equal(tamed.weights["last/weight"], model.weights["last/weight"])
    np.testing.assert_array_equal(tamed.biases["first/bias"][[0, 2]], model.biases["first/bias"][[0, 2]])


def test_a_constant_that_cannot_be_said_without_a_bias_stays_as_it_is() -> None:
    """Without a bias a sum of nothing is the zero point; here the constant is the clamp's upper end."""
    builder = GraphBuilder("unsaid", (1, 1, 1))
    op = DepthwiseConv2D(kernel=(1, 1))
    builder.append(op, pointwise(builder, INPUT, 1, "first"), name="last")
    model = killed(reached(builder), "first", [0], 2**30)
    model = with_parts(model, weights={"last/weight": np.full((1, 1, 1, 1), 127, np.int8)})
    bounds = intervals(model)
    assert bounds.constant("last", 1).all()
    assert bounds.low["last"][0] > -128
    np.testing.assert_array_equal(tame(model, bounds).weights["last/weight"], model.weights["last/weight"])
    check_tame(model, trials(model, 1))


def test_one_scale_for_a_whole_dense_layer_is_left_to_the_others() -> None:
    builder = GraphBuilder("dense", (4,))
    builder.append(Dense(units=3), INPUT, name="last")
    model = reached(builder)
    for one in (0.002, 3.0):
        scale = np.array([one], np.float32)
        changed = killed(with_parts(model, weight_scales={"last": scale}), "last", [1], -(2**30))
        changed = with_parts(changed, weight_scales={"last": scale})
        inputs = np.random.default_rng(0).integers(-128, 128, (64, 4)).astype(np.int8)
        tamed = check_tame(changed, inputs)
        assert tamed.weight_scales["last"] == scale
        assert not tamed.weights["last/weight"][1].any()


needs_peers = pytest.mark.skipif(not PEERS.is_dir(), reason="the published models are not here")


def published(name: str) -> QuantizedModel:
    model = read_tflite(PEERS / f"{name}.tflite").quantized
    assert model is not None
    return model


@needs_peers
@pytest.mark.parametrize("name", ["vww_96_int8", "mltk_visual_wake_words", "wakevision_mcunet-10fps_vww"])
def test_published_models_shrink_bit_for_bit(name: str) -> None:
    model = published(name)
    inputs = trials(model, 0)
    found = check_contract(model, inputs)
    assert found.after.channels < found.before.channels
    assert eliminate(found.model).model is found.model


@needs_peers
def test_mlperf_tinys_model_loses_what_a_trial_found_and_fits_80_kb() -> None:
    found = eliminate(published("vww_96_int8"))
    assert found.before.channels - found.after.channels >= 1650
    assert found.after.flash_bytes < 60_000


@needs_peers
def test_mlperf_tinys_dead_channels_are_tamed() -> None:
    """Bounds of its untamed numbers: biases above 2^30 and factors below 2^-25."""
    model = published("vww_96_int8")
    tamed = check_tame(model, trials(model, 0)[:6])
    for given, largest, least in ((model, 2**30, 0.0), (tamed, 2**20, 2.0**-25)):
        bias = max(int(np.abs(array.astype(np.int64)).max()) for array in given.biases.values())
        factors = [
            factors_of(given, node).min() for node in given.graph.nodes if isinstance(node.op, WEIGHTED)
        ]
        if given is model:
            assert bias > largest
            assert min(factors) < 2.0**-25
        else:
            assert bias < largest
            assert min(factors) > least


def test_graphs_with_real_numbers_keep_them() -> None:
    builder = GraphBuilder("real", (4, 4, 2), "float32")
    pointwise(builder, builder.append(Quantize(), INPUT, name="in"), 3, "first")
    builder.append(Dequantize(), pointwise(builder, "first", 2, "last"), name="out")
    model = killed(reached(builder), "first", [1])
    graph: Graph = model.graph
    found = check_contract(model, trials(model, 1))
    assert found.kept["first"] == (0, 2)
    assert found.kept["in"] == (0, 1)
    assert found.kept["last"] == (0, 1)
    assert found.model.graph.types == graph.types
