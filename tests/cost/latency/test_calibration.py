"""Calibration against synthetic truth: one time scales, many recover each kind, errors are told."""

from __future__ import annotations

import dataclasses
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling import boards, cost, spec
from wakeling.cost.latency import engine_from_toml, engine_to_toml, latency
from wakeling.cost.latency.calibration import EXPECTED_ERROR, Timing, calibrate
from wakeling.cost.latency.costs import EngineCosts
from wakeling.cost.latency.stored import costs_of, costs_on
from wakeling.cost.latency.work import Work, works
from wakeling.errors import LatencyError

BOARD = boards.load_board("nucleo-l4r5zi")
BASE = costs_of("tflm-cmsis-nn", "Cortex-M4")
KNOBS = [
    ("mobilenet_v1", 0.25, 96),
    ("mobilenet_v1", 0.5, 96),
    ("mobilenet_v1", 0.1, 160),
    ("mobilenet_v1", 1.0, 64),
    ("mobilenet_v2", 0.35, 96),
    ("mobilenet_v2", 0.5, 64),
    ("mobilenet_v2", 0.1, 128),
]
NETWORKS: dict[str, tuple[Work, ...]] = {
    f"{family}-{alpha}-{resolution}": works(
        cost.cost(spec.lower(spec.make(family, alpha=alpha, resolution=resolution)), runtimes=())
    )
    for family, alpha, resolution in KNOBS
}


def times(truth: EngineCosts, *, noise: float = 0.0) -> list[Timing]:
    """A time of each network, by the truth and a normal error of its logarithm."""
    timings = []
    for name, todo in NETWORKS.items():
        ms = truth.predict(todo).typical * 1000 / BOARD.clock_hz
        error = math.exp(random.Random(name).gauss(0, noise))
        timings.append(Timing(label=name, works=todo, ms=ms * error))
    return timings


def scaled(factor: float, **kinds: float) -> EngineCosts:
    cycles = {unit: factor * kinds.get(unit, 1.0) * amount for unit, amount in BASE.cycles.items()}
    return dataclasses.replace(BASE, cycles=cycles)


@given(st.floats(0.01, 100), st.sampled_from(sorted(NETWORKS)))
def test_one_time_scales_everything(factor: float, name: str) -> None:
    timing = next(item for item in times(scaled(factor)) if item.label == name)
    found = calibrate([timing], BOARD, BASE, "mine")
    assert found.method == "scale"
    for unit, cycles in found.engine.costs.cycles.items():
        assert cycles == pytest.approx(factor * BASE.cycles[unit])
    (residual,) = found.residuals
    assert residual.left_out_ms is None
    assert residual.after_ms == pytest.approx(residual.measured_ms)
    assert residual.before_ms == pytest.approx(residual.measured_ms / factor)
    assert found.engine.costs.level == pytest.approx(EXPECTED_ERROR)


def test_a_few_times_give_their_geometric_mean() -> None:
    first, second = times(scaled(1.0))[:2]
    found = calibrate(
        [dataclasses.replace(first, ms=2 * first.ms), dataclasses.replace(second, ms=8 * second.ms)],
        BOARD,
        BASE,
        "mine",
    )
    assert found.engine.costs.cycles["pointwise"] == pytest.approx(4 * BASE.cycles["pointwise"])


def test_many_times_recover_the_cost_of_a_kind() -> None:
    truth = scaled(0.7, depthwise=2.5)
    found = calibrate(times(truth), BOARD, BASE, "mine")
    assert found.method == "kinds"
    for residual in found.residuals:
        assert residual.after_ms == pytest.approx(residual.measured_ms, rel=0.03)
    # a network that it has not seen
    unseen = works(cost.cost(spec.lower(spec.make("mobilenet_v2", alpha=0.35, resolution=160)), runtimes=()))
    predicted, measured = (costs.predict(unseen) for costs in (found.engine.costs, truth))
    assert predicted.typical == pytest.approx(measured.typical, rel=0.05)
    assert predicted.low < measured.typical < predicted.high


def test_times_of_layers_recover_each_kind_closely() -> None:
    truth = scaled(1.3, depthwise=0.4, shallow=3.0, element=5.0, output=0.5)
    timings = [
        Timing(label=work.name, works=(work,), ms=truth.of(work) * 1000 / BOARD.clock_hz)
        for todo in NETWORKS.values()
        for work in todo
    ]
    found = calibrate(timings, BOARD, BASE, "mine")
    assert found.method == "kinds"
    for unit in ("pointwise", "depthwise", "shallow", "element", "output"):
        assert found.engine.costs.cycles[unit] == pytest.approx(truth.cycles[unit], rel=0.1), unit
    assert found.engine.costs.level < 0.1


def test_an_engine_that_only_differs_in_level_stays_simple() -> None:
    found = calibrate(times(scaled(2.0)), BOARD, BASE, "mine")
    assert found.method == "scale"


def test_noisy_times_have_a_wider_interval() -> None:
    calm = calibrate(times(scaled(1.0), noise=0.02), BOARD, BASE, "calm").engine.costs
    noisy = calibrate(times(scaled(1.0), noise=0.5), BOARD, BASE, "noisy").engine.costs
    assert noisy.level > 2 * calm.level


def test_times_without_a_row_come_from_a_fit_to_the_others() -> None:
    """For a scale: the geometric mean of the other ratios, by hand."""
    timings = times(scaled(1.0), noise=0.3)[:4]
    found = calibrate(timings, BOARD, BASE, "mine")
    ratios = [timing.ms / (BASE.predict(timing.works).typical * 1000 / BOARD.clock_hz) for timing in timings]
    for index, residual in enumerate(found.residuals):
        others = [ratio for place, ratio in enumerate(ratios) if place != index]
        expected = residual.before_ms * math.prod(others) ** (1 / len(others))
        assert residual.left_out_ms == pytest.approx(expected)


def test_the_file_gives_the_calibrated_times() -> None:
    truth = scaled(1.7)
    found = calibrate(times(truth), BOARD, BASE, "mine")
    engine = engine_from_toml(engine_to_toml(found.engine))
    assert engine == found.engine
    for (family, alpha, resolution), timing in zip(KNOBS, times(truth), strict=True):
        network = spec.lower(spec.make(family, alpha=alpha, resolution=resolution))
        assert latency(network, BOARD, engine).ms == pytest.approx(timing.ms)


def test_a_core_without_published_times_can_be_calibrated() -> None:
    board = dataclasses.replace(BOARD, name="mine", core="Cortex-M23", clock_hz=48_000_000)
    base = costs_on("tflm-cmsis-nn", "Cortex-M23")
    todo = NETWORKS["mobilenet_v1-0.25-96"]
    found = calibrate([Timing(label="it", works=todo, ms=1234.5)], board, base, "mine")
    network = spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=96))
    assert latency(network, board, found.engine).ms == pytest.approx(1234.5)


@pytest.mark.parametrize("ms", [0.0, -1.0, math.inf, math.nan])
def test_senseless_times_are_refused(ms: float) -> None:
    with pytest.raises(LatencyError, match="must be above 0"):
        Timing(label="it", works=NETWORKS["mobilenet_v1-0.25-96"], ms=ms)


def test_no_time_is_no_calibration() -> None:
    with pytest.raises(LatencyError, match="at least one"):
        calibrate([], BOARD, BASE, "mine")
