"""`wakeling battery` as a user runs it: the sums hold, JSON, pictures, mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wakeling.cli.main import run

NETWORK = ("battery", "mobilenet_v1", "--alpha", "0.25", "--resolution", "96")
BOARD = ("--board", "nucleo-l4r5zi")
USUAL = (*NETWORK, *BOARD, "--battery", "cr2032", "--sleep-ua", "2")


def read_json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    value = json.loads(capsys.readouterr().out)
    assert isinstance(value, dict)
    return value


def test_the_sums_hold(capsys: pytest.CaptureFixture[str]) -> None:
    alarms = ("--false-positive-rate", "0.02", "--negatives", "776", "--base-rate", "0.1")
    assert run([*USUAL, "--frames-per-day", "1440", "--camera-mj", "1.2", *alarms, "--json"]) == 0
    value = read_json(capsys)
    latency_s = value["latency"]["ms"] / 1000
    energy_mj = value["energy_mj"]["value"]
    assert energy_mj == pytest.approx(value["power_mw"]["value"] * latency_s)
    assert value["busy"] == pytest.approx(1440 * latency_s / 86_400)
    asleep_mw = 2e-3 * 3.0 * (1 - value["busy"])
    average_mw = 1440 * (energy_mj + 1.2) / 86_400 + asleep_mw
    assert value["average_mw"]["value"] == pytest.approx(average_mw)
    assert value["days"]["value"] == pytest.approx(225 * 3.0 * 0.8 / average_mw / 24)
    assert value["days"]["low"] < value["days"]["value"] < value["days"]["high"]
    assert value["frames_per_second"] == pytest.approx(1 / latency_s)
    found = value["false_alarms_per_day"]
    assert found["per_day"] == pytest.approx(1440 * 0.9 * 0.02)
    assert found["low"] < found["per_day"] < found["high"]


def test_people_get_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*USUAL, "--false-positive-rate", "0.02"]) == 0
    out = capsys.readouterr().out
    for text in ("tflm-cmsis-nn", "CR2032", "mW (", "published", "days (", "1,728", "give --negatives too"):
        assert text in out


def test_a_cell_that_is_asked_for_too_much_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*USUAL, "--active-mw", "150", "--frames-per-day", "10"]) == 0
    assert "computing draws 50 mA, more than the 15 mA" in capsys.readouterr().out


def test_a_life_beyond_the_shelf_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run([*NETWORK, *BOARD, "--battery", "aa-lithium-2", "--sleep-ua", "1", "--frames-per-day", "1"]) == 0
    )
    assert "longer than a cell keeps" in capsys.readouterr().out


def test_nothing_drawn_lasts_for_ever(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*NETWORK, *BOARD, "--battery", "cr2032", "--sleep-ua", "0", "--frames-per-day", "0"]
    assert run([*arguments, "--json"]) == 0
    assert read_json(capsys)["days"] == {"value": None, "low": None, "high": None}
    assert run(arguments) == 0
    assert "∞" in capsys.readouterr().out


def test_a_battery_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    own = ("--battery-mah", "1000", "--battery-volts", "3.7", "--usable", "0.5")
    assert run([*NETWORK, *BOARD, *own, "--sleep-ua", "2", "--json"]) == 0
    assert read_json(capsys)["battery"]["energy_mwh"] == pytest.approx(1850)


@pytest.mark.parametrize("frames", ["1440", "0"])
def test_it_is_drawn(frames: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "life.svg"
    assert run([*USUAL, "--frames-per-day", frames, "--plot", str(path)]) == 0
    assert "frames a day" in path.read_text()
    assert "drawn" in capsys.readouterr().err


def test_more_frames_than_a_day_has_is_a_no(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*USUAL, "--frames-per-day", "1e6"]) == 1
    assert "does at most" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([*NETWORK, *BOARD, "--sleep-ua", "2"], "give one battery"),
        ([*USUAL, "--battery-mah", "3"], "belong together"),
        ([*USUAL, "--battery-mah", "3", "--battery-volts", "3"], "give one battery"),
        (
            [*NETWORK, *BOARD, "--battery", "cr2023", "--sleep-ua", "2"],
            "unknown battery 'cr2023'; known: cr2032",
        ),
        ([*NETWORK, *BOARD, "--battery", "cr2032"], "--sleep-ua"),
        ([*NETWORK, "--battery", "cr2032", "--sleep-ua", "2"], "--board"),
        ([*NETWORK, "--board", "stm32f410", "--battery", "cr2032", "--sleep-ua", "2"], "--active-mw"),
        ([*USUAL, "--engine", "esp-nn"], "no time is known of esp-nn on Cortex-M4F"),
        ([*USUAL, "--engine", "missing.toml"], "missing.toml: cannot be read"),
        ([*USUAL, "--negatives", "3"], "give both"),
        ([*USUAL, "--false-positive-rate", "2"], "must be from 0 to 1"),
        ([*USUAL, "--usable", "2"], "usable share is 2.0"),
        ([*USUAL, "--frames-per-day", "-1"], "must be a number, at least 0"),
        ([*USUAL, "--frames-per-day", "nan"], "must be a number, at least 0"),
        ([*USUAL, "--plot", "life.gif"], "its name must end with"),
    ],
)
def test_mistakes_have_one_line(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.splitlines()[-1].startswith("wakeling: ")
    assert list(tmp_path.iterdir()) == []
