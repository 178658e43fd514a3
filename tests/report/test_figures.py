"""Figures: drawn where there is something to draw, true to the numbers, sound at the edges."""

from __future__ import annotations

import dataclasses
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report import sample
from wakeling.report import Candidate, Layer, LiveTensor, Memory, MemoryStep, figures
from wakeling.report.figures import canvas
from wakeling.report.figures.search import LOOKS, pareto

KIB = 1024


def candidate(macs, accuracy, *, status="tried", ram_bytes=1000, parameters=10):
    return Candidate(
        name=f"net-{macs}",
        family="f",
        knobs={},
        macs=macs,
        parameters=parameters,
        ram_bytes=ram_bytes,
        flash_bytes=1,
        status=status,
        balanced_accuracy=accuracy,
        epochs=0 if accuracy is None else 1,
    )


def memory(totals, limit_bytes):
    return Memory(
        runtime="liveness",
        limit_bytes=limit_bytes,
        steps=tuple(
            MemoryStep(layer=f"layer{i}", tensors=(LiveTensor(name=f"t{i}", size_bytes=size),))
            for i, size in enumerate(totals)
        ),
    )


def words(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


points = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 40)), min_size=1, max_size=30)


@given(points)
def test_the_pareto_line_holds_exactly_what_nothing_cheaper_equals(rows):
    trained = [candidate(macs, accuracy / 40) for macs, accuracy in rows]
    expected = {
        (macs, accuracy / 40)
        for macs, accuracy in rows
        if not any(m <= macs and a >= accuracy and (m, a) != (macs, accuracy) for m, a in rows)
    }
    assert set(pareto(trained)) == expected
    assert pareto(trained) == sorted(expected)


def test_nothing_to_draw_is_no_figure():
    empty = Memory(runtime="liveness", limit_bytes=1, steps=())
    assert figures.search((), 1) is None
    assert figures.layer_costs(()) is None
    assert figures.ram_over_time(None) is None
    assert figures.ram_over_time(empty) is None
    assert figures.training(()) is None
    assert figures.intervals(()) is None
    assert figures.roc(()) is None
    assert figures.roc([dataclasses.replace(sample.evaluation("int8", "val", 1, 0.0), roc=())]) is None


@settings(max_examples=6, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**10),
            st.none() | st.floats(0, 1),
            st.sampled_from(sorted(LOOKS)),
            st.integers(0, 10**8),
        ),
        min_size=1,
        max_size=5,
    ),
    st.none() | st.integers(1, 10**7),
)
def test_any_candidates_can_be_drawn(rows, limit_bytes):
    drawn = [
        candidate(macs, accuracy, status=status, ram_bytes=size, parameters=size)
        for macs, accuracy, status, size in rows
    ]
    svg = figures.search(drawn, limit_bytes)
    assert svg.count("<title>") == len(rows) + sum(row[1] is not None for row in rows)


@pytest.mark.parametrize("status", sorted(LOOKS))
def test_every_status_has_its_words_in_the_legend(status):
    assert f"{LOOKS[status].words} (1)" in words(figures.search([candidate(5, None, status=status)], None))


def test_untrained_candidates_are_ticks_below_the_trained_ones():
    alone = figures.search([candidate(100, 0.8)], None)
    beside = figures.search([candidate(100, 0.8), candidate(100, None, status="pareto")], None)
    upper = [svg.split('id="search-axes_2"')[0] for svg in (alone, beside)]
    assert upper[1].count("<path") + upper[1].count("<use") > upper[0].count("<path") + upper[0].count("<use")


def test_layers_that_cost_nothing_are_left_out_and_the_rest_are_named():
    layers = sample.mobilenet_layers(0.25, 96, 3)
    named = words(figures.layer_costs(layers))
    for layer in layers:
        assert (layer.name in named) == bool(layer.macs or layer.parameters)
    assert "MACs: 7.49 M" in named


def test_only_free_layers_make_no_figure():
    softmax = Layer(name="s", operator="softmax", output_shape=(2,), macs=0, parameters=0, ram_bytes=4)
    assert figures.layer_costs((softmax,)) is None


def test_the_peak_and_the_limit_are_written_in_the_ram_figure():
    named = words(figures.ram_over_time(memory([10 * KIB, 200 * KIB, 30 * KIB], 256 * KIB)))
    assert "peak 200.0 KiB at layer1" in named
    assert "limit 256 KiB" in named


def test_a_limit_far_above_the_peak_gets_a_strip_of_its_own():
    named = words(figures.ram_over_time(memory([64 * KIB, 32 * KIB], 256 * KIB)))
    assert "limit 256 KiB, 4.0 × the peak (broken axis)" in named


@pytest.mark.parametrize(("peak", "is_red"), [(256 * KIB, False), (256 * KIB + 1, True)])
def test_ram_over_the_limit_is_red(peak, is_red):
    assert ("var(--bad)" in figures.ram_over_time(memory([peak, 5], 256 * KIB))) == is_red


def test_a_tensor_that_waits_for_a_shortcut_has_its_own_color():
    def svg(last):
        steps = tuple(
            MemoryStep(
                layer=f"l{i}",
                tensors=tuple(LiveTensor(name=n, size_bytes=5) for n in ("kept", f"t{i}")[(i > last) :]),
            )
            for i in range(4)
        )
        return figures.ram_over_time(Memory(runtime="liveness", limit_bytes=10, steps=steps))

    assert "var(--second)" not in svg(last=1)
    assert "var(--second)" in svg(last=2)


@pytest.mark.parametrize("totals", [[0], [1, 1], [10**9] * 80, list(range(72))])
def test_any_memory_plan_can_be_drawn(totals):
    svg = figures.ram_over_time(memory(totals, 1000))
    assert svg.count("<title>") == len(totals)


def test_int8_epochs_are_shaded():
    epochs = sample.training()
    assert "int8" in words(figures.training(epochs))
    assert "int8" not in words(figures.training(epochs[:10]))


def test_an_epoch_without_accuracies_still_has_its_loss():
    epochs = [
        dataclasses.replace(row, train_accuracy=None, val_balanced_accuracy=None) for row in sample.training()
    ]
    assert figures.training(epochs[:1]).startswith("<svg")


def test_the_roc_figure_marks_the_rates_of_the_confusion_matrix():
    row = sample.evaluation("int8", "test", 4, 0.0)
    text = " ".join(words(figures.roc([row])))
    cell = row.confusion
    assert f"{100 * cell.true_positive / 480:.1f} % hits" in text
    assert f"{100 * cell.false_positive / 520:.1f} % false alarms" in text


def test_long_and_unprintable_names_become_one_short_line():
    assert canvas.label("a\nb\x00c") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"
    shown = canvas.label("x" * 50 + "y" * 50, 21)
    assert shown == "x" * 10 + "…" + "y" * 10


@given(st.integers(1, 2**40))
def test_byte_ticks_are_few_and_round(most):
    step = canvas.byte_step(most)
    assert step & (step - 1) == 0
    assert most // step <= 8
    assert most < 4 or most // step >= 4


def test_two_figures_of_one_page_share_no_id():
    first = figures.layer_costs(sample.mobilenet_layers(0.25, 96, 3))
    second = figures.training(sample.training())
    ids = [set(re.findall(r'\bid="([^"]*)"', svg)) for svg in (first, second)]
    assert not ids[0] & ids[1]
