"""Kernels for cores with Helium: on an emulated Cortex-M55 every layer equals golden, bit for bit.

No pip package emulates Helium; the tests that run code need `qemu-system-arm`.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.export.c.emulated import functions_of
from tests.export.c.tiny import mild, network
from wakeling.cost.memory.patch_stages import Stages
from wakeling.export.c import CompiledModel, compile_model, target_of
from wakeling.export.c.compile import written
from wakeling.export.c.lower import lower_model
from wakeling.graph import GraphBuilder, weight_key
from wakeling.importers import read_tflite
from wakeling.ops import (
    Activation,
    ActivationKind,
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    MaxPool2D,
    Mul,
    Operator,
    Sub,
)
from wakeling.quantize.model import QuantizedModel
from wakeling.testing.random_models import random_images, random_model
from wakeling.verify.c.emulators import emulator_of
from wakeling.verify.c.proof import prove_compiled
from wakeling.verify.c.proof_report import CProof
from wakeling.verify.c.toolchain import has_gcc

M55 = target_of("cortex-m55")
PEERS = Path(__file__).parents[4] / "shared" / "peers"

needs_board = pytest.mark.skipif(shutil.which("qemu-system-arm") is None, reason="no qemu-system-arm")
pytestmark = [pytest.mark.emulator, needs_board]

COMPILERS = [
    "zig",
    pytest.param("gcc", marks=pytest.mark.skipif(not has_gcc(), reason="no arm-none-eabi-gcc")),
]


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where compiled kernels are kept from test to test."""
    return tmp_path_factory.mktemp("objects")


def proof(
    made: CompiledModel, folder: Path, *, compiler: str = "zig", images: int = 2, seed: int = 1
) -> CProof:
    """Every layer of a model equals golden on noise."""
    noise = random_images(made.original, images, seed)
    found = prove_compiled(made, noise, emulator=emulator_of(M55, "qemu", compiler), folder=folder)
    assert found.difference is None, found.difference.detail
    return found


def check(model: QuantizedModel, folder: Path, *kernels: str, compiler: str = "zig") -> CompiledModel:
    """A model equals golden, and uses these kernels."""
    made = compile_model(model, M55, keep_constant_channels=True)
    assert functions_of([made]) >= {f"wk_mve_{name}" for name in kernels}
    proof(made, folder, compiler=compiler)
    return made


def in_place(made: CompiledModel) -> list[str]:
    """The layers that write over their input."""
    offsets = made.plan.offsets
    return [
        layer.node.name
        for layer in made.program.layers
        if offsets[layer.inputs[0]] == offsets[layer.node.name]
    ]


def chain(
    shape: tuple[int, int, int], ops: tuple[Operator, ...], activation: ActivationKind
) -> QuantizedModel:
    """Operators one after the other, with mild scales."""

    def grow(builder: GraphBuilder, tensor: str) -> str:
        for op in ops:
            if isinstance(op, Conv2D | DepthwiseConv2D):
                op = dataclasses.replace(op, activation=activation)
            tensor = builder.append(op, tensor)
        return tensor

    return mild(network(shape, grow), zero_point=-128 if activation == "relu" else 9)


def pointwise(*filters: int) -> tuple[Operator, ...]:
    return tuple(Conv2D(filters=count, kernel=(1, 1)) for count in filters)


