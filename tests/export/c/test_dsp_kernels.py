"""Kernels for cores with DSP: shapes that leave every remainder and reach every mode, golden bit for bit.

They run on an emulated Cortex-M4, built by zig, and (their twins in C) on the host under sanitizers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.export.c.emulated import functions_of, run_on
from tests.export.c.host import STRICT
from tests.export.c.host_models import assert_agrees, call, write
from tests.export.c.tiny import mild, network
from wakeling.cost.memory.patch_stages import Stages
from wakeling.export.c import CompiledModel, compile_model, target_of
from wakeling.export.c.compile import written
from wakeling.export.c.lower import lower_model
from wakeling.graph import GraphBuilder, weight_key
from wakeling.ops import ActivationKind, Conv2D, Dense, DepthwiseConv2D, Operator, Shape
from wakeling.quantize.model import QuantizedModel, TensorQuant
from wakeling.verify.c.toolchain import zig

M4 = target_of("cortex-m4")

SHAPES: Mapping[str, tuple[Shape, Operator]] = {
    # pixels of a 1x1 kernel: threes, one and two left over; inputs: fours and what is left of them
    **{
        f"pointwise {inputs} to {outputs} on {height}x{width}": (
            (height, width, inputs),
            Conv2D(filters=outputs, kernel=(1, 1)),
        )
        for height, width, inputs, outputs in (
            (1, 1, 4, 2),
            (1, 2, 3, 5),
            (2, 2, 8, 4),
            (3, 1, 9, 1),
            (2, 4, 12, 6),
            (3, 3, 16, 3),
            (1, 5, 21, 7),
            (2, 3, 34, 2),
        )
    },
    "pointwise, stride 2": ((5, 7, 6), Conv2D(filters=4, kernel=(1, 1), stride=(2, 2))),
    # stretches with nothing, one, two, three left over; rows with and without margins; dilation
    "3x3 on color": ((9, 11, 3), Conv2D(filters=6, kernel=(3, 3), stride=(2, 2))),
    "3x3 on gray": ((6, 5, 1), Conv2D(filters=5, kernel=(3, 3))),
    "3x3 on 2 channels": ((5, 8, 2), Conv2D(filters=2, kernel=(3, 3))),
    "3x3 on 4 channels": ((4, 7, 4), Conv2D(filters=4, kernel=(3, 3))),
    "3x3, valid": ((7, 8, 5), Conv2D(filters=2, kernel=(3, 3), padding="valid")),
    "5x1": ((8, 5, 3), Conv2D(filters=3, kernel=(5, 1))),
    "1x7 wider than the image": ((3, 4, 2), Conv2D(filters=2, kernel=(1, 7))),
    "dilated columns": ((6, 9, 3), Conv2D(filters=4, kernel=(3, 3), dilation=(1, 2))),
    "dilated rows": ((9, 6, 4), Conv2D(filters=4, kernel=(3, 2), dilation=(3, 1))),
    "stride 3 and 1": ((7, 6, 4), Conv2D(filters=3, kernel=(2, 3), stride=(3, 1))),
    # rows of two channels, one alone; outputs in pairs, one left over; both strides, all margins
    **{
        f"depthwise 3x3, {channels} channels on {height}x{width}, stride {stride}, {padding}": (
            (height, width, channels),
            DepthwiseConv2D(kernel=(3, 3), stride=stride, padding=padding),
        )
        for height, width, channels, stride, padding in (
            (1, 1, 1, (1, 1), "same"),
            (4, 4, 2, (1, 1), "same"),
            (3, 7, 3, (1, 1), "same"),
            (5, 6, 5, (1, 1), "valid"),
            (2, 9, 4, (1, 1), "same"),
            (8, 8, 4, (2, 2), "same"),
            (7, 7, 3, (2, 2), "same"),
            (5, 3, 2, (2, 2), "valid"),
            (6, 5, 2, (1, 2), "same"),
            (9, 5, 2, (3, 1), "same"),
        )
    },
    "depthwise 5x5": ((6, 7, 3), DepthwiseConv2D(kernel=(5, 5))),
    "depthwise 7x7, stride 2": ((9, 8, 2), DepthwiseConv2D(kernel=(7, 7), stride=(2, 2))),
    "depthwise 3x1": ((5, 6, 2), DepthwiseConv2D(kernel=(3, 1))),
    "depthwise 1x4, stride 5 and 3": ((11, 9, 2), DepthwiseConv2D(kernel=(1, 4), stride=(5, 3))),
    "gray to 6 outputs": ((7, 6, 1), DepthwiseConv2D(kernel=(3, 3), stride=(2, 2), multiplier=6)),
}


def network_of(shape: Shape, op: Operator, activation: ActivationKind, seed: int) -> QuantizedModel:
    """One operator, with channels whose scales are mild: none is shifted left, none is dead."""
    made = network(shape, dataclasses.replace(op, activation=activation), seed=seed)
    return mild(made, zero_point=-128 if activation == "relu" else 11 * seed % 256 - 128)


def compiled(models: Sequence[QuantizedModel]) -> Iterator[CompiledModel]:
    for model in models:
        yield compile_model(model, M4, keep_constant_channels=True)


def check(models: Sequence[QuantizedModel], folder: Path, *loops: str) -> None:
    """All equal golden on the M4, and together they use these kernels and loops."""
    made = list(compiled(models))
    assert functions_of(made) >= {f"wk_dsp_{name}" for name in loops}
    for model in made:
        run_on(M4, model, folder)


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where compiled kernels are kept from test to test."""
    return tmp_path_factory.mktemp("objects")


