"""From outputs to events: the twin against a rule in fractions, the C against the twin."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.export.c.host import RUNTIME, build, run
from tests.export.c.tiny import network
from wakeling.errors import TargetError
from wakeling.export.c.decision import (
    APPEARED,
    DISAPPEARED,
    MOST_FRAMES,
    NOTHING,
    Decider,
    Decision,
    Smoothing,
    decision_of,
    is_probability,
    parse_smoothing,
)
from wakeling.graph import GraphBuilder
from wakeling.ops import Activation, Dense, Dequantize, Operator, Quantize, Softmax
from wakeling.quantize import golden
from wakeling.quantize.model import QuantizedModel
from wakeling.report.firmware import int8_threshold


@st.composite
def rules(draw: st.DrawFn) -> Decision:
    on = draw(st.integers(-256, 256))
    smoothing = draw(
        st.one_of(
            st.builds(Smoothing, frames=st.integers(1, MOST_FRAMES)),
            st.builds(Smoothing, frames=st.just(0), shift=st.integers(1, 8)),
        )
    )
    return Decision(
        output=1,
        lead=False,
        on=on,
        off=draw(st.integers(-256, on)),
        smoothing=smoothing,
        frames_on=draw(st.integers(1, 4)),
        frames_off=draw(st.integers(1, 4)),
    )


@st.composite
def sequences(draw: st.DrawFn) -> list[int]:
    """Scores that wander, jump and stay, so that thresholds are crossed often and met exactly."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    steps = rng.integers(-60, 61, 150) * (rng.random(150) < draw(st.sampled_from([0.2, 0.6, 1.0])))
    return np.clip(np.cumsum(steps), -255, 255).tolist()


def events(decision: Decision, scores: list[int]) -> list[int]:
    decider = Decider(decision=decision)
    return [decider.step(score) for score in scores]


@settings(max_examples=100, deadline=None)
@given(rules(), sequences())
def test_events_follow_the_rule_told_in_fractions(decision: Decision, scores: list[int]) -> None:
    """The mean is exact; the exponential level is within 2^(shift − 16) of the real one."""
    smoothing = decision.smoothing
    level: Fraction | None = None
    there, asked, expected = False, 0, []
    for number, score in enumerate(scores):
        if smoothing.frames:
            last = scores[max(0, number + 1 - smoothing.frames) : number + 1]
            level = Fraction(sum(last), len(last))
        else:
            factor = Fraction(1, 2**smoothing.shift)
            level = Fraction(score) if level is None else level + factor * (score - level)
            threshold = decision.off if there else decision.on
            if abs(level - threshold) <= Fraction(2**smoothing.shift, 2**15):
                return  # too near to call: the integer level may be on the other side
        reached = level >= (decision.off if there else decision.on)
        asked = asked + 1 if reached != there else 0
        if asked and asked >= (decision.frames_off if there else decision.frames_on):
            there, asked = reached, 0
            expected.append(APPEARED if reached else DISAPPEARED)
        else:
            expected.append(NOTHING)
    assert events(decision, scores) == expected


def test_an_exponential_level_reaches_a_constant_score() -> None:
    """It never sticks below it: what is shown for long enough is seen."""
    for shift in range(1, 9):
        decision = Decision(
            output=0,
            lead=False,
            on=127,
            off=-100,
            smoothing=Smoothing(frames=0, shift=shift),
            frames_on=1,
            frames_off=1,
        )
        assert APPEARED in events(decision, [-128] + [127] * 20_000)


def test_one_odd_frame_changes_nothing_and_hysteresis_holds() -> None:
    decision = Decision(
        output=0, lead=False, on=10, off=-10, smoothing=Smoothing(), frames_on=2, frames_off=3
    )
    scores = [20, 0, 20, 20, 0, -5, -11, -11, 0, -11, -11, -11, 20]
    assert events(decision, scores) == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0]


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("decision") / "driver"
    sources = [Path(__file__).with_name("decision_driver.c"), RUNTIME / "wk_decision.c"]
    return build(sources, program, flags=[f"-I{RUNTIME}"])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(rules(), sequences()), min_size=5, max_size=10))
