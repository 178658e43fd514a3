"""Each family of plain C kernels alone, on tiny networks, against the golden kernels: bit for bit.

Whole random networks are in `test_random_networks`.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from tests.export.c.host_models import assert_agrees, differences, run_models
from tests.export.c.tiny import Grow, from_reals, network
from wakeling.export.c import CompiledModel, compile_model, target_of
from wakeling.export.c.kernels import LOWERINGS
from wakeling.graph import GraphBuilder
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
from wakeling.quantize.model import QuantizedModel, TensorQuant

PORTABLE = target_of("portable")


def compiled(models: Iterable[QuantizedModel]) -> list[CompiledModel]:
    """Everything kept, so that no kernel is optimized away."""
    return [
        compile_model(model, PORTABLE, name=f"k{number}", keep_constant_channels=True)
        for number, model in enumerate(models)
    ]


def check(folder: Path, models: Iterable[QuantizedModel], *kernels: str) -> None:
    """All agree with golden, and together they use just these kernels."""
    made = compiled(models)
    used = {layer.call.function for model in made for layer in model.program.layers}
    assert used == {f"wk_{kernel}" for kernel in kernels}
    assert_agrees(folder, made, share_kernels=True)


def chain(*ops: Operator) -> Grow:
    """One operator after the other."""

    def grow(builder: GraphBuilder, tensor: str) -> str:
        for op in ops:
            tensor = builder.append(op, tensor)
        return tensor

    return grow


def test_every_operator_of_a_fused_graph_has_a_kernel_in_plain_c() -> None:
    assert set(LOWERINGS) == set(OPERATORS.values()) - {BatchNorm, Reshape}


def test_convolutions_of_all_windows(tmp_path: Path) -> None:
    cases: list[tuple[Shape, Operator]] = [
        ((7, 6, 5), Conv2D(filters=filters, kernel=kernel, stride=stride, padding=padding, dilation=dilation))
        for filters, kernel, stride, padding, dilation in (
            (1, (1, 1), (1, 1), "same", (1, 1)),
            (2, (1, 1), (3, 2), "valid", (1, 1)),
            (11, (1, 1), (2, 2), "same", (1, 1)),
            (3, (3, 3), (1, 1), "same", (1, 1)),
            (4, (3, 3), (2, 2), "same", (1, 1)),
            (4, (3, 2), (1, 3), "valid", (2, 1)),
            (3, (3, 3), (1, 1), "same", (1, 3)),
            (2, (7, 6), (1, 1), "valid", (1, 1)),
            (2, (7, 6), (1, 1), "same", (1, 1)),
        )
    ]
    cases += [
        ((1, 1, 3), Conv2D(filters=4, kernel=(3, 3))),
        ((5, 4, 6), Conv2D(filters=9, kernel=(3, 3), groups=3, use_bias=True, activation="relu6")),
        ((5, 4, 6), Conv2D(filters=6, kernel=(1, 1), groups=6, stride=(2, 2))),
    ]
    check(tmp_path, (network(shape, op, seed=seed) for seed, (shape, op) in enumerate(cases)), "conv_2d")


def test_convolutions_over_their_own_input(tmp_path: Path) -> None:
    """Forward, backward and through a ring of rows, where the plan says so."""
    pointwise = Conv2D(filters=8, kernel=(1, 1))
    cases: list[tuple[Shape, Grow]] = [
        ((6, 5, 4), chain(pointwise, Conv2D(filters=3, kernel=(1, 1)))),
        ((6, 5, 4), chain(pointwise, Conv2D(filters=13, kernel=(1, 1)))),
        ((12, 5, 4), chain(pointwise, Conv2D(filters=7, kernel=(3, 3)))),
        ((12, 5, 4), chain(pointwise, Conv2D(filters=8, kernel=(3, 3), stride=(2, 2)))),
        ((12, 5, 4), chain(pointwise, Conv2D(filters=8, kernel=(2, 2), dilation=(2, 2)))),
        ((12, 5, 4), chain(pointwise, Conv2D(filters=30, kernel=(1, 1), stride=(2, 2)))),
        ((12, 5, 4), chain(pointwise, Pad(rows=(1, 0), columns=(2, 1)), Conv2D(filters=5, kernel=(3, 2)))),
    ]
    made = compiled(network(shape, grow, seed=seed) for seed, (shape, grow) in enumerate(cases))
    in_place = [
        model.plan.offsets[model.program.layers[-1].inputs[0]]
        == model.plan.offsets[model.original.graph.output]
        for model in made
    ]
    assert sum(in_place) >= 5
    assert_agrees(tmp_path, made, share_kernels=True)


def test_depthwise_convolutions(tmp_path: Path) -> None:
    cases: list[tuple[Shape, DepthwiseConv2D]] = [
        (
            shape,
            DepthwiseConv2D(
                kernel=kernel, stride=stride, padding=padding, dilation=dilation, multiplier=times
            ),
        )
        for shape, kernel, stride, padding, dilation, times in (
            ((7, 6, 5), (3, 3), (1, 1), "same", (1, 1), 1),
            ((7, 6, 8), (3, 3), (2, 2), "same", (1, 1), 1),
            ((7, 6, 3), (2, 5), (3, 1), "valid", (1, 1), 1),
            ((7, 6, 9), (3, 3), (1, 1), "same", (2, 3), 1),
            ((7, 6, 5), (3, 3), (1, 2), "same", (1, 1), 3),
            ((1, 1, 5), (3, 3), (1, 1), "same", (1, 1), 1),
            ((9, 9, 4), (1, 1), (4, 4), "valid", (1, 1), 1),
        )
    ]
    models = [network(shape, op, seed=seed) for seed, (shape, op) in enumerate(cases)]
    models.append(network((6, 5, 6), chain(Pad(rows=(2, 1), columns=(0, 3)), DepthwiseConv2D(kernel=(3, 3)))))
    check(tmp_path, models, "depthwise_conv_2d")


def test_dense_layers_of_one_scale_and_of_one_for_each_unit(tmp_path: Path) -> None:
    models = [
        network((1, 1, size), chain(Reshape(shape=(size,)), Dense(units=units)), seed=seed)
        for seed, (size, units) in enumerate(itertools.product((1, 7, 16), (1, 2, 5)))
    ]
    assert {len(model.weight_scales[model.graph.output]) > 1 for model in models} == {True, False}
    check(tmp_path, models, "dense")


@pytest.mark.parametrize("pool", [AveragePool2D, MaxPool2D])
def test_pools_alone_in_place_and_behind_pads(tmp_path: Path, pool: type[AveragePool2D | MaxPool2D]) -> None:
    """Zeros of a fused pad count as values; what `same` padding adds does not."""
    kernels = ("average_pool_2d" if pool is AveragePool2D else "max_pool_2d",)
    alone: list[tuple[Shape, Operator]] = [
        ((7, 6, 5), pool(pool=(3, 2), stride=(2, 3), padding="same")),
        ((7, 6, 4), pool(pool=(2, 2), stride=(2, 2))),
        ((7, 6, 3), pool(pool=(7, 6), padding="same")),
        ((1, 1, 2), pool(pool=(1, 1))),
    ]
    pads = [
        Pad(rows=(1, 2), columns=(0, 1)),
        Pad(rows=(3, 0), columns=(2, 2)),
    ]
    first = Conv2D(filters=9, kernel=(1, 1))
    behind = [
        chain(*before, pool(pool=(3, 3), stride=stride, padding=padding))
        for before in ([first], *([pad] for pad in pads), [first, pads[0]])
        for stride, padding in (((1, 1), "same"), ((2, 1), "valid"), ((2, 2), "same"))
    ]
    models = [network(shape, op, seed=seed) for seed, (shape, op) in enumerate(alone)]
    models += [network((9, 8, 5), grow, seed=seed) for seed, grow in enumerate(behind)]
    made = compiled(models)
    rings = [
        model
        for model in made
        for layer in model.program.layers
        if "pool" in layer.call.function and f"{layer.node.name}/scratch" in model.plan.offsets
    ]
    assert rings, "no pool works in place through a ring"
    check(tmp_path, models, *kernels, "conv_2d")


def test_activations_are_tables_of_all_256_values(tmp_path: Path) -> None:
    kinds: tuple[PointwiseKind, ...] = ("linear", "relu", "relu6", "hard_swish", "sigmoid", "tanh")
    models = [
        network((16, 16, 1), Activation(kind=kind), seed=seed)
        for seed, kind in itertools.product(range(3), kinds)
    ]
    made = compiled(models)
    every = np.arange(256).astype(np.uint8).view(np.int8).reshape(1, 16, 16, 1)
    runs = run_models(tmp_path, made, [every] * len(made), share_kernels=True)
    assert not [
        line for model, run in zip(made, runs, strict=True) for line in differences(model, every, run)
    ]
    assert {layer.call.function for model in made for layer in model.program.layers} == {"wk_table"}


def test_a_lone_relu_that_rescales(tmp_path: Path) -> None:
    model = network((16, 16, 1), Activation(kind="relu"))
    node = model.graph.nodes[0]
    rescaled = {**model.tensors, node.name: TensorQuant(scale=0.013, zero_point=-100)}
    check(tmp_path, [dataclasses.replace(model, tensors=rescaled)], "table")


def _with(other: Shape, op: Add | Sub | Mul, *, swapped: bool) -> Grow:
    """The image with a tensor of another shape, made by means."""

    def grow(builder: GraphBuilder, tensor: str) -> str:
        made = builder.append(Conv2D(filters=builder.shape(tensor)[2], kernel=(1, 1)), tensor)
        axes = tuple(axis for axis, size in enumerate(other) if size == 1)
        if axes:
            made = builder.append(Mean(axes=axes, keep_dims=True), made)
        operands = (made, tensor) if swapped else (tensor, made)
        return builder.append(op, *operands)

    return grow


def test_sums_and_products_of_all_broadcasts(tmp_path: Path) -> None:
    shape = (3, 5, 4)
    others = list(itertools.product(*((1, size) for size in shape)))
    models = [
        network(shape, _with(other, op, swapped=swapped), seed=seed)
        for seed, (other, op, swapped) in enumerate(
            itertools.product(others, (Add(activation="relu"), Sub(), Mul(activation="relu6")), (False, True))
        )
    ]
    check(tmp_path, models, "add", "mul", "add_broadcast", "mul_broadcast", "conv_2d", "mean")


def test_two_operands_that_both_are_broadcast(tmp_path: Path) -> None:
    def grow(builder: GraphBuilder, tensor: str) -> str:
        column = builder.append(Mean(axes=(1,), keep_dims=True), tensor)
        row = builder.append(Mean(axes=(0,), keep_dims=True), tensor)
        return builder.append(Sub(), column, row)

    check(tmp_path, [network((4, 3, 5), grow)], "mean", "add_broadcast")


def test_constants_of_all_shapes_on_both_sides(tmp_path: Path) -> None:
    shape = (3, 5, 4)
    constants: list[Shape] = [(), (1,), (4,), (1, 1, 4), (3, 1, 1), (1, 5, 1), (5, 4), (3, 1, 4), shape]
    ops: list[Operator] = []
    for constant in constants:
        ops += [Add(constant=constant), Mul(constant=constant, activation="relu")]
        ops += [Sub(constant=constant), Sub(constant=constant, constant_first=True)]
    models = [network(shape, op, seed=seed) for seed, op in enumerate(ops)]
    check(tmp_path, models, "add", "mul", "add_broadcast", "mul_broadcast", "table", "channel_tables")


def test_a_constant_for_each_of_few_channels_is_a_table_a_channel(tmp_path: Path) -> None:
    for channels, function in ((3, "wk_channel_tables"), (5, "wk_add")):
        model = network((4, 3, channels), Add(constant=(1, 1, channels)))
        compiled = compile_model(model, PORTABLE, name="few", keep_constant_channels=True)
        assert [layer.call.function for layer in compiled.program.layers] == [function]
        assert_agrees(tmp_path / function, [compiled])


def test_operators_on_vectors(tmp_path: Path) -> None:
    vector = Reshape(shape=(12,))
    grows = [
        chain(vector, Add(constant=(12,)), Activation(kind="tanh")),
        chain(vector, Softmax(beta=0.7), Quantize(to="uint8")),
        chain(vector, StridedSlice(begin=(1,), end=(11,), strides=(3,))),
        chain(vector, Mean(axes=(0,))),
        chain(Reshape(shape=(3, 4)), Transpose(order=(1, 0)), Mul(constant=(3,))),
        chain(Reshape(shape=(3, 4)), Softmax()),
    ]
    models = [network((2, 3, 2), grow, seed=seed) for seed, grow in enumerate(grows)]
    check(tmp_path, models, "add", "channel_tables", "table", "softmax", "rearrange", "mean")


def test_means_over_all_axes(tmp_path: Path) -> None:
    cases = [
        Mean(axes=axes, keep_dims=keep)
        for count in (1, 2, 3)
        for axes in itertools.combinations(range(3), count)
        for keep in (False, True)
    ]
    models = [network((5, 3, 7), op, seed=seed) for seed, op in enumerate(cases)]
    deep = Reshape(shape=(2, 3, 2, 5))
    models += [
        network((6, 2, 5), chain(deep, Mean(axes=axes)), seed=seed)
        for seed, axes in enumerate(((0, 2), (1, 3), (3, 0), (0, 1, 2, 3)))
    ]
    check(tmp_path, models, "mean")


def _joined(axis: int, parts: int) -> Grow:
    def grow(builder: GraphBuilder, tensor: str) -> str:
        made = [
            builder.append(Pad(rows=(0, 0), columns=(0, 0), channels=(1, 0)), tensor)
            if axis == 2 and part % 2
            else tensor
            for part in range(parts)
        ]
        return builder.append(Concat(axis=axis), *made)

    return grow


def test_concatenations_along_all_axes(tmp_path: Path) -> None:
    grows = [_joined(axis, parts) for axis, parts in itertools.product(range(3), (1, 2, 7))]
    models = [network((3, 4, 5), grow, seed=seed) for seed, grow in enumerate(grows)]
    models += [
        network(
            (3, 4, 2),
            lambda builder, tensor, grow=grow: builder.append(Quantize(), grow(builder, tensor)),
            given="float32",
        )
        for grow in grows[1::3]
    ]
    check(tmp_path, models, "concat", "crop_and_pad", "quantize")


def test_moves_of_all_shapes(tmp_path: Path) -> None:
    """Pads with channels, slices over their own input, transpositions of up to five axes."""
    first = Conv2D(filters=6, kernel=(1, 1))
    grows: list[Grow] = [chain(Pad(rows=(1, 0), columns=(2, 1), channels=(0, 3)))]
    grows += [chain(Pad(rows=(0, 2), columns=(1, 1)))]
    grows += [
        chain(first, StridedSlice(begin=begin, end=end, strides=strides))
        for begin, end, strides in (
            ((0, 0, 0), (5, 4, 6), (1, 1, 1)),
            ((1, 0, 0), (5, 4, 6), (2, 3, 1)),
            ((0, 1, 2), (5, 3, 6), (1, 1, 1)),
            ((2, 1, 0), (5, 4, 6), (1, 2, 3)),
        )
    ]
    grows += [chain(Transpose(order=order)) for order in itertools.permutations(range(3))]
    grows += [
        chain(Reshape(shape=(5, 2, 2, 3, 2)), Transpose(order=order))
        for order in ((4, 3, 2, 1, 0), (0, 1, 2, 4, 3), (1, 0, 2, 3, 4), (2, 0, 4, 1, 3))
    ]
    models = [network((5, 4, 6), grow, seed=seed) for seed, grow in enumerate(grows)]
    check(tmp_path, models, "crop_and_pad", "rearrange", "conv_2d")


def test_moves_of_float32(tmp_path: Path) -> None:
    grows = [
        chain(Pad(rows=(1, 0), columns=(2, 1), channels=(1, 1)), Quantize()),
        chain(StridedSlice(begin=(1, 0, 1), end=(4, 4, 3), strides=(1, 2, 1)), Quantize()),
        chain(StridedSlice(begin=(1, 0, 0), end=(4, 4, 3), strides=(2, 1, 1)), Quantize()),
        chain(Transpose(order=(2, 0, 1)), Quantize()),
        chain(Transpose(order=(1, 0, 2)), Quantize()),
    ]
    models = [network((4, 4, 3), grow, seed=seed, given="float32") for seed, grow in enumerate(grows)]
    check(tmp_path, models, "crop_and_pad", "rearrange", "quantize")


def test_softmax_of_small_and_large_scales(tmp_path: Path) -> None:
    models = []
    for scale, channels in itertools.product((2e-7, 0.003, 0.1, 0.99), (1, 2, 10, 300)):
        model = network((2, 3, channels), Softmax(beta=1.0))
        quants = {**model.tensors, "input": TensorQuant(scale=scale, zero_point=-3)}
        models.append(dataclasses.replace(model, tensors=quants))
    check(tmp_path, models, "softmax")


def test_reals_become_the_nearest_integers_and_saturate(tmp_path: Path) -> None:
    """Halves on either side, what lies just beside them, signed zeros, infinities, the least numbers."""
    base = from_reals((1, 1, 1))
    scale = base.tensors[base.graph.output].scale
    halves = (np.arange(-300, 300) + np.float32(0.5)) * np.float32(scale)
    special = [0.0, -0.0, np.inf, -np.inf, 3e38, -3e38, 1e-45, -1e-45, 2.0**31, -(2.0**31), 1e12]
    values = np.concatenate(
        [halves, np.nextafter(halves, np.float32(np.inf)), np.nextafter(halves, np.float32(-np.inf)), special]
    ).astype(np.float32)
    made = compiled([from_reals((len(values), 1, 1))])
    given = values.reshape(1, -1, 1, 1)
    (runs,) = run_models(tmp_path, made, [given])
    assert not differences(made[0], given, runs)


def test_changes_of_integer_type_and_back_to_reals(tmp_path: Path) -> None:
    grows = [
        chain(Quantize(to="uint8")),
        chain(Quantize(to="uint8"), Quantize()),
        chain(Quantize()),
        chain(Dequantize()),
        chain(Quantize(to="uint8"), Dequantize()),
    ]
    models = [network((16, 16, 1), grow, seed=seed) for seed, grow in enumerate(grows)]
    models.append(network((16, 16, 1), chain(Quantize()), given="uint8"))
    made = compiled(models)
    every = np.arange(256).astype(np.uint8).reshape(1, 16, 16, 1)
    given = [every if m.original.graph.input_type == "uint8" else every.view(np.int8) for m in made]
    runs = run_models(tmp_path, made, given, share_kernels=True)
    assert not [line for m, g, run in zip(made, given, runs, strict=True) for line in differences(m, g, run)]