def test_convolutions_and_rows_of_all_remainders_equal_golden(objects: Path) -> None:
    kinds: tuple[ActivationKind, ...] = ("relu", "linear")
    models = [
        network_of(shape, op, kinds[number % 2], number) for number, (shape, op) in enumerate(SHAPES.values())
    ]
    check(
        models, objects, "conv_2d", "depthwise_3x3", "depthwise", "three_relu", "three_linear", "one_packed"
    )
    check(models, objects, "row_relu_1", "row_linear_1", "row_relu_2", "row_linear_2")


def test_their_twins_in_c_equal_golden_under_sanitizers(tmp_path: Path) -> None:
    kinds: tuple[ActivationKind, ...] = ("linear", "relu")
    made = [
        compile_model(
            network_of(shape, op, kinds[number % 2], number),
            M4,
            name=f"k{number}",
            keep_constant_channels=True,
        )
        for number, (shape, op) in enumerate(SHAPES.values())
    ]
    assert_agrees(tmp_path, made, share_kernels=True)


@pytest.mark.parametrize("inputs", [1, 2, 7, 8, 30])
def test_dense_layers_equal_golden(inputs: int, objects: Path) -> None:
    models = [mild(network((inputs,), Dense(units=units)), zero_point=5) for units in (1, 2, 5)]
    check(models, objects, "dense")


def test_outputs_may_lie_over_inputs(objects: Path) -> None:
    """Pixels that shrink (forward) and grow (backward), rows through a ring, rows of channels."""

    def grow(builder: GraphBuilder, tensor: str) -> str:
        tensor = builder.append(Conv2D(filters=8, kernel=(3, 3), stride=(2, 2)), tensor)
        for filters, stride in ((8, 1), (20, 1), (20, 2), (5, 1), (14, 2)):
            tensor = builder.append(DepthwiseConv2D(kernel=(3, 3), stride=(stride, stride)), tensor)
            tensor = builder.append(Conv2D(filters=filters, kernel=(1, 1), activation="relu"), tensor)
        tensor = builder.append(Conv2D(filters=6, kernel=(3, 3)), tensor)
        return builder.append(DepthwiseConv2D(kernel=(5, 5)), tensor)

    model = mild(network((40, 44, 3), grow), zero_point=-128)
    (made,) = compiled([model])
    offsets = made.plan.offsets
    over = [layer for layer in made.program.layers if offsets[layer.inputs[0]] == offsets[layer.node.name]]
    growing = [layer for layer in over if layer.node.shape[2] > model.graph.shapes[layer.inputs[0]][2]]
    assert len(over) >= 10
    assert growing
    run_on(M4, made, objects)


