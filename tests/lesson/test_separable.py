"""The two halves of a convolution: counted by loops, and the rule 1/N + 1/K² exactly."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lesson.loops import Tally, block, convolve, depthwise
from wakeling.codec import decode, encode
from wakeling.errors import SpecError
from wakeling.lesson import SeparableLesson, explain_separable, saving, times_fewer

sizes = {
    "side": st.integers(3, 5),
    "channels": st.integers(1, 3),
    "filters": st.integers(1, 4),
    "kernel": st.integers(1, 3),
    "stride": st.integers(1, 2),
}


@settings(max_examples=25)
@given(**sizes)
def test_loops_over_both_ways_do_exactly_what_is_counted(side, channels, filters, kernel, stride):
    lesson = explain_separable(
        height=side, width=side, channels=channels, filters=filters, kernel=kernel, stride=stride
    )
    total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    padding = (total // 2, total - total // 2)
    geometry = {"stride": stride, "padding_rows": padding, "padding_columns": padding}
    image = block(side, side, channels)
    whole, first, second = Tally(), Tally(), Tally()
    output = convolve(whole, image, [block(kernel, kernel, channels) for _ in range(filters)], **geometry)
    between = depthwise(first, image, [block(kernel, kernel, 1) for _ in range(channels)], **geometry)
    end = convolve(
        second,
        between,
        [block(1, 1, channels) for _ in range(filters)],
        stride=1,
        padding_rows=(0, 0),
        padding_columns=(0, 0),
    )
    assert (len(end), len(end[0]), len(end[0][0])) == lesson.output_shape
    assert (len(output), len(output[0]), len(output[0][0])) == lesson.output_shape
    for tally, work in ((whole, lesson.standard), (first, lesson.depthwise), (second, lesson.pointwise)):
        assert (tally.multiplications, tally.additions) == (work.multiplications, work.additions)
    assert lesson.between_bytes == first.outputs
    assert lesson.separable.multiplications == first.multiplications + second.multiplications


@given(
    height=st.integers(512, 600),
    width=st.integers(512, 600),
    channels=st.integers(1, 2048),
    filters=st.integers(1, 4096),
    kernel=st.integers(1, 512),
    stride=st.integers(1, 4),
    padding=st.sampled_from(["same", "valid"]),
)
@settings(max_examples=40)
def test_the_rule_is_exactly_the_ratio_of_the_counts(
    height, width, channels, filters, kernel, stride, padding
):
    lesson = explain_separable(
        height=height,
        width=width,
        channels=channels,
        filters=filters,
        kernel=kernel,
        stride=stride,
        padding=padding,
    )
    exact = Fraction(lesson.separable.multiplications, lesson.standard.multiplications)
    assert exact == Fraction(1, filters) + Fraction(1, kernel**2)
    assert lesson.ratio == pytest.approx(lesson.rule, rel=1e-12)
    assert lesson.saving == pytest.approx(float(1 / exact), rel=1e-12)
    assert lesson.saving < min(lesson.limit_many_filters, lesson.limit_large_kernel)
    assert saving(kernel, filters) == pytest.approx(lesson.saving, rel=1e-12)


def test_a_hundred_filters_of_512_by_512_are_about_a_hundred_times_cheaper():
    lesson = explain_separable(kernel=512, filters=100)
    assert lesson.input_shape == (512, 512, 64)  # the map grows with the window
    assert 99.9 < lesson.saving < 100


@pytest.mark.parametrize("filters", [73, 100, 128, 256, 1024])
def test_three_by_three_is_eight_to_nine_times_cheaper(filters):
    assert 8 < explain_separable(filters=filters).saving < 9


def test_the_saving_ends_at_the_windows_square_and_at_the_number_of_filters():
    assert saving(3, 60_000) == pytest.approx(9, rel=1e-3)
    assert saving(1000, 64) == pytest.approx(64, rel=1e-3)
    lesson = explain_separable()
    for row in lesson.table:
        assert list(row.savings) == sorted(row.savings)
        assert all(times < row.kernel**2 for times in row.savings)
    assert {3, 512} <= {row.kernel for row in lesson.table}
    own = explain_separable(kernel=9, filters=77)
    assert 77 in own.table_filters
    assert 9 in {row.kernel for row in own.table}


def test_one_filter_costs_more_in_two_halves():
    assert explain_separable(filters=1).saving < 1
    assert times_fewer(0.8) == "1.25 times more"
    assert times_fewer(8.409, 1) == "8.4 times fewer"
    assert explain_separable(channels=1, kernel=1).additions_saving is None


def test_json_round_trips():
    lesson = explain_separable()
    assert decode(SeparableLesson, encode(lesson, "separable"), "separable") == lesson


def test_a_window_larger_than_the_map_is_refused():
    with pytest.raises(SpecError, match="the kernel is 64×64 and the map only 32×56"):
        explain_separable(height=32, kernel=64, width=56)
    with pytest.raises(SpecError, match="kernel is 0"):
        explain_separable(kernel=0)
