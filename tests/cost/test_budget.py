"""Budgets: every one that is exceeded is named, with by how much."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling import boards, cost, spec
from wakeling.cost.budget import frame_ms
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


def test_energy_is_power_times_time() -> None:
    board = boards.load_board("nucleo-l4r5zi")
    assert board.power is not None
    needed_mj = board.power.active_mw * latency(REPORT, board).ms / 1000
    roomy = cost.Budget(ram_bytes=RAM, flash_bytes=FLASH, energy_uj=round(1000 * needed_mj) + 1, board=board)
    assert cost.violations(REPORT, roomy) == ()
    (exceeded,) = cost.violations(REPORT, dataclasses.replace(roomy, energy_uj=10))
    assert exceeded.what == "energy_uj"
    assert exceeded.needed == pytest.approx(1000 * needed_mj, abs=1)
    assert cost.describe(exceeded).startswith(f"energy per frame {needed_mj:.4g} mJ of 0.01 mJ (")


def test_half_the_power_is_half_the_energy() -> None:
    board = boards.load_board("nucleo-l4r5zi")
    energies = []
    for active_mw in (50.0, 25.0):
        budget = cost.Budget(ram_bytes=RAM, flash_bytes=FLASH, energy_uj=1, board=board, active_mw=active_mw)
        (exceeded,) = cost.violations(REPORT, budget)
        energies.append(exceeded.needed)
    assert energies[0] == pytest.approx(2 * energies[1], abs=2)


def test_a_budget_of_energy_needs_a_board_and_its_power() -> None:
    with pytest.raises(WakelingError, match="energy needs the board"):
        cost.Budget(ram_bytes=1, flash_bytes=1, energy_uj=1000)
    unknown = dataclasses.replace(boards.load_board("nucleo-l4r5zi"), power=None)
    with pytest.raises(WakelingError, match="no measured power is known for nucleo-l4r5zi"):
        cost.Budget(ram_bytes=1, flash_bytes=1, energy_uj=1000, board=unknown)
    cost.Budget(ram_bytes=1, flash_bytes=1, energy_uj=1000, board=unknown, active_mw=30.0)


def test_what_patches_compute_twice_counts_as_macs_and_time() -> None:
    board = boards.load_board("nucleo-l4r5zi")
    graph = spec.lower(spec.make("mobilenet_v2", alpha=0.35, resolution=144), deployed=True)
    report = cost.cost(graph, runtimes=("patched",))
    patch = report.memory["patched"].patch
    assert patch is not None
    assert patch.added_macs > 0
    whole = latency(report, board, "wakeling-c")
    stage = [layer.name for layer in report.layers[: patch.operators]]
    stage_ms = sum(layer.ms for layer in whole.layers if layer.name in stage)
    stage_macs = sum(layer.macs for layer in report.layers if layer.name in stage)
    added_ms = frame_ms(report, board, "patched") - whole.ms
    assert added_ms == pytest.approx(stage_ms * patch.added_macs / stage_macs)
    roomy = cost.Budget(
        ram_bytes=2**20, flash_bytes=2**22, macs=report.macs + patch.added_macs - 1, runtime="patched"
    )
    (exceeded,) = cost.violations(report, roomy)
    assert (exceeded.what, exceeded.excess) == ("macs", 1)
    assert not cost.violations(report, dataclasses.replace(roomy, runtime="liveness"))


def test_the_time_is_that_of_the_engine_whose_ram_is_counted() -> None:
    board = boards.load_board("nucleo-l4r5zi")
    report = cost.cost(spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=96)))
    assert frame_ms(report, board, "wakeling-c") == pytest.approx(latency(report, board, "wakeling-c").ms)
    assert frame_ms(report, board, "tflm") == pytest.approx(latency(report, board).ms)
    assert frame_ms(report, board, "wakeling-c") < frame_ms(report, board, "tflm")
    other = boards.load_board("esp32-s3-eye")
    assert frame_ms(report, other, "wakeling-c") == pytest.approx(latency(report, other).ms), (
        "no time of our C is known there: the board's usual engine"
    )