CHAINS: Mapping[str, tuple[tuple[int, int, int], tuple[Operator, ...]]] = {
    # whole vectors of inputs and what is left of them, fours of outputs and one to three more,
    # forward where pixels shrink, backward where they grow, pixels in pairs and one left over
    "pointwise, pairs": ((4, 4, 3), pointwise(8, 16, 15, 17, 32, 33, 31, 45, 48, 5, 64, 80, 97, 2, 1)),
    "pointwise, odd": ((3, 5, 16), pointwise(4, 9, 20, 32, 18, 64, 46, 7)),
    "pointwise, one pixel": ((1, 1, 20), pointwise(3, 40, 40)),
    # one tap, but not every pixel: through the ring, also where pixels grow
    "convolutions of one tap": (
        (17, 16, 6),
        (
            Conv2D(filters=8, kernel=(3, 3)),
            Conv2D(filters=15, kernel=(1, 1), stride=(2, 2)),
            Conv2D(filters=20, kernel=(1, 1), stride=(1, 2)),
        ),
    ),
    "convolutions": (
        (17, 19, 3),
        (
            Conv2D(filters=7, kernel=(3, 3), stride=(2, 2)),
            Conv2D(filters=4, kernel=(3, 3)),
            Conv2D(filters=9, kernel=(1, 1), stride=(2, 1)),
            Conv2D(filters=5, kernel=(5, 1)),
            Conv2D(filters=6, kernel=(2, 3), padding="valid"),
            Conv2D(filters=3, kernel=(1, 7)),
            Conv2D(filters=4, kernel=(3, 3), dilation=(1, 2)),
            Conv2D(filters=4, kernel=(3, 2), dilation=(2, 1)),
        ),
    ),
    # both strides, all margins, columns in fours and one to three more, rows in pairs and one more
    "depthwise 3x3, even": (
        (16, 12, 3),
        (
            DepthwiseConv2D(kernel=(3, 3)),
            DepthwiseConv2D(kernel=(3, 3), padding="valid"),
            DepthwiseConv2D(kernel=(3, 3), stride=(2, 2)),
            DepthwiseConv2D(kernel=(3, 3)),
            DepthwiseConv2D(kernel=(3, 3), stride=(2, 2)),
            DepthwiseConv2D(kernel=(3, 3)),
            DepthwiseConv2D(kernel=(3, 3), stride=(2, 2)),
            DepthwiseConv2D(kernel=(3, 3)),
            DepthwiseConv2D(kernel=(3, 3)),
        ),
    ),
    "depthwise 3x3, odd": (
        (13, 23, 5),
        (
            DepthwiseConv2D(kernel=(3, 3)),
            DepthwiseConv2D(kernel=(3, 3), stride=(2, 2)),
            DepthwiseConv2D(kernel=(3, 3)),
            DepthwiseConv2D(kernel=(3, 3), stride=(2, 2), padding="valid"),
            DepthwiseConv2D(kernel=(3, 3)),
        ),
    ),
    "other depthwise kernels": (
        (24, 25, 2),
        (
            DepthwiseConv2D(kernel=(5, 5)),
            DepthwiseConv2D(kernel=(7, 7), stride=(2, 2)),
            DepthwiseConv2D(kernel=(8, 8)),
            DepthwiseConv2D(kernel=(4, 2)),
            DepthwiseConv2D(kernel=(5, 3), stride=(1, 2), padding="valid"),
            DepthwiseConv2D(kernel=(6, 6), stride=(3, 1)),
        ),
    ),
}

KERNELS: Mapping[str, str] = {
    "pointwise": "conv_2d",
    "convolutions": "conv_2d",
    "depthwise": "depthwise_3x3",
    "other": "depthwise",
}


@pytest.mark.parametrize("activation", ["relu", "linear"])
@pytest.mark.parametrize("name", CHAINS)
def test_layers_over_their_inputs_equal_golden(name: str, activation: ActivationKind, objects: Path) -> None:
    shape, ops = CHAINS[name]
    model = chain(shape, ops, activation)
    made = check(model, objects, KERNELS[name.replace(",", "").split()[0]])
    assert len(in_place(made)) >= len(ops) // 2


