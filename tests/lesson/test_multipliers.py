"""α and the resolution: closed forms, published tables, misprints, and what the remarks claim."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from wakeling.codec import decode, encode
from wakeling.errors import SpecError
from wakeling.lesson import (
    MultiplierLesson,
    explain_alpha,
    explain_resolution,
    parameters_counted,
    printed_remarks,
    scaling_remarks,
)
from wakeling.lesson.printed import verdict

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
LESSONS = [
    explain_alpha(),
    explain_resolution(),
    explain_alpha(family="mobilenet_v2", alphas=(1.4, 1.3, 1.0, 0.75, 0.5, 0.35)),
    explain_resolution(family="mobilenet_v2"),
]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: f"{lesson.family}-{lesson.knob}")
def test_kinds_of_layers_hold_all_macs_and_nothing_else(lesson):
    for row in lesson.rows:
        assert sum(row.macs_by_kind.values()) == row.macs == row.multiplications
        assert row.macs_ratio == row.macs / lesson.full.macs
    assert decode(MultiplierLesson, encode(lesson, "lesson"), "lesson") == lesson


def test_mobilenet_v1_is_exactly_a_linear_and_a_square_part():
    """MACs = a·α + b·α²: with b the pointwise layers and a all others, whose one side does not shrink."""
    full = explain_alpha().full
    square = full.macs_by_kind["pointwise"]
    for row in explain_alpha(alphas=(0.125, 0.25, 0.5, 0.75, 2.0)).rows:
        if row.alpha == 0.125:
            continue  # 8 filters at least: the first layer no longer shrinks
        assert row.macs == row.alpha * (full.macs - square) + row.alpha**2 * square
    assert full.macs == 568_740_352


def test_the_papers_counts_within_a_million():
    for lesson in (explain_alpha(), explain_resolution(), explain_resolution(alpha=0.5)):
        for row in lesson.rows:
            for printed in row.printed:
                if printed.source.startswith("Howard"):
                    assert abs(printed.macs_millions - row.macs / 1e6) < 1
                    assert printed.verdict != "misprint"


def test_misprints_are_the_five_that_no_rounding_explains():
    mistakes = {
        (row.alpha, row.resolution): (row.printed_macs_millions, round(row.macs / 1e6, 1))
        for row in explain_alpha().misprints
    }
    assert mistakes == {
        (0.75, 224): (317, 325.4),
        (0.75, 192): (233, 239.3),
        (0.75, 160): (162, 166.4),
        (0.75, 128): (104, 106.8),
        (0.25, 192): (34, 30.2),
    }
    assert explain_resolution(family="mobilenet_v2").misprints == ()


@pytest.mark.parametrize(
    ("printed", "macs", "expected"),
    [
        (569, 568_740_352, "rounded"),
        (290, 290_675_200, "cut off"),
        (150, 149_497_088, "rounded up"),
        (317, 325_400_448, "misprint"),
        (34, 30_213_184, "misprint"),
        (300, 300_774_272, "cut off"),
        (2, 1_000_000, "misprint"),
    ],
)
def test_how_a_printed_figure_came_about(printed, macs, expected):
    assert verdict(printed, macs) == expected


def test_published_parameters_are_reproduced_to_the_last_printed_digit():
    """slim's V1 table counts three values a channel, its V2 table none; each row agrees."""
    for lesson, values in ((LESSONS[0], 3), (LESSONS[2], 0)):
        assert lesson.printed_values_a_channel == values
        for row in lesson.rows:
            counted = parameters_counted(row, values) / 1e6
            assert f"{counted:.2f}" == f"{row.printed[0].parameters_millions:.2f}"
            assert parameters_counted(row, 4) == row.training_parameters
            assert parameters_counted(row, 1) == row.deployed_parameters


def test_resolution_changes_work_and_ram_but_no_parameters():
    lesson = explain_resolution()
    for row in lesson.rows:
        assert row.deployed_parameters == lesson.full.deployed_parameters
        assert row.ram_ratio == pytest.approx(row.rule)
        assert row.macs_by_kind["classifier"] == lesson.full.macs_by_kind["classifier"] == 1024 * 1000
        images = row.macs - row.macs_by_kind["classifier"]
        assert images * 224**2 == (lesson.full.macs - 1024 * 1000) * row.resolution**2


def test_remarks_say_what_the_table_shows():
    text = "\n".join(scaling_remarks(explain_alpha()))
    assert "At α 0.25 that is 6.25 % of the full network's; exactly it is 7.21 %" in text
    assert "pointwise convolutions (1×1) with α²;" in text
    assert "depthwise convolutions with α;" in text
    text = "\n".join(printed_remarks(explain_alpha()))
    assert "prints 317 million MACs for α 0.75 at 224; the exact count is 325.400 million" in text
    assert "prints 34 million MACs for α 0.25 at 192; the exact count is 30.213 million" in text
    assert "4,242,920" in text
    v2 = explain_resolution(family="mobilenet_v2")
    assert "the classifier with ρ⁰ (not at all)" in "\n".join(scaling_remarks(v2))
    assert "Misprint" not in "\n".join(printed_remarks(v2))
    assert scaling_remarks(explain_alpha(alphas=(2.0, 1.0))) == ()


def test_networks_that_nobody_published_have_no_printed_figures():
    for lesson in (explain_alpha(classes=2), explain_alpha(channels=1), explain_alpha(resolution=200)):
        assert all(row.printed == () for row in lesson.rows)
        assert lesson.printed_values_a_channel is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: explain_alpha(family="mobilnet_v1"), "known: mobilenet_v1, mobilenet_v2"),
        (lambda: explain_alpha(alphas=()), "0 values of alpha are given; give from 1 to 100"),
        (lambda: explain_alpha(alphas=(0.0,)), "alpha is 0.0"),
        (lambda: explain_resolution(resolutions=(7,)), "resolution is 7"),
        (lambda: explain_resolution(alpha=float("nan")), "alpha is nan"),
        (lambda: explain_resolution(channels=2), "channels is 2"),
    ],
)
def test_bad_knobs_are_refused(call, message):
    with pytest.raises(SpecError) as caught:
        call()
    assert message in str(caught.value)


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="needs ../shared/reference")
def test_the_papers_rows_are_those_of_the_reference():
    with (REFERENCE / "mobilenet_v1_paper.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["model"] == "MobileNetV1"]
    own = Path(__file__).parents[2] / "src/wakeling/lesson/mobilenet_v1_paper.csv"
    with own.open() as file:
        ours = list(csv.DictReader(file))
    keys = ("table", "alpha", "resolution", "top1_percent", "macs_millions")
    assert [tuple(row[key] for key in keys) for row in ours] == [
        tuple(row[key] for key in keys) for row in rows
    ]
    assert [row["parameters_millions"] for row in ours] == [row["params_millions"] for row in rows]
