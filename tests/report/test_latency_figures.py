"""Figures of time and battery life: drawn from the numbers, in both ways, whatever their span."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wakeling import boards, cost, spec
from wakeling.cost.latency import latency
from wakeling.report.figures.battery import LifePoint, battery_life_curve
from wakeling.report.figures.latency import Compared, layer_times, predicted_against_measured
from wakeling.report.figures.picture import save

TIME = latency(
    cost.cost(spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=96)), runtimes=()),
    boards.load_board("nucleo-l4r5zi"),
)


def words(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_every_layer_that_takes_time_has_a_bar_and_its_milliseconds() -> None:
    svg = layer_times(TIME).svg()
    written = words(svg)
    for layer in TIME.layers:
        assert layer.name in written
        assert f"{layer.ms:.3g}" in written
    assert f"{TIME.ms:,.0f} ms in all" in svg


def test_points_tell_what_lies_outside_its_interval() -> None:
    rows = [
        Compared("a", "one", 10.0, 12.0, 8.0, 16.0),
        Compared("b", "two", 1000.0, 100.0, 50.0, 200.0),
    ]
    svg = predicted_against_measured(rows, unit="ms", title="Times").svg()
    assert "Times (1 of 2 inside)" in words(svg)
    assert "b: measured 1000 ms, predicted 100 (50 to 200)" in svg
    assert {"one", "two", "inside its interval", "outside"} <= set(words(svg))


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("spread", [1.001, 3.0, 1e5])
def test_ticks_are_plain_numbers_at_any_span(scale: float, spread: float) -> None:
    rows = [
        Compared(f"{value}", "one", scale * value, scale * value, scale * value, scale * value)
        for value in (1, spread)
    ]
    for text in words(predicted_against_measured(rows, unit="ms", title="Times").svg()):
        assert "mathdefault" not in text
        assert "$" not in text


def test_battery_life_marks_the_users_choice() -> None:
    points = [
        LifePoint(10.0**power, 4000 / 10**power, 3000 / 10**power, 5000 / 10**power) for power in range(5)
    ]
    svg = battery_life_curve(points, points[2], title="Life").svg()
    assert "at 100 frames a day 40 days, 30 to 50" in svg
    assert {"a year", "a month", "a week", "a day"} <= set(words(svg))
    assert "5 points" in battery_life_curve(points, None, title="Life").svg()


def test_pictures_are_saved(tmp_path: Path) -> None:
    path = tmp_path / "layers.png"
    save(layer_times(TIME), path)
    assert path.read_bytes().startswith(b"\x89PNG")
