"""What an engine pays: closed forms of the total, of its interval, and what widens it."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling.cost.latency.costs import MISALIGNED_DEVIATION, UNITS, EngineCosts
from wakeling.cost.latency.work import KINDS, Work

PLAIN = EngineCosts(
    engine="test",
    core="Cortex-M4",
    cycles={unit: float(index + 1) for index, unit in enumerate(UNITS)},
    misaligned=1.5,
    level=0.2,
    mix={},
    deviations={},
)
POINTWISE = Work("p", "pointwise", 1000, 10)
amounts = st.integers(1, 10**6)
mac_works = st.tuples(
    st.sampled_from([kind for kind in KINDS if kind != "element"]), amounts, amounts, st.booleans()
).map(lambda drawn: Work("w", drawn[0], drawn[1], drawn[2], is_aligned=drawn[3]))
any_work = mac_works | amounts.map(lambda elements: Work("e", "element", elements=elements))


def test_a_layer_costs_its_macs_outputs_and_a_start() -> None:
    cycles = PLAIN.cycles
    expected = 1000 * cycles["pointwise"] + 10 * cycles["output"] + cycles["layer"]
    assert PLAIN.of(POINTWISE) == expected == PLAIN.predict((POINTWISE,)).typical


def test_channels_that_fill_no_whole_words_cost_more_and_are_less_sure() -> None:
    off = POINTWISE._replace(is_aligned=False)
    extra = PLAIN.of(off) - PLAIN.of(POINTWISE)
    assert extra == pytest.approx(0.5 * 1000 * PLAIN.cycles["pointwise"])
    aligned, misaligned = PLAIN.predict((POINTWISE,)), PLAIN.predict((off,))
    assert misaligned.high / misaligned.typical > aligned.high / aligned.typical
    # where everything is misaligned, the interval reaches from the aligned cost to about 1.7 times it
    only = dataclasses.replace(PLAIN, level=0.0).predict((off._replace(outputs=0, layers=0),))
    assert math.log(only.high / only.typical) == pytest.approx(1.645 * MISALIGNED_DEVIATION)


@given(st.lists(any_work, min_size=1, max_size=6))
def test_the_total_is_the_sum_of_the_layers(works: list[Work]) -> None:
    total = PLAIN.predict(works)
    assert total.typical == pytest.approx(sum(PLAIN.of(work) for work in works))
    assert total.low < total.typical < total.high
    assert total.low * total.high == pytest.approx(total.typical**2)  # symmetric in the logarithm
    assert sum(PLAIN.spent(works).values()) == pytest.approx(total.typical)


def test_the_interval_of_a_network_of_the_usual_mix_is_the_levels() -> None:
    shares = PLAIN.spent((POINTWISE,))
    total = sum(shares.values())
    mix = {unit: cycles / total for unit, cycles in shares.items()}
    costs = dataclasses.replace(PLAIN, mix=mix, deviations=dict.fromkeys(UNITS, 5.0), inflation=2.0)
    found = costs.predict((POINTWISE,))
    assert found.high / found.typical == pytest.approx(math.exp(1.645 * 2.0 * 0.2))
    other = costs.predict((Work("d", "depthwise", 1000, 10),))
    assert other.high / other.typical > found.high / found.typical


def test_no_work_takes_no_time() -> None:
    assert PLAIN.predict(()) == (0.0, 0.0, 0.0)