def all_bytes(outputs: int, activation: ActivationKind = "linear") -> QuantizedModel:
    """A 1x1 convolution of one channel: with enough noise, every sum of an int8 and a weight is met."""
    op = Conv2D(filters=outputs, kernel=(1, 1), activation=activation)
    return mild(network((32, 32, 1), op), zero_point=-128 if activation == "relu" else 3)


@pytest.mark.parametrize("activation", ["relu", "linear"])
@pytest.mark.parametrize("factor", [0.75, 0.625, 0.5, 0.999999999, 1.5 * 2**-9, 2**-30, 3.0])
def test_halves_are_rounded_as_golden_rounds_them(
    factor: float, activation: ActivationKind, objects: Path
) -> None:
    """Sums in small steps around zero, at factors that make halves of either sign."""
    model = all_bytes(8, activation)
    (node,) = model.graph.nodes
    source = model.tensors["input"]
    numbers = dataclasses.replace(
        model,
        tensors={
            **model.tensors,
            node.name: TensorQuant(scale=source.scale, zero_point=-128 if activation == "relu" else 3),
        },
        weight_scales={node.name: np.full(8, factor, np.float32)},
        weights={weight_key(node, "weight"): np.arange(-3, 5, dtype=np.int8).reshape(8, 1, 1, 1)},
        biases={weight_key(node, "bias"): np.arange(-4, 4, dtype=np.int32) * 5},
    )
    (made,) = compiled([numbers])
    run_on(M4, made, objects)


def test_ends_that_are_no_ends_of_int8_are_clamped(objects: Path) -> None:
    models = [
        mild(network((5, 5, 4), dataclasses.replace(op, activation=kind)), zero_point=-90)
        for op in (Conv2D(filters=5, kernel=(1, 1)), DepthwiseConv2D(kernel=(3, 3)))
        for kind in ("relu", "relu6")
    ]
    check(models, objects, "three_clamped", "depthwise")


@pytest.mark.parametrize(
    ("first", "second", "packs"), [(0, -128, True), (-1, -128, False), (-128, -127, True), (127, 127, True)]
)
def test_two_weights_are_packed_where_they_fit_a_half_word(
    first: int, second: int, packs: bool, objects: Path
) -> None:
    model = all_bytes(2)
    weights = np.array([first, second], np.int8).reshape(2, 1, 1, 1)
    numbers = dataclasses.replace(model, weights={weight_key(model.graph.nodes[0], "weight"): weights})
    (made,) = compiled([numbers])
    assert ("wk_dsp_three_linear" in functions_of([made])) == packs
    run_on(M4, made, objects)


@pytest.mark.parametrize(("bias", "packs"), [(2**23 - 64 * 128 * 256, True), (2**23, False), (2**25, False)])
def test_two_sums_are_packed_where_the_second_has_24_bits(bias: int, packs: bool, objects: Path) -> None:
    model = mild(network((7, 7, 64), Conv2D(filters=2, kernel=(1, 1))), zero_point=3)
    (node,) = model.graph.nodes
    factor = 100 / bias * model.tensors[node.name].scale / model.tensors[node.inputs[0]].scale
    numbers = dataclasses.replace(
        model,
        biases={weight_key(node, "bias"): np.array([-bias, bias], np.int32)},
        weight_scales={node.name: np.full(2, factor, np.float32)},
    )
    (made,) = compiled([numbers])
    assert ("wk_dsp_three_linear" in functions_of([made])) == packs
    run_on(M4, made, objects)


def test_sums_and_shifts_of_any_size_equal_golden(objects: Path) -> None:
    """Left shifts, biases at both ends of int32, scales next to nothing: the general loops."""
    models = []
    for op in (
        Conv2D(filters=6, kernel=(1, 1)),
        DepthwiseConv2D(kernel=(3, 3)),
        DepthwiseConv2D(kernel=(2, 2)),
    ):
        model = network((6, 7, 6), op)
        (node,) = model.graph.nodes
        ends = np.array([2**31 - 1, -(2**31), 2**30, -(2**30), 5, 0], np.int32)
        scales = np.array([1e-9, 1e-8, 1e-6, 1e-7, 40, 1e4], np.float32)
        biases = {weight_key(node, "bias"): ends}
        models.append(dataclasses.replace(model, biases=biases, weight_scales={node.name: scales}))
    check(models, objects, "one_plain", "depthwise_general")


