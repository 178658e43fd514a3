"""One convolution: its counts are what a loop over a tiny one really does."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.lesson.loops import Tally, block, convolve
from wakeling import cost, spec
from wakeling.codec import decode, encode
from wakeling.errors import SpecError
from wakeling.lesson import ConvolutionLesson, explain_convolution, worked_steps


@settings(max_examples=40)
@given(
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    channels=st.integers(1, 3),
    filters=st.integers(1, 3),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 3),
    padding=st.sampled_from(["same", "valid"]),
    bias=st.booleans(),
)
def test_a_loop_does_exactly_the_operations_that_are_counted(
    height, width, channels, filters, kernel, stride, padding, bias
):
    assume(kernel <= min(height, width))
    lesson = explain_convolution(
        height=height,
        width=width,
        channels=channels,
        filters=filters,
        kernel=kernel,
        stride=stride,
        padding=padding,
        bias=bias,
    )
    tally = Tally()
    weights = [block(kernel, kernel, channels, number) for number in range(filters)]
    output = convolve(
        tally,
        block(height, width, channels),
        weights,
        stride=stride,
        padding_rows=lesson.padding_rows,
        padding_columns=lesson.padding_columns,
        biases=list(range(filters)) if bias else None,
    )
    assert (len(output), len(output[0]), len(output[0][0])) == lesson.output_shape
    assert tally.multiplications == lesson.multiplications == lesson.macs
    assert tally.additions == lesson.additions
    assert tally.outputs == lesson.outputs == lesson.output_bytes
    assert lesson.positions * filters == tally.outputs
    assert lesson.weights == sum(len(pixel) for part in weights for row in part for pixel in row)
    assert lesson.ram_bytes == height * width * channels + tally.outputs
    assert lesson.weight_bytes == lesson.weights + 4 * lesson.biases


def test_the_formulas_of_the_textbook():
    """K²·M·N·H·W and (K²·M − 1)·N·H·W on a map large enough that no slip hides."""
    lesson = explain_convolution(height=112, width=96, channels=32, filters=64, kernel=5)
    outputs = 64 * 112 * 96
    assert lesson.multiplications == 5**2 * 32 * outputs
    assert lesson.additions == (5**2 * 32 - 1) * outputs
    assert lesson.parameters == 5**2 * 32 * 64
    with_bias = explain_convolution(height=112, width=96, channels=32, filters=64, kernel=5, bias=True)
    assert with_bias.additions == lesson.additions + outputs
    assert with_bias.parameters == lesson.parameters + 64


def test_a_networks_first_layer_is_the_same_convolution():
    report = cost.cost(spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=96)))
    first = report.layers[0]
    lesson = explain_convolution(height=96, width=96, channels=3, filters=8, stride=2, bias=True)
    assert lesson.output_shape == first.output_shape == (48, 48, 8)
    assert (lesson.multiplications, lesson.additions) == (first.multiplications, first.additions)
    assert (lesson.parameters, lesson.weight_bytes) == (first.deployed_parameters, first.weight_bytes)


def test_same_padding_puts_the_odd_zero_at_the_end():
    lesson = explain_convolution(height=96, width=8, kernel=3, stride=2)
    assert lesson.padding_rows == lesson.padding_columns == (0, 1)
    assert explain_convolution(padding="valid").padding_rows == (0, 0)
    assert explain_convolution(padding="valid").output_shape == (6, 6, 4)


def test_the_steps_lead_to_the_counts():
    lesson = explain_convolution(height=9, width=7, channels=2, filters=5, kernel=3, bias=True)
    text = "\n".join(worked_steps(lesson))
    for number in (
        lesson.products,
        lesson.positions,
        lesson.outputs,
        lesson.multiplications,
        lesson.additions,
    ):
        assert f"{number:,}" in text
    assert f"= {math.prod((9, 7, 2))} numbers" in text
    assert "5 biases" in text
    assert "a bias has four bytes" in text


def test_json_round_trips():
    lesson = explain_convolution()
    assert decode(ConvolutionLesson, encode(lesson, "conv"), "conv") == lesson


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kernel": 9}, "the kernel is 9×9 and the map only 8×8; take a kernel of at most 8"),
        ({"height": 2, "width": 40, "padding": "valid"}, "map only 2×40"),
        ({"channels": 0}, "channels is 0; it must be a whole number from 1"),
        ({"filters": 0}, "filters is 0"),
        ({"height": -1}, "height is -1"),
        ({"stride": 0}, "stride is 0"),
        ({"kernel": 0}, "kernel is 0"),
        ({"padding": "full"}, "padding is 'full'; it must be one of 'same', 'valid'"),
    ],
)
def test_what_is_no_convolution_is_refused(arguments, message):
    with pytest.raises(SpecError, match=r"^[^\n]*$") as caught:
        explain_convolution(**arguments)
    assert message in str(caught.value)