def test_the_c_code_brings_the_twins_events(driver: Path, several: list[tuple[Decision, list[int]]]) -> None:
    jobs, expected = [], []
    for decision, scores in several:
        smoothing = decision.smoothing
        rule = (decision.on, decision.off, smoothing.frames, smoothing.shift)
        jobs.append([*rule, decision.frames_on, decision.frames_off, len(scores), *scores])
        expected += events(decision, scores)
    content = b"".join(np.asarray(job, np.int32).tobytes() for job in jobs)
    assert list(run(driver, content)) == expected


def classifier(*tail: Operator, units: int = 2) -> QuantizedModel:
    def grow(builder: GraphBuilder, tensor: str) -> str:
        tensor = builder.append(Dense(units=units), tensor)
        for op in tail:
            tensor = builder.append(op, tensor)
        return tensor

    return network((5,), grow)


@given(st.floats(0, 1))
def test_an_output_reaches_the_threshold_just_where_its_probability_does(threshold: float) -> None:
    model = classifier(Softmax())
    decision = decision_of(model, threshold=threshold)
    assert decision.on == int8_threshold(threshold)
    quant = model.tensors[model.graph.output]
    for value in range(-128, 128):
        assert (value >= decision.on) == (quant.scale * (value - quant.zero_point) >= threshold)
    assert decision.off <= decision.on


@given(st.floats(0.02, 0.98), st.integers(-128, 127), st.integers(-128, 127))
def test_a_lead_reaches_the_threshold_where_the_softmax_of_two_does(
    threshold: float, other: int, value: int
) -> None:
    model = classifier()
    decision = decision_of(model, threshold=threshold)
    assert decision.lead
    scale = model.tensors[model.graph.output].scale
    real = 1 / (1 + np.exp(-scale * (value - other)))
    if abs(real - threshold) > 1e-9 and abs(decision.on) < 255:
        assert (decision.score([other, value]) >= decision.on) == (real >= threshold)


def test_scores_are_the_wake_output_or_its_lead_over_the_best_other() -> None:
    logits = decision_of(classifier(units=3), output=0)
    assert logits.score([5, -7, 90]) == 5 - 90
    probabilities = decision_of(classifier(Softmax(), units=3), output=1)
    assert probabilities.score([5, -7, 90]) == -7
    alone = classifier(units=1)
    assert not decision_of(alone).lead
    assert decision_of(alone).on == alone.tensors[alone.graph.output].zero_point


def test_what_is_a_probability_is_seen_through_conversions() -> None:
    assert is_probability(classifier(Softmax(), Quantize(to="uint8")).graph)
    assert is_probability(classifier(Activation(kind="sigmoid"), units=1).graph)
    assert not is_probability(classifier().graph)
    unsigned = classifier(Softmax(), Quantize(to="uint8"))
    decision = decision_of(unsigned, threshold=0.25)
    quant = unsigned.tensors[unsigned.graph.output]
    outputs = range(256)
    assert [value >= decision.on for value in outputs] == [
        quant.scale * (value - quant.zero_point) >= 0.25 for value in outputs
    ]
    assert golden.run(unsigned, np.zeros((1, 5), np.int8)).dtype == np.uint8


def test_smoothing_is_written_as_frames_or_a_power_of_two() -> None:
    assert parse_smoothing("5") == Smoothing(frames=5)
    assert parse_smoothing("exp8") == Smoothing(frames=0, shift=3)


@pytest.mark.parametrize("text", ["0", "33", "exp3", "exp1", "exp512", "", "-1", "three", "exp"])
def test_other_smoothing_is_one_line(text: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse_smoothing(text)
    assert "\n" not in str(caught.value)
    assert "32" in str(caught.value)


def test_what_no_decision_can_be_made_of_is_one_line() -> None:
    model = classifier(Softmax())
    for arguments, message in (
        ({"output": 2}, "there is no output 2"),
        ({"threshold": 0.3, "release": 0.4}, "the release at most the threshold"),
        ({"frames": 0}, "at least 1 frame"),
    ):
        with pytest.raises(TargetError, match=message):
            decision_of(model, **arguments)  # type: ignore[arg-type]
    with pytest.raises(TargetError, match="float32"):
        decision_of(classifier(Softmax(), Dequantize()))
