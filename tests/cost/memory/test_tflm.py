"""TFLM's arena against its own interpreter (64 bits), and against arenas measured on a Cortex-M."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import get_args

import pytest

from tests.cost.memory.tflm_arenas import arenas
from wakeling import spec
from wakeling.cost.memory import tflm
from wakeling.cost.memory.tflm import FILE_ACTIVATIONS, FILE_OPERATORS
from wakeling.cost.memory.tflm_structures import KERNELS, Kernels
from wakeling.errors import WakelingError
from wakeling.export import tflite
from wakeling.fuse import fuse
from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.importers.tflite import read_tflite
from wakeling.ops import (
    OPERATORS,
    Activation,
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    MaxPool2D,
    Mean,
    PointwiseKind,
    Reshape,
    Softmax,
)
from wakeling.quantize.model import QuantizedModel
from wakeling.testing.random_models import quantize_randomly, random_model

SHARED = Path(__file__).parents[3].parent / "shared"
PEERS = SHARED / "peers"
BASELINES = SHARED / "reference" / "emulated_baselines.csv"


def family(name: str, **knobs: float) -> Graph:
    return fuse(spec.lower(spec.make(name, **knobs))).graph


def person_detect() -> Graph:
    """TFLM's example: as MobileNetV1 0.25-96, but for the first and the last layers."""
    quarter = family("mobilenet_v1", alpha=0.25, resolution=96)
    builder = GraphBuilder("person_detect", (96, 96, 1))
    first = DepthwiseConv2D(kernel=(3, 3), stride=(2, 2), multiplier=8, use_bias=True, activation="relu6")
    tensor = builder.append(first, INPUT)
    for node in quarter.nodes[1:-3]:
        tensor = builder.append(node.op, tensor)
    tensor = builder.append(Conv2D(filters=2, kernel=(1, 1), use_bias=True), tensor)
    builder.append(Softmax(), builder.append(Reshape(shape=(2,)), tensor))
    return builder.build()


def planned(graph: Graph) -> tuple[int, int]:
    """Head and tail by the planner, as the Python wheel has them."""
    plan = tflm(graph, pointer_bytes=8, kernels="reference")
    tail = plan.parts["persistent"]
    return plan.peak_bytes - tail, tail