def test_groups_dilated_rows_and_several_outputs_a_channel_are_left_to_plain_c(objects: Path) -> None:
    models = [
        mild(network((6, 6, 4), op), zero_point=-20)
        for op in (
            Conv2D(filters=6, kernel=(3, 3), groups=2),
            DepthwiseConv2D(kernel=(3, 3), dilation=(2, 2)),
            DepthwiseConv2D(kernel=(3, 3), multiplier=2),
        )
    ]
    assert functions_of(list(compiled(models))) == {"wk_conv_2d", "wk_depthwise_conv_2d"}
    for made in compiled(models):
        run_on(M4, made, objects)


def test_a_network_in_patches_equals_golden(objects: Path) -> None:
    def grow(builder: GraphBuilder, tensor: str) -> str:
        tensor = builder.append(Conv2D(filters=8, kernel=(3, 3), stride=(2, 2), activation="relu"), tensor)
        for filters, stride in ((12, 2), (16, 2), (16, 1)):
            tensor = builder.append(DepthwiseConv2D(kernel=(3, 3), stride=(stride, stride)), tensor)
            tensor = builder.append(Conv2D(filters=filters, kernel=(1, 1), activation="relu"), tensor)
        return tensor

    model = mild(network((33, 31, 3), grow), zero_point=-128)
    stage = list(Stages(model.graph, most_patches=4, streams_input=False))[-1]
    program = lower_model(model, M4, stage.plan(3, 2))
    made = written(program, model, name="model")
    assert {"wk_dsp_conv_2d", "wk_dsp_depthwise_3x3"} <= functions_of([made])
    assert sum(event.box is not None for event in made.events) >= 6
    run_on(M4, made, objects)


@pytest.mark.parametrize("optimization", ["-O0", "-O1", "-O3"])
def test_any_optimization_gives_the_same_numbers(optimization: str, objects: Path) -> None:
    names = ("3x3 on color", "pointwise 9 to 1 on 3x1", "gray to 6 outputs")
    for number, name in enumerate(names):
        (made,) = compiled([network_of(*SHAPES[name], "relu", number)])
        run_on(M4, made, objects, optimization=optimization)


def test_a_long_name_leaves_the_assembly_whole(tmp_path: Path) -> None:
    """Lines that grow with the prefix are folded: none of them may be a line of a macro."""
    name = "a23456789_b23456789_c23456789_d234567890"
    ops = (Conv2D(filters=4, kernel=(3, 3)), DepthwiseConv2D(kernel=(3, 3)))
    for op in ops:
        model = compile_model(mild(network((4, 4, 3), op), zero_point=-128), M4, name=name)
        sources = write(tmp_path, {file: text for file, text in model.files.items() if "_dsp" in file})
        (tmp_path / f"{name}_kernels.h").write_text(model.files[f"{name}_kernels.h"])
        (tmp_path / f"{name}_arithmetic.h").write_text(model.files[f"{name}_arithmetic.h"])
        compiler = zig()
        for source in sources:
            call(
                [*compiler.command, *compiler.flags_for(M4), *STRICT, "-c", "-o", "object.o", source],
                tmp_path,
            )


def test_a_network_takes_few_instructions_and_little_stack(objects: Path) -> None:
    """Bounds that a lost inner loop would break: 48 to 48 channels, then rows of 24 pixels."""
    ops = (
        Conv2D(filters=48, kernel=(1, 1), activation="relu"),
        DepthwiseConv2D(kernel=(3, 3), activation="relu"),
    )

    def grow(builder: GraphBuilder, tensor: str) -> str:
        for op in ops:
            tensor = builder.append(op, tensor)
        return tensor

    (made,) = compiled([mild(network((24, 24, 48), grow), zero_point=-128)])
    measured = run_on(M4, made, objects, images=1)
    pointwise, rows = measured.instructions.values()
    assert pointwise < 1.05 * 24 * 24 * 48 * 48
    assert rows < 2.3 * 24 * 24 * 48 * 9
    assert measured.stack_bytes < 400