@pytest.mark.parametrize("compiler", COMPILERS)
def test_layers_beside_their_inputs_equal_golden(compiler: str, objects: Path) -> None:
    """The input is needed to the end, so that nothing lies over it."""

    def grow(builder: GraphBuilder, tensor: str) -> str:
        made = [
            builder.append(op, tensor)
            for op in (
                *pointwise(16, 16, 16),
                Conv2D(filters=16, kernel=(3, 3)),
                DepthwiseConv2D(kernel=(3, 3)),
                DepthwiseConv2D(kernel=(5, 5)),
                MaxPool2D(pool=(3, 3), stride=(1, 1), padding="same"),
                AveragePool2D(pool=(3, 3), stride=(1, 1), padding="same"),
            )
        ]
        total = tensor
        for branch in made:
            total = builder.append(Add(), total, branch)
        return builder.append(Sub(), total, tensor)

    model = network((5, 6, 16), grow)
    check(
        model,
        objects,
        *("conv_2d", "depthwise_3x3", "depthwise", "max_pool_2d", "average_pool_2d", "add"),
        compiler=compiler,
    )


def test_an_image_of_one_channel_is_convolved(objects: Path) -> None:
    ops = (DepthwiseConv2D(kernel=(3, 3), stride=(2, 2), multiplier=6), *pointwise(4))
    check(chain((9, 8, 1), ops, "relu"), objects, "conv_2d")


def test_values_one_by_one_equal_golden(objects: Path) -> None:
    """Tables, sums, differences and products: of tensors, of constants for each channel, of a number."""

    def grow(builder: GraphBuilder, tensor: str) -> str:
        first = builder.append(Activation(kind="hard_swish"), tensor)
        second = builder.append(Sub(activation="relu"), first, tensor)
        third = builder.append(Mul(), second, first)
        fourth = builder.append(Add(constant=(7,)), third)
        fifth = builder.append(Mul(constant=(7,)), fourth)
        return builder.append(Add(constant=()), fifth)

    check(network((3, 5, 7), grow), objects, "table", "add", "mul")


@pytest.mark.parametrize("channels", [1, 7, 16, 21])
def test_pools_of_all_remainders_equal_golden(channels: int, objects: Path) -> None:
    """In place and beside, with margins and without, a window wider than the image, a whole image."""
    ops = (
        MaxPool2D(pool=(2, 2), stride=(2, 2)),
        AveragePool2D(pool=(3, 2), stride=(2, 1), padding="same"),
        MaxPool2D(pool=(3, 3), stride=(1, 1), padding="same"),
        AveragePool2D(pool=(2, 3), stride=(1, 1)),
        AveragePool2D(pool=(1, 1), stride=(1, 1)),
    )
    model = chain((15, 12, channels), ops, "linear")
    height, width, _ = model.graph.nodes[-1].shape
    whole = AveragePool2D(pool=(height, width), stride=(1, 1))
    check(chain((15, 12, channels), (*ops, whole), "linear"), objects, "max_pool_2d", "average_pool_2d")


@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_halves_of_both_signs_are_rounded_as_golden_rounds_them(
    activation: ActivationKind, objects: Path
) -> None:
    """Small sums around zero at factors that make halves; each channel has a shift of its own."""
    factors = np.array([0.75, 0.625, 0.5, 0.999999999, 1.5 * 2**-9, 2**-30, 0.25, 3.0], np.float32)
    for op in (
        Conv2D(filters=8, kernel=(1, 1), activation=activation),
        DepthwiseConv2D(kernel=(3, 3), activation=activation),
        DepthwiseConv2D(kernel=(5, 4), activation=activation),
        DepthwiseConv2D(kernel=(3, 3), stride=(2, 2), activation=activation),
    ):
        for scales in (factors, np.minimum(factors, 0.999999999).astype(np.float32)):
            model = mild(network((8, 9, 8), op), zero_point=-128 if activation == "relu" else 3)
            (node,) = model.graph.nodes
            key, source = weight_key(node, "weight"), model.tensors["input"]
            small = np.zeros_like(model.weights[key])
            small[(..., slice(None)) if isinstance(op, DepthwiseConv2D) else (slice(None), 0, 0, 0)] = (
                np.arange(-3, 5)
            )
            check(
                dataclasses.replace(
                    model,
                    tensors={
                        **model.tensors,
                        node.name: dataclasses.replace(model.tensors[node.name], scale=source.scale),
                    },
                    weight_scales={node.name: scales},
                    weights={key: small},
                    biases={weight_key(node, "bias"): np.arange(-4, 4, dtype=np.int32) * 5},
                ),
                objects,
            )