def dense_arrays(model: QuantizedModel) -> int:
    """Multipliers and shifts of dense layers with a scale for each unit, which no graph shows."""
    return sum(
        2 * (-(-4 * len(scales) // 16) * 16)
        for name, scales in model.weight_scales.items()
        if isinstance(model.graph.by_name[name].op, Dense) and len(scales) > 1
    )


def check_files(models: list[QuantizedModel]) -> None:
    """Head and tail to the byte."""
    found = arenas([tflite.to_bytes(model) for model in models])
    for model, (head, tail) in zip(models, found, strict=True):
        own_head, own_tail = planned(model.graph)
        assert (own_head, own_tail + dense_arrays(model)) == (head, tail), model.name


def test_the_arena_of_our_own_files_is_exact_to_the_byte() -> None:
    """Families as they are exported, and random graphs of every operator."""
    graphs = [
        family("mobilenet_v1", alpha=0.25, resolution=96),
        family("mobilenet_v1", alpha=0.5, resolution=64, channels=1),
        family("mobilenet_v2", alpha=0.35, resolution=96),
        family("mobilenet_v2", alpha=1.0, resolution=64),
    ]
    check_files(
        [quantize_randomly(graph, 0) for graph in graphs] + [random_model(seed) for seed in range(30)]
    )


@pytest.mark.slow
@pytest.mark.parametrize("start", range(30, 630, 100))
def test_the_arena_of_hundreds_of_random_files_is_exact_to_the_byte(start: int) -> None:
    check_files([random_model(seed) for seed in range(start, start + 100)])


@pytest.mark.skipif(not PEERS.exists(), reason="the published models are not here")
def test_published_models_have_an_exact_head_and_a_total_within_half_a_percent() -> None:
    paths = sorted(PEERS.glob("*.tflite"))
    for path, (head, tail) in zip(paths, arenas([path.read_bytes() for path in paths]), strict=True):
        own_head, own_tail = planned(read_tflite(path).graph)
        assert own_head == head, path.name
        assert abs(own_head + own_tail - head - tail) / (head + tail) < 0.005, path.name


MEASURED: dict[tuple[str, Kernels], int] = {
    ("vww_96_int8", "reference"): 100_660,
    ("vww_96_int8", "cmsis-nn"): 100_708,
    ("vww_96_int8", "cmsis-nn-mve"): 100_756,
    ("person_detect", "reference"): 82_292,
    ("person_detect", "cmsis-nn"): 82_308,
    ("person_detect", "cmsis-nn-mve"): 82_356,
}
"""Tensor arenas under QEMU, in bytes; the 32-bit base of the structures was fitted to them."""


@pytest.mark.parametrize(("network", "kernels"), list(MEASURED))
def test_arenas_measured_on_a_cortex_m_are_met(network: str, kernels: Kernels) -> None:
    graphs = {
        "vww_96_int8": family("mobilenet_v1", alpha=0.25, resolution=96),
        "person_detect": person_detect(),
    }
    assert tflm(graphs[network], kernels=kernels).peak_bytes == MEASURED[network, kernels]


@pytest.mark.skipif(not BASELINES.exists(), reason="the table of measured arenas is not here")
def test_the_measured_arenas_are_those_of_the_table() -> None:
    engines: dict[tuple[str, str], Kernels] = {
        ("TFLM reference kernels", "Cortex-M4"): "reference",
        ("TFLM + CMSIS-NN", "Cortex-M4"): "cmsis-nn",
        ("TFLM + CMSIS-NN", "Cortex-M7"): "cmsis-nn",
        ("TFLM + CMSIS-NN (MVE)", "Cortex-M55"): "cmsis-nn-mve",
    }
    checked = 0
    with BASELINES.open() as file:
        for row in csv.DictReader(file):
            kernels = engines.get((row["engine"], row["target"]))
            if kernels is not None:
                assert MEASURED[row["network"], kernels] == int(row["ram_bytes"])
                checked += 1
    assert checked == 8


def test_the_greedy_planner_leaves_a_gap_that_a_better_placement_would_not() -> None:
    """The tensors of MobileNetV1 0.25-96 need 55,296 bytes at most; TFLM's head takes 73,728."""
    plan = tflm(family("mobilenet_v1", alpha=0.25, resolution=96))
    assert plan.parts["tensors"] == 55_296
    assert plan.parts["gaps"] == 18_432


def test_of_equally_large_buffers_the_later_one_is_placed_first() -> None:
    """Three buffers of 64 bytes in a chain: the last two go to 0 and 64, the first to 64."""
    builder = GraphBuilder("chain", (8, 8, 1))
    first = builder.append(MaxPool2D(pool=(1, 1)), INPUT, name="first")
    builder.append(MaxPool2D(pool=(1, 1)), first, name="second")
    offsets = tflm(builder.build()).offsets
    assert (offsets["second"], offsets["first"], offsets[INPUT]) == (0, 64, 0)


def test_operators_that_a_file_has_as_two_make_a_tensor_in_between() -> None:
    builder = GraphBuilder("two", (4, 4, 4))
    normed = builder.append(BatchNorm(), INPUT, name="norm")
    builder.append(Activation(kind="swish"), normed, name="swish")
    plan = tflm(builder.build())
    assert plan.order == ("norm/mul", "norm", "swish/logistic", "swish")
    assert len(plan.live_bytes) == 4


@pytest.mark.parametrize(
    ("op", "kernels", "scratch"),
    [
        (Conv2D(filters=4, kernel=(3, 3)), "reference", 0),
        (Conv2D(filters=4, kernel=(3, 3)), "cmsis-nn", 2 * 2 * 3 * 3 * 8),
        (Conv2D(filters=4, kernel=(3, 3)), "cmsis-nn-mve", 4 * 80),
        (Conv2D(filters=4, kernel=(1, 1)), "cmsis-nn", 0),
        (DepthwiseConv2D(kernel=(3, 3)), "cmsis-nn", 0),
        (DepthwiseConv2D(kernel=(5, 5)), "cmsis-nn", 2 * 8 * 25),
        (DepthwiseConv2D(kernel=(3, 3), multiplier=2), "cmsis-nn", 0),
        (DepthwiseConv2D(kernel=(3, 3)), "cmsis-nn-mve", 4 * 124 * 9),
        (AveragePool2D(pool=(2, 2)), "cmsis-nn", 4 * 8),
        (AveragePool2D(pool=(2, 2)), "cmsis-nn-mve", 0),
        (Mean(), "reference", 4 * 8 + 16 + 16),
    ],
)
def test_scratch_buffers_are_those_of_the_kernels(op, kernels: Kernels, scratch: int) -> None:  # type: ignore[no-untyped-def]
    builder = GraphBuilder("one", (8, 8, 8))
    builder.append(op, INPUT)
    plan = tflm(builder.build(), kernels=kernels)
    found = sum(buffer.size_bytes for buffer in plan.buffers if buffer.kind == "scratch")
    assert found == -(-scratch // 16) * 16


def test_options_that_do_not_go_together_are_refused_in_a_line() -> None:
    graph = family("mobilenet_v1", alpha=0.25, resolution=48)
    with pytest.raises(WakelingError, match="TFLM on 64 bits has reference kernels only; given 'cmsis-nn'"):
        tflm(graph, pointer_bytes=8)
    with pytest.raises(WakelingError, match="unknown kernels 'cmsis'; known: cmsis-nn"):
        tflm(graph, kernels="cmsis")  # type: ignore[arg-type]


def test_every_operator_and_every_activation_has_its_kernels() -> None:
    assert set(FILE_OPERATORS) | {Activation} == set(OPERATORS.values())
    assert set(FILE_ACTIVATIONS) == set(get_args(PointwiseKind))
    named = {name for names in (*FILE_OPERATORS.values(), *FILE_ACTIVATIONS.values()) for name in names}
    assert named == set(KERNELS)
