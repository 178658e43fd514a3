"""The gap: each step against arithmetic by hand, and the end against the network's own cost."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wakeling import cost, spec
from wakeling.codec import decode, encode
from wakeling.errors import SpecError, WakelingError
from wakeling.lesson import GapLesson, explain_gap

KIB = 1024


def stage(lesson, words):
    (found,) = [stage for stage in lesson.stages if words in stage.step]
    return found


def test_sixteen_megabytes_are_64_times_256_kilobytes():
    lesson = explain_gap()
    start = lesson.stages[0]
    assert start.parameters == 4_221_032
    assert start.parameter_bytes == 4 * start.parameters
    assert start.parameter_bytes / KIB**2 == pytest.approx(16.1, abs=0.01)
    assert lesson.gap == pytest.approx(64.4, abs=0.05)
    assert lesson.flash_target_bytes == lesson.ram_target_bytes == 256 * KIB


def test_each_step_takes_away_what_arithmetic_says():
    lesson = explain_gap()
    start, int8 = lesson.stages[0], stage(lesson, "int8")
    # each separable block has a depthwise layer as wide as its input, and a pointwise one
    inputs = (32, 64, 128, 128, 256, 256, *[512] * 6, 1024)
    channels = 32 + sum(inputs) + sum((*inputs[1:], 1024))
    biases = channels + 1000
    assert int8.parameter_bytes == start.parameters + 3 * biases  # a bias keeps its 4 bytes
    assert start.ram_bytes == 4 * int8.ram_bytes
    classes = stage(lesson, "2 classes")
    assert int8.parameters - classes.parameters == 998 * 1024 + 998
    assert int8.macs - classes.macs == 998 * 1024
    smaller, before = stage(lesson, "96 pixels"), stage(lesson, "width")
    assert smaller.parameters == before.parameters
    assert smaller.ram_factor == pytest.approx((224 / 96) ** 2)
    gray = stage(lesson, "gray")
    assert smaller.parameters - gray.parameters == 2 * 9 * 8
    assert smaller.macs - gray.macs == 2 * 9 * 8 * 48 * 48


@settings(max_examples=20)
@given(
    family=st.sampled_from(["mobilenet_v1", "mobilenet_v2"]),
    alpha=st.sampled_from([0.1, 0.25, 0.35, 1.0, 1.4]),
    resolution=st.integers(32, 224),
    channels=st.sampled_from([1, 3]),
    classes=st.integers(2, 1000),
    depth=st.sampled_from([0.5, 1.0, 1.5]),
)
def test_the_factors_lead_from_the_start_to_the_networks_own_cost(
    family, alpha, resolution, channels, classes, depth
):
    lesson = explain_gap(
        family=family,
        alpha=alpha,
        resolution=resolution,
        channels=channels,
        classes=classes,
        depth=depth,
        runtime="liveness",
    )
    network = spec.make(
        family, alpha=alpha, resolution=resolution, channels=channels, classes=classes, depth=depth
    )
    report = cost.cost(spec.lower(network), runtimes=("liveness",))
    start, end = lesson.stages[0], lesson.stages[-1]
    assert (end.macs, end.parameters) == (report.macs, report.deployed_parameters)
    assert (end.parameter_bytes, end.ram_bytes) == (report.weight_bytes, report.ram_bytes["liveness"])
    assert math.prod(step.parameter_factor for step in lesson.stages) == pytest.approx(
        start.parameter_bytes / end.parameter_bytes
    )
    assert math.prod(step.ram_factor for step in lesson.stages) == pytest.approx(
        start.ram_bytes / end.ram_bytes
    )
    assert math.prod(step.macs_factor for step in lesson.stages) == pytest.approx(start.macs / end.macs)
    assert lesson.flash_bytes == end.parameter_bytes + lesson.flash_overhead_bytes == report.flash_bytes
    assert lesson.ram_overhead_bytes == 0
    changed = {"alpha": alpha != 1, "depth": depth != 1, "resolution": resolution != 224}
    changed |= {"channels": channels != 3, "classes": classes != 1000}
    assert len(lesson.stages) == 2 + sum(changed.values())


def test_each_step_alone_starts_from_the_photo_network():
    lesson = explain_gap()
    start = lesson.stages[0]
    by_step = {step.step: step for step in lesson.alone}
    assert by_step["gray instead of color"].macs == start.macs - 2 * 9 * 32 * 112 * 112
    assert by_step["2 classes instead of 1000"].parameters == start.parameters - 998 * 1025
    assert "depth 0.5 instead of 1" in by_step  # shown as an example, though it is not taken
    assert by_step["96 pixels a side instead of 224"].parameter_factor == 1
    assert all(step.element_type == "float32" for step in lesson.alone[1:])


def test_the_widest_network_that_fits_is_at_the_edge():
    target = {"flash_target_bytes": 1024 * KIB, "ram_target_bytes": 256 * KIB, "runtime": "liveness"}
    lesson = explain_gap(**target)
    assert lesson.fits
    assert lesson.widest_alpha is not None
    assert explain_gap(alpha=lesson.widest_alpha, **target).fits
    assert not explain_gap(alpha=lesson.widest_alpha + 0.05, **target).fits
    nothing = explain_gap(flash_target_bytes=KIB, runtime="liveness")
    assert nothing.widest_alpha is None
    assert not nothing.fits


def test_the_runtimes_own_needs_come_on_top():
    tflm = explain_gap(runtime="tflm")
    report = cost.cost(
        spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=96, channels=1)), runtimes=("tflm",)
    )
    assert tflm.ram_bytes == report.ram_bytes["tflm"]
    assert tflm.ram_overhead_bytes > 0
    assert tflm.flash_bytes == report.flash_by_runtime["tflm"].total_bytes
    own = explain_gap(runtime="wakeling-c")
    assert own.flash_runtime == "wakeling-c"
    assert own.flash_bytes < tflm.flash_bytes
    assert explain_gap(runtime="liveness").flash_runtime == "tflm"


def test_json_round_trips():
    lesson = explain_gap(runtime="liveness")
    assert decode(GapLesson, encode(lesson, "gap"), "gap") == lesson


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"family": "resnet"}, "unknown network family 'resnet'; known: mobilenet_v1"),
        ({"alpha": 0.0}, "alpha is 0.0"),
        ({"channels": 2}, "channels is 2"),
        ({"runtime": "tensorflow"}, "unknown runtime 'tensorflow'"),
        ({"flash_target_bytes": 0}, "each must be at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, message):
    with pytest.raises(WakelingError) as caught:
        explain_gap(**arguments)
    assert message in str(caught.value)
    assert isinstance(caught.value, SpecError) or "runtime" in message or "each" in message
