"""Budgets: every one that is exceeded is named, with by how much."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling import boards, cost, spec
from wakeling.cost.latency import latency
from wakeling.errors import WakelingError

REPORT = cost.cost(spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=96)))
RAM, FLASH, MACS = REPORT.ram_bytes["liveness"], REPORT.flash_bytes, REPORT.macs


def test_exactly_full_fits() -> None:
    assert cost.violations(REPORT, cost.Budget(ram_bytes=RAM, flash_bytes=FLASH, macs=MACS)) == ()


@given(
    ram=st.integers(1, 2 * RAM), flash=st.integers(1, 2 * FLASH), macs=st.none() | st.integers(1, 2 * MACS)
)
def test_every_exceeded_budget_is_named_with_its_excess(ram: int, flash: int, macs: int | None) -> None:
    exceeded = cost.violations(REPORT, cost.Budget(ram_bytes=ram, flash_bytes=flash, macs=macs))
    expected = {"ram_bytes": RAM - ram, "flash_bytes": FLASH - flash, "macs": MACS - (macs or MACS)}
    assert {item.what: item.excess for item in exceeded} == {
        what: excess for what, excess in expected.items() if excess > 0
    }
    for item in exceeded:
        assert item.excess == item.needed - item.limit
        assert item.excess_bytes == (0 if item.what == "macs" else item.excess)


def test_violations_are_told_in_words() -> None:
    tight = cost.Budget(ram_bytes=20 * 1024, flash_bytes=128 * 1024, macs=1_000_000)
    lines = [cost.describe(item) for item in cost.violations(REPORT, tight)]
    assert lines[0] == "RAM 54.0 KiB of 20.0 KiB (34.0 KiB too much)"
    assert lines[1].startswith("flash ")
    assert lines[2] == "MACs 7.49 M of 1.00 M (6.49 M too much)"


def test_time_is_held_against_the_usual_engines_prediction() -> None:
    board = boards.load_board("nucleo-l4r5zi")
    needed = latency(REPORT, board).ms
    roomy = cost.Budget(ram_bytes=RAM, flash_bytes=FLASH, frame_us=round(1000 * needed) + 1, board=board)
    assert cost.violations(REPORT, roomy) == ()
    tight = cost.Budget(ram_bytes=RAM, flash_bytes=FLASH, frame_us=100_000, board=board)
    (exceeded,) = cost.violations(REPORT, tight)
    assert exceeded.needed == pytest.approx(1000 * needed, abs=1)
    assert exceeded.excess_bytes == 0
    assert cost.describe(exceeded).startswith(f"time per frame {needed:.4g} ms of 100 ms (")
    assert cost.describe(exceeded).endswith(" too much)")


def test_a_budget_of_time_needs_its_board() -> None:
    with pytest.raises(WakelingError, match="needs the board"):
        cost.Budget(ram_bytes=1, flash_bytes=1, frame_us=1000)


def test_a_board_is_a_budget() -> None:
    budget = cost.budget_of(boards.load_board("arduino-nano-33-ble-sense"))
    assert (budget.ram_bytes, budget.flash_bytes, budget.macs) == (256 * 1024, 1024 * 1024, None)
    assert not cost.violations(REPORT, budget)
    small = cost.budget_of(boards.load_board("nucleo-l010rb"))
    assert [item.what for item in cost.violations(REPORT, small)] == ["ram_bytes", "flash_bytes"]


def test_an_unknown_runtime_is_refused() -> None:
    budget = cost.Budget(ram_bytes=1, flash_bytes=1, runtime="livenes")
    with pytest.raises(WakelingError, match="unknown runtime 'livenes'; known: liveness"):
        cost.violations(REPORT, budget)


@pytest.mark.parametrize("limits", [{"ram_bytes": 0}, {"flash_bytes": -1}, {"macs": 0}])
def test_a_budget_of_nothing_is_refused(limits: dict[str, int]) -> None:
    with pytest.raises(WakelingError, match="must be at least 1"):
        cost.Budget(**{"ram_bytes": 1, "flash_bytes": 1, **limits})
