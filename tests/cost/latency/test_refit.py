"""The shipped model is the fit to the tables, its errors are what leaving rows out shows."""

from __future__ import annotations

import dataclasses
import math
import multiprocessing
import re
import tomllib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from wakeling.cost.latency import refit
from wakeling.cost.latency.fit import SHARED, fit
from wakeling.cost.latency.stored import costs_of, fitted
from wakeling.cost.latency.tables import Measurement, measurements, networks

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "latency-and-energy.md"
USED = [row for row in measurements() if row.is_used]


def leave_one_out() -> tuple[refit.LeftOut, ...]:
    return refit.leave_one_out(measurements(), networks())


@pytest.fixture(scope="module")
def raw() -> Iterator[tuple[refit.LeftOut, ...]]:
    """In a process with one thread: on a busy machine, threads would take ten times as long as the work."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            patch.setenv(name, "1")
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            yield pool.submit(leave_one_out).result()


@pytest.fixture(scope="module")
def left_out(raw: tuple[refit.LeftOut, ...]) -> tuple[refit.LeftOut, ...]:
    return refit.inflated(raw)


def flat(value: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {path: value}
    return {name: leaf for key, item in value.items() for name, leaf in flat(item, f"{path}/{key}").items()}


def test_the_shipped_file_is_the_fit_to_the_tables(raw: tuple[refit.LeftOut, ...]) -> None:
    """Numbers to three digits: another machine's linear algebra may round the fourth otherwise."""
    again, shipped = flat(tomllib.loads(refit.refit(raw))), flat(dict(fitted()))
    assert again.keys() == shipped.keys()
    for name, value in again.items():
        expected = pytest.approx(value, rel=2e-3) if isinstance(value, float) else value
        assert shipped[name] == expected, name


def test_nine_of_ten_left_out_times_lie_in_their_intervals(left_out: tuple[refit.LeftOut, ...]) -> None:
    inside = [item.predicted.low <= item.measurement.amount <= item.predicted.high for item in left_out]
    assert len(inside) >= 30
    assert 0.85 <= sum(inside) / len(inside) <= 1


def test_most_times_are_predicted_within_a_factor_of_two(left_out: tuple[refit.LeftOut, ...]) -> None:
    near = [
        abs(math.log(item.predicted.typical / item.measurement.amount)) < math.log(2) for item in left_out
    ]
    assert sum(near) / len(near) > 0.8


def test_an_engine_that_is_often_wrong_has_wider_intervals() -> None:
    row = USED[0]
    rows = [
        refit.LeftOut(measurement=dataclasses.replace(row, engine=name), predicted=None, score=score)  # type: ignore[arg-type]
        for name, score in [("plumerai", 0.1)] * 4 + [("x-cube-ai", 2.0)] * 4
    ]
    factors = refit.inflations(rows)
    assert factors["plumerai"] < factors["tinyengine"] < factors["x-cube-ai"]
    # an engine without a row has the root mean square of all
    assert factors["tinyengine"] == pytest.approx(math.sqrt((4 * 0.01 + 4 * 4.0) / 8))


def test_the_page_has_the_table_of_left_out_times(left_out: tuple[refit.LeftOut, ...]) -> None:
    """Written by `error_table`; the last digit may differ on another machine, so cells are compared."""

    def numbers(text: str) -> list[list[float]]:
        rows = [line for line in text.splitlines() if re.match(r"\| [\w-]+ \| (Cortex|Xtensa)", line)]
        return [
            [float(cell) for cell in re.findall(r"[-+]?\d+\.?\d*(?= %| \||$| to| \*)", line)] for line in rows
        ]

    table = numbers(refit.error_table(left_out, networks()))
    page = numbers(PAGE.read_text())
    assert len(table) == len(page) == len(left_out)
    for ours, theirs in zip(table, page, strict=True):
        assert ours == pytest.approx(theirs, rel=0.02, abs=1.01)


def test_the_page_has_what_the_fit_found() -> None:
    def numbers(text: str) -> dict[str, list[float]]:
        cell = r"(\S+) \(× or ÷ (\S+)\)"
        rows = re.findall(rf"^\| (\w+) \| {cell} \| {cell} \|$", text, re.MULTILINE)
        return {name: [float(cell) for cell in cells] for name, *cells in rows}

    table, page = numbers(refit.ratio_table(fit(USED, networks()))), numbers(PAGE.read_text())
    assert table.keys() == page.keys() == SHARED.keys()
    for name, cells in table.items():
        assert page[name] == pytest.approx(cells, rel=0.02)


def test_synthetic_times_of_a_known_engine_are_learned() -> None:
    """Rows made from another truth move the fit to it: five times the level, thrice the depthwise."""
    works = networks()
    base = costs_of("plumerai", "Cortex-M4")
    cycles = {unit: 5 * cost for unit, cost in base.cycles.items()}
    cycles["depthwise"] *= 3
    truth = dataclasses.replace(base, cycles=cycles)
    rows = [row for row in USED if row.engine != "plumerai"]
    made = [
        dataclasses.replace(
            USED[0],
            engine="plumerai",
            core="Cortex-M4",
            network=name,
            unit="cycles",
            amount=truth.predict(works[name]).typical,
        )
        for name in works
    ]
    before = fit(rows, works).costs("plumerai", "Cortex-M4", works["mobilenet_v1-0.25-96"])
    learned = fit([*rows, *made], works).costs("plumerai", "Cortex-M4", works["mobilenet_v1-0.25-96"])

    def worst(costs: Any) -> float:
        return max(abs(math.log(costs.predict(works[row.network]).typical / row.amount)) for row in made)

    assert worst(learned) < 0.15 < 0.5 < worst(before)
    # and it has become surer of the level and of the kind that it saw
    assert learned.level < before.level
    assert learned.deviations["depthwise"] < before.deviations["depthwise"]


def test_instructions_alone_tell_the_level_within_the_clocks_an_instruction() -> None:
    """wakeling's own C has no time: its level is less sure than that of an engine with several there."""
    assert costs_of("wakeling-c", "Cortex-M4").level > costs_of("tflm-cmsis-nn", "Cortex-M4").level
    assert fitted()["engines"]["wakeling-c"]["measured_on"] == []


def test_rows_that_are_not_used_change_nothing() -> None:
    extra: Measurement = dataclasses.replace(USED[0], amount=1.0, is_used=False, remark="no")
    assert fit([*USED, extra], networks()).values == fit(USED, networks()).values
