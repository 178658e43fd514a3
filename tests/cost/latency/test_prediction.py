"""Predicted times: near what was published, consistent, and refused where nothing is known."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from wakeling import boards, cost, spec
from wakeling.cost.latency import (
    ENGINES,
    engine_to_toml,
    engines_for,
    latency,
    latency_to_json,
    milliseconds,
)
from wakeling.cost.latency.engine_file import EngineFile
from wakeling.cost.latency.stored import costs_of
from wakeling.errors import LatencyError
from wakeling.graph import Graph, GraphBuilder
from wakeling.ops import Conv2D

NETWORK = spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=96))
REPORT = cost.cost(NETWORK, runtimes=())
L4R5 = boards.load_board("nucleo-l4r5zi")


def convolution(*, kernel: int = 1, channels: int = 8, kind: str = "int8") -> Graph:
    builder = GraphBuilder("one", (16, 16, channels), kind)  # type: ignore[arg-type]
    builder.append(Conv2D(filters=8, kernel=(kernel, kernel), use_bias=True), "input")
    return builder.build()


@pytest.mark.parametrize(
    ("board", "engine", "inferences_per_s"),
    [  # MLPerf Tiny, as published
        ("nucleo-l4r5zi", "x-cube-ai", 11.181),
        ("nucleo-l4r5zi", "plumerai", 10.126),
        ("nucleo-l4r5zi", "bosch-hale", 5.540),
        ("nucleo-h7a3zi", "x-cube-ai", 42.009),
        ("nucleo-h7a3zi", "plumerai", 37.29),
        ("stm32f746g-discovery", "bosch-hale", 17.468),
        ("nucleo-u575zi", "x-cube-ai", 16.87),
        ("nucleo-g0b1re", "bosch-hale", 0.707),
        ("ek-ra8d1", "renesas", 74.667),
        ("nrf5340-dk", "microtvm", 4.31),
    ],
)
def test_published_times_lie_in_the_interval(board: str, engine: str, inferences_per_s: float) -> None:
    found = latency(REPORT, boards.load_board(board), engine)
    assert found.low_ms < 1000 / inferences_per_s < found.high_ms
    assert found.ms == pytest.approx(1000 / inferences_per_s, rel=0.5)


def test_a_graph_and_its_report_take_the_same_time() -> None:
    assert latency(NETWORK, L4R5) == latency(REPORT, L4R5)


def test_layers_sum_to_the_whole_and_nothing_is_left_out() -> None:
    found = latency(REPORT, L4R5)
    assert sum(layer.ms for layer in found.layers) == pytest.approx(found.ms)
    assert {layer.name for layer in found.layers} == {
        layer.name for layer in REPORT.layers if layer.operator != "reshape"
    }
    for layer in found.layers:
        assert 0 < layer.low_ms < layer.ms < layer.high_ms
    assert milliseconds(REPORT, L4R5) == pytest.approx(found.ms)
    assert found.frames_per_second == pytest.approx(1000 / found.ms)


def test_time_is_inverse_to_the_clock() -> None:
    twice = dataclasses.replace(L4R5, clock_hz=2 * L4R5.clock_hz)
    assert latency(REPORT, twice).ms == pytest.approx(latency(REPORT, L4R5).ms / 2)


def test_channels_off_multiples_of_four_cost_up_to_1_7_times() -> None:
    aligned, off = latency(convolution(channels=8), L4R5), latency(convolution(channels=9), L4R5)
    per_mac = (off.ms / 9) / (aligned.ms / 8)
    assert 1 < per_mac < 1.7
    assert off.high_ms / off.ms > aligned.high_ms / aligned.ms


def test_large_depthwise_kernels_are_dear_where_there_is_no_fast_path() -> None:
    """esp-nn: 14.6 cycles a MAC for a network with 5×5 and 7×7 depthwise, 1.8 for one without."""
    slow, fast = (costs_of("esp-nn", "Xtensa LX7").cycles[kind] for kind in ("depthwise_large", "depthwise"))
    assert slow > 5 * fast


def test_every_board_of_a_known_core_has_its_usual_engine_first() -> None:
    usual = {name: engines_for(boards.load_board(name))[0] for name in boards.board_names()}
    assert usual["arduino-nano-33-ble-sense"] == "tflm-cmsis-nn"
    assert usual["esp32-s3-eye"] == "esp-nn"
    assert set(usual.values()) == {"tflm-cmsis-nn", "esp-nn"}
    for name in boards.board_names():
        board = boards.load_board(name)
        for engine in engines_for(board):
            found = latency(REPORT, board, engine)
            assert 0 < found.low_ms < found.ms < found.high_ms
            assert found.provenance.kind == "modelled"
            assert found.provenance.error


def test_vendors_engines_run_on_their_chips_only() -> None:
    assert "x-cube-ai" in engines_for(L4R5)
    assert "x-cube-ai" not in engines_for(boards.load_board("arduino-nano-33-ble-sense"))
    assert "renesas" in engines_for(boards.load_board("ek-ra8d1"))


def test_an_accelerator_beside_the_core_is_not_counted_on() -> None:
    assert latency(REPORT, boards.load_board("himax-we2")).core == "Cortex-M55"


def test_what_was_never_measured_says_so() -> None:
    seen = latency(REPORT, L4R5, "tflm-cmsis-nn").provenance
    unseen = latency(REPORT, boards.load_board("nucleo-u575zi"), "tflm-cmsis-nn").provenance
    own = latency(REPORT, L4R5, "wakeling-c").provenance
    assert "fitted to published times" in seen.how
    assert "no time of TensorFlow Lite Micro with CMSIS-NN on Cortex-M33 is known" in unseen.how
    assert "no time on a board is known yet" in own.how


@pytest.mark.parametrize(
    ("core", "engine", "message"),
    [
        ("Cortex-M23", None, "no published time is known for Cortex-M23 .* `wakeling calibrate`"),
        ("Cortex-M4F", "tflm-cmsis", "unknown engine 'tflm-cmsis'; known: tflm-cmsis-nn, "),
        ("Cortex-M4F", "esp-nn", "no time is known of esp-nn on Cortex-M4F .*known there: tflm-cmsis-nn"),
    ],
)
def test_nothing_is_guessed(core: str, engine: str | None, message: str) -> None:
    with pytest.raises(LatencyError, match=message):
        latency(REPORT, dataclasses.replace(L4R5, core=core), engine)


def test_float_networks_take_the_reference_kernels_and_are_less_sure() -> None:
    integers = latency(convolution(kernel=3), L4R5, "tflm-reference")
    floats = latency(convolution(kernel=3, kind="float32"), L4R5)
    assert floats.ms == pytest.approx(integers.ms)
    assert floats.high_ms / floats.ms > integers.high_ms / integers.ms
    assert "float32" in floats.provenance.how
    for board, engine in ((L4R5, "plumerai"), (boards.load_board("nucleo-g0b1re"), None)):
        with pytest.raises(LatencyError, match="computes in float32"):
            latency(convolution(kind="float32"), board, engine)


def test_json_has_the_time_and_where_it_comes_from() -> None:
    found = latency(REPORT, L4R5)
    value = latency_to_json(found)
    assert value["ms"] == pytest.approx(found.ms, abs=1e-6)
    assert len(value["layers"]) == len(found.layers)
    assert value["provenance"]["kind"] == "modelled"


def test_a_calibrated_engine_is_used_on_its_core_only(tmp_path: Path) -> None:
    base = costs_of("tflm-cmsis-nn", "Cortex-M4")
    cycles = {unit: 3 * amount for unit, amount in base.cycles.items()}
    engine = EngineFile(
        name="mine",
        base="tflm-cmsis-nn",
        board="nucleo-l4r5zi",
        measurements=2,
        costs=dataclasses.replace(base, cycles=cycles, level=0.1),
    )
    path = tmp_path / "mine.toml"
    path.write_text(engine_to_toml(engine))
    for given in (engine, path, str(path)):
        found = latency(REPORT, L4R5, given)
        assert found.engine == "mine"
        assert found.ms == pytest.approx(3 * latency(REPORT, L4R5).ms)
        assert "calibrated on nucleo-l4r5zi with 2 measured times" in found.provenance.how
    with pytest.raises(LatencyError, match="calibrated on Cortex-M4, and nucleo-h743zi has Cortex-M7F"):
        latency(REPORT, boards.load_board("nucleo-h743zi"), engine)


def test_predicting_loads_no_numpy() -> None:
    code = (
        "import sys; from wakeling import boards, cost, spec; from wakeling.cost.latency import latency; "
        "latency(spec.lower(spec.make('mobilenet_v1', alpha=0.25, resolution=96)), "
        "boards.load_board('nucleo-l4r5zi')); sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


def test_every_engine_is_titled() -> None:
    for engine in ENGINES.values():
        assert engine.title
        assert engine.cores
