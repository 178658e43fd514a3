"""Energy and battery life against closed forms worked out by hand."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling import boards, cost, spec
from wakeling.cost.energy import (
    POWER_SPREAD,
    Battery,
    Duty,
    Interval,
    active_power,
    batteries,
    battery_life,
    inference_energy,
    load_battery,
)
from wakeling.cost.latency import Latency, latency
from wakeling.errors import DoesNotFitError, WakelingError

REPORT = cost.cost(spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=96)), runtimes=())
L4R5 = boards.load_board("nucleo-l4r5zi")
PREDICTED = latency(REPORT, L4R5)
TENTH: Latency = dataclasses.replace(PREDICTED, ms=100.0, low_ms=50.0, high_ms=200.0)
CELL = Battery(name="own", title="own", capacity_mah=1000, volts=3.0, usable=1.0)


def test_energy_is_power_times_time() -> None:
    """40 mW for 0.1 s are 4 mJ; an exact power leaves the time's interval."""
    assert inference_energy(TENTH, Interval(40, 40, 40)) == pytest.approx((4.0, 2.0, 8.0))


def test_a_day_by_hand() -> None:
    """8,640 frames of 4 + 2 mJ are 51.84 J: 0.6 mW. Asleep 99 % of the time at 10 µA × 3 V: 0.0297 mW."""
    duty = Duty(frames_per_day=8640, sleep_ua=10, camera_mj=2.0)
    life = battery_life(TENTH, Interval(4, 4, 4), duty, CELL)
    assert life.busy == pytest.approx(0.01)
    assert life.active_mw == pytest.approx(0.4)
    assert life.camera_mw == pytest.approx(0.2)
    assert life.sleep_mw == pytest.approx(0.0297)
    assert life.average_mw.value == pytest.approx(0.6297)
    assert life.days.value == pytest.approx(3000 / 0.6297 / 24)


def test_a_device_that_only_sleeps_lasts_its_capacity() -> None:
    life = battery_life(TENTH, Interval(4, 4, 4), Duty(frames_per_day=0, sleep_ua=100), CELL)
    assert life.days == pytest.approx((1000 / 0.1 / 24,) * 3)
    idle = battery_life(TENTH, Interval(4, 4, 4), Duty(frames_per_day=0, sleep_ua=0), CELL)
    assert math.isinf(idle.days.value)


def test_a_regulator_takes_its_share_of_what_is_drawn_awake() -> None:
    full = battery_life(TENTH, Interval(4, 4, 4), Duty(frames_per_day=864, sleep_ua=0), CELL)
    half = battery_life(TENTH, Interval(4, 4, 4), Duty(frames_per_day=864, sleep_ua=0, efficiency=0.5), CELL)
    assert half.days.value == pytest.approx(full.days.value / 2)


def test_more_energy_means_fewer_days() -> None:
    life = battery_life(TENTH, Interval(4, 2, 8), Duty(frames_per_day=864, sleep_ua=0), CELL)
    assert life.days.low == pytest.approx(life.days.value / 2)
    assert life.days.high == pytest.approx(life.days.value * 2)


@given(st.floats(1, 800_000), st.floats(1, 800_000), st.floats(0, 1000), st.floats(0, 100))
def test_life_falls_with_every_frame(one: float, other: float, sleep_ua: float, camera_mj: float) -> None:
    fewer, more = sorted((one, other))

    def days(frames: float) -> float:
        duty = Duty(frames_per_day=frames, sleep_ua=sleep_ua, camera_mj=camera_mj)
        # 40 mW awake is more than 1 mA × 3 V asleep, so computing never saves anything
        return battery_life(TENTH, Interval(4, 4, 4), duty, CELL).days.value

    assert days(more) <= days(fewer) * (1 + 1e-12)


def test_more_frames_than_a_day_has_time_for_do_not_fit() -> None:
    with pytest.raises(DoesNotFitError, match="does at most 864,000 a day, not 900,000"):
        battery_life(TENTH, Interval(4, 4, 4), Duty(frames_per_day=900_000, sleep_ua=1), CELL)


def test_mlperfs_energy_of_an_inference_comes_out_again() -> None:
    """ST's v1.2 submission: 3,895 µJ at 11.245 inferences a second; power × time gives it back."""
    power, origin = active_power(L4R5)
    measured = dataclasses.replace(PREDICTED, ms=1000 / 11.245, low_ms=1000 / 11.245, high_ms=1000 / 11.245)
    assert inference_energy(measured, power).value == pytest.approx(3.895, rel=0.01)
    assert origin.kind == "published"
    assert "MLPerf Tiny" in (origin.source or "")
    assert (power.low, power.high) == (33.9, 48.3)


def test_one_measured_power_is_unsure_by_a_factor() -> None:
    power, origin = active_power(boards.load_board("nucleo-u575zi"))
    assert power == pytest.approx((22.9, 22.9 / POWER_SPREAD, 22.9 * POWER_SPREAD))
    assert f"{POWER_SPREAD:g}" in (origin.error or "")


def test_power_that_nobody_measured_must_be_given() -> None:
    board = boards.load_board("arduino-nano-33-ble-sense")
    with pytest.raises(WakelingError, match=r"no measured power is known for arduino.*--active-mw"):
        active_power(board)
    assert active_power(board, 17.0)[0] == (17.0, 17.0, 17.0)
    assert active_power(board, 17.0)[1].kind == "measured"


@pytest.mark.parametrize("milliwatts", [0.0, -3.0, math.inf, math.nan])
def test_senseless_power_is_refused(milliwatts: float) -> None:
    with pytest.raises(WakelingError, match="must be above 0"):
        active_power(L4R5, milliwatts)


def test_batteries_name_their_sources() -> None:
    assert load_battery("cr2032").capacity_mah == 225
    assert load_battery("cr2032").energy_mwh == pytest.approx(225 * 3.0 * 0.8)
    for battery in batteries().values():
        assert battery.source
        assert 0 < battery.usable <= 1
    with pytest.raises(WakelingError, match="unknown battery 'cr2023'; known: cr2032"):
        load_battery("cr2023")


@pytest.mark.parametrize(
    "wrong", [{"capacity_mah": 0}, {"volts": -1}, {"usable": 0}, {"usable": 1.2}, {"capacity_mah": math.inf}]
)
def test_senseless_batteries_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(WakelingError, match="must be above 0"):
        dataclasses.replace(CELL, **wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"frames_per_day": -1.0},
        {"sleep_ua": math.nan},
        {"camera_mj": math.inf},
        {"efficiency": 0.0},
        {"efficiency": 1.5},
    ],
)
def test_senseless_duties_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(WakelingError, match="must be"):
        dataclasses.replace(Duty(frames_per_day=1, sleep_ua=1), **wrong)