@pytest.mark.parametrize("kind", ["relu", "relu6"])
def test_ends_that_are_no_ends_of_int8_are_clamped(kind: ActivationKind, objects: Path) -> None:
    ops = (
        *pointwise(5, 40, 6),
        DepthwiseConv2D(kernel=(3, 3)),
        DepthwiseConv2D(kernel=(3, 3), stride=(2, 2)),
    )
    model = chain((7, 7, 4), ops, kind)
    tensors = {
        name: dataclasses.replace(quant, zero_point=-90) if name != "input" else quant
        for name, quant in model.tensors.items()
    }
    check(dataclasses.replace(model, tensors=tensors), objects, "conv_2d", "depthwise_3x3")


def test_sums_and_shifts_of_any_size_equal_golden(objects: Path) -> None:
    """Left shifts, biases at both ends of int32, scales next to nothing."""
    for op in (
        Conv2D(filters=6, kernel=(1, 1)),
        Conv2D(filters=6, kernel=(3, 3)),
        DepthwiseConv2D(kernel=(3, 3)),
        DepthwiseConv2D(kernel=(3, 3), stride=(2, 2)),
        DepthwiseConv2D(kernel=(2, 2)),
    ):
        model = network((6, 7, 6), op)
        (node,) = model.graph.nodes
        ends = np.array([2**31 - 1, -(2**31), 2**30, -(2**30), 5, 0], np.int32)
        scales = np.array([1e-9, 1e-8, 1e-6, 1e-7, 40, 1e4], np.float32)
        biases = {weight_key(node, "bias"): ends}
        check(dataclasses.replace(model, biases=biases, weight_scales={node.name: scales}), objects)


def patched_model(seed: int) -> CompiledModel | None:
    """A random network whose first layers run patch by patch on the M55, if it has such a stage."""
    model, rng = random_model(seed), np.random.default_rng(seed)
    stages = list(Stages(model.graph, most_patches=4, streams_input=False))
    grids = list(stages[-1].grids()) if stages else []
    if not grids:
        return None
    program = lower_model(model, M55, stages[-1].plan(*grids[rng.integers(len(grids))]))
    return written(program, model, name="model")


def test_patches_equal_golden(objects: Path) -> None:
    models = [made for made in map(patched_model, range(6)) if made is not None]
    assert len(models) >= 3
    for made in models:
        proof(made, objects)


@pytest.mark.slow
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("batch", range(5))
def test_random_networks_equal_golden(batch: int, compiler: str, objects: Path) -> None:
    for seed in range(7000 + 20 * batch, 7020 + 20 * batch):
        made = compile_model(random_model(seed), M55, keep_constant_channels=seed % 2 == 0)
        proof(made, objects, compiler=compiler, images=1, seed=seed)
        patched = patched_model(seed)
        if patched is not None:
            proof(patched, objects, compiler=compiler, images=1, seed=seed)


@pytest.mark.slow
@pytest.mark.skipif(not PEERS.exists(), reason="no published models beside this checkout")
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize(
    ("keep", "most_instructions"), [(True, 2_500_000), (False, 1_800_000)], ids=["kept", "eliminated"]
)
def test_the_published_reference_model_takes_no_more_instructions(
    keep: bool, most_instructions: int, compiler: str, objects: Path
) -> None:
    """Measured under emulation; TensorFlow Lite Micro with CMSIS-NN takes 6.56 million."""
    model = read_tflite(PEERS / "vww_96_int8.tflite").quantized
    assert model is not None
    made = compile_model(model, M55, keep_constant_channels=keep)
    instructions = proof(made, objects, compiler=compiler).instructions
    assert instructions is not None
    assert instructions.most <= most_instructions
