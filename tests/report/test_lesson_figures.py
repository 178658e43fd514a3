"""The lesson's figures: their words carry the lesson's numbers, for small and for odd shapes."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from wakeling.lesson import (
    explain_alpha,
    explain_convolution,
    explain_gap,
    explain_resolution,
    explain_separable,
)
from wakeling.report.figures.lesson_convolution import convolution_picture
from wakeling.report.figures.lesson_gap import gap_picture
from wakeling.report.figures.lesson_multiplier import multiplier_picture
from wakeling.report.figures.lesson_separable import separable_picture
from wakeling.report.figures.lesson_window import positions, view


def words(svg):
    return [html.unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


def test_a_convolution_shows_its_counts_and_positions():
    lesson = explain_convolution()
    shown = words(convolution_picture(lesson).svg())
    for text in ("6,912", "6,656", "108", "448 B", "position 9 of 64", "3×3×3 = 27 weights each"):
        assert text in shown
    assert shown.count("0") == 4 * (10 * 10 - 8 * 8)  # the zeros of the padding, in four frames
    assert "make row 7, column 7" in shown


@pytest.mark.parametrize(
    "shape",
    [
        {"height": 1, "width": 1, "kernel": 1, "channels": 1, "filters": 1},
        {"height": 1, "width": 300, "kernel": 1, "filters": 1000},
        {"height": 512, "width": 700, "kernel": 512, "filters": 100, "padding": "valid", "stride": 3},
        {"height": 5, "width": 5, "kernel": 5, "padding": "valid", "bias": True},
        {"height": 4, "width": 4, "kernel": 2, "stride": 7},
    ],
)
def test_odd_shapes_can_be_drawn(shape):
    assert convolution_picture(explain_convolution(**shape)).svg().startswith("<svg")
    plain = {key: value for key, value in shape.items() if key != "bias"}
    assert separable_picture(explain_separable(**plain)).svg().startswith("<svg")


@given(st.integers(1, 30), st.integers(1, 30))
def test_positions_are_numbered_row_by_row(rows, columns):
    order = [(row, column) for row in range(rows) for column in range(columns)]
    shown = positions(rows, columns)
    assert shown[0] == (1, (0, 0))
    assert shown[-1] == (rows * columns, (rows - 1, columns - 1))
    assert all(order[number - 1] == cell for number, cell in shown)
    assert len({number for number, _ in shown}) == len(shown) <= 4


@given(st.integers(-3, 0), st.integers(1, 200), st.integers(1, 20), st.integers(0, 200))
@settings(max_examples=200)
def test_a_view_shows_the_whole_window_and_nothing_beyond_the_map(first, size, kernel, offset):
    end = first + size
    start = first + offset
    assume(start + kernel <= end)
    shown = view(first, end, start, kernel)
    assert first <= shown.begin <= start
    assert start + kernel <= shown.end <= end


def test_a_separable_convolution_shows_both_ways():
    shown = words(separable_picture(explain_separable()).svg())
    for text in ("231.21 M", "27.50 M: 8.4 times fewer", "3×3×1, one a channel", "1×1×64", "3×3, at most 9"):
        assert text in shown
    costly = words(separable_picture(explain_separable(filters=1)).svg())
    assert any("times more" in text for text in costly)


def test_multipliers_show_accuracy_work_and_misprints():
    shown = words(multiplier_picture(explain_alpha()).svg())
    for text in ("325.4 M", "printed 317 M", "70.9", "7.2 %, RAM 294 KiB", "the rule α²"):
        assert text in shown
    shown = words(multiplier_picture(explain_resolution(classes=2)).svg())
    assert not any("accuracy" in text for text in shown)
    assert "96 pixels" in shown
    assert multiplier_picture(explain_alpha(alphas=(0.5,))).svg().startswith("<svg")


def test_the_gap_falls_step_by_step():
    shown = words(gap_picture(explain_gap(runtime="liveness")).svg())
    for text in ("16.10 MiB", "÷ 14.7", "213.9 KiB", "÷ 5.44", "54.0 KiB", "no change"):
        assert text in shown
    grown = words(gap_picture(explain_gap(alpha=2.0, classes=2000, runtime="liveness")).svg())
    assert any(text.startswith("× ") for text in grown)
