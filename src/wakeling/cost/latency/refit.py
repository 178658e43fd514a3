"""Writes `fitted.toml` from the tables: the fit, and what leaving measurements out shows of its errors.

    python -m wakeling.cost.latency.refit > src/wakeling/cost/latency/fitted.toml

A test compares, so the file cannot part from the tables.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wakeling.cost.latency.costs import NORMAL_90, UNITS, Cycles
from wakeling.cost.latency.engines import ENGINES
from wakeling.cost.latency.fit import SHARED, Fit, fit
from wakeling.cost.latency.tables import Measurement, measurements, networks
from wakeling.cost.latency.work import Work

USUAL_NETWORK = "mobilenet_v1-0.25-96"
"""The mix of an engine without measurements."""

PRIOR_ROWS = 4
"""How many measurements the errors of all engines count for beside an engine's own."""

YARDSTICK = "Cortex-M4"
"""The core whose cycles the file has; other cores have a factor."""

DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A measurement and what the model says of it when it is fitted without it.

    `score` is the logarithm of predicted by measured in standard deviations of the prediction, before
    any inflation.
    """

    measurement: Measurement
    predicted: Cycles
    score: float


def leave_one_out(rows: Sequence[Measurement], works: Mapping[str, Sequence[Work]]) -> tuple[LeftOut, ...]:
    """Every measured time, predicted by a fit to all rows but that one."""
    used = [row for row in rows if row.is_used]
    found = []
    for index, row in enumerate(used):
        if row.unit != "cycles":
            continue
        rest = used[:index] + used[index + 1 :]
        costs = fit(rest, works).costs(row.engine, row.core, works[_usual(row.engine, rest)])
        predicted = costs.predict(works[row.network])
        deviation = math.log(predicted.high / predicted.typical) / NORMAL_90
        score = math.log(predicted.typical / row.amount) / deviation
        found.append(LeftOut(measurement=row, predicted=predicted, score=score))
    return tuple(found)


def inflations(left_out: Iterable[LeftOut]) -> dict[str, float]:
    """By how much each engine's uncertainty falls short (or goes too far), judged by what was left out.

    The root of the mean squared score, with all engines' counted as `PRIOR_ROWS` more rows of it.
    """
    scores: dict[str, list[float]] = {name: [] for name in ENGINES}
    for item in left_out:
        scores.setdefault(item.measurement.engine, []).append(item.score)
    every = [score for own in scores.values() for score in own]
    common = sum(score**2 for score in every) / len(every)
    return {
        name: math.sqrt((sum(score**2 for score in own) + PRIOR_ROWS * common) / (len(own) + PRIOR_ROWS))
        for name, own in scores.items()
    }


def inflated(left_out: Sequence[LeftOut]) -> tuple[LeftOut, ...]:
    """The same with intervals as the model gives them: each engine's inflated by its own factor."""
    factors = inflations(left_out)
    return tuple(
        dataclasses.replace(item, predicted=_widened(item.predicted, factors[item.measurement.engine]))
        for item in left_out
    )


def _widened(cycles: Cycles, factor: float) -> Cycles:
    span = (cycles.high / cycles.typical) ** factor
    return Cycles(cycles.typical, cycles.typical / span, cycles.typical * span)


def error_table(left_out: Iterable[LeftOut], works: Mapping[str, Sequence[Work]]) -> str:
    """Every left-out time as a row of a Markdown table, in cycles a MAC."""
    lines = [
        "| engine | core | network | measured | predicted without it | interval | error |",
        "|---|---|---|---|---|---|---|",
    ]
    for item in left_out:
        row, macs = item.measurement, sum(work.macs for work in works[item.measurement.network])
        typical, low, high = (cycles / macs for cycles in item.predicted)
        outside = "" if low <= row.amount / macs <= high else " **outside**"
        lines.append(
            f"| {row.engine} | {row.core} | {row.network} | {row.amount / macs:.2f} | {typical:.2f} | "
            f"{low:.2f} to {high:.2f}{outside} | {100 * (typical * macs / row.amount - 1):+.0f} % |"
        )
    return "\n".join(lines)


def ratio_table(model: Fit) -> str:
    """What was expected of each shared parameter and what the fit found, as a Markdown table."""
    lines = ["| parameter | expected | found |", "|---|---|---|"]
    for name, (mean, deviation) in SHARED.items():
        index = model.names.index(name)
        found, unsure = model.values[name], math.sqrt(model.covariance[index, index])
        lines.append(f"| {name} | {_spread(mean, deviation)} | {_spread(found, unsure)} |")
    return "\n".join(lines)


def _spread(logarithm: float, deviation: float) -> str:
    value = math.exp(logarithm)
    number = f"{value:.0f}" if value >= 100 else f"{value:.3g}"
    return f"{number} (× or ÷ {math.exp(deviation):.2f})"


def refit(left_out: Iterable[LeftOut]) -> str:
    """The whole of `fitted.toml`, from the tables and what `leave_one_out` found on them."""
    works = networks()
    used = [row for row in measurements() if row.is_used]
    model = fit(used, works)
    factors = inflations(left_out)
    cores = {core: math.exp(model.values[f"core {core}"]) for core in _cores()}
    yardstick = cores[YARDSTICK]
    lines = [
        "# Written by `python -m wakeling.cost.latency.refit`; see docs/explanation/latency-and-energy.md.",
        'format = "wakeling.latency/1"',
        f"misaligned = {_number(math.exp(model.values['misaligned']))}",
        "",
        "[cores]",
        *(f'"{core}" = {_number(cycles / yardstick)}' for core, cycles in cores.items()),
    ]
    for name in ENGINES:
        lines += _engine(name, model, used, works, factors[name])
    return "\n".join(lines) + "\n"


def _engine(
    name: str,
    model: Fit,
    used: Sequence[Measurement],
    works: Mapping[str, Sequence[Work]],
    inflation: float,
) -> list[str]:
    mix = works[_usual(name, used)]
    costs = model.costs(name, YARDSTICK, mix)
    measured = sorted({row.core for row in used if row.engine == name and row.unit == "cycles"})
    levels = {core: model.costs(name, core, mix).level for core in ENGINES[name].cores}
    return [
        "",
        f"[engines.{name}]",
        f"inflation = {_number(inflation)}",
        f"measured_on = {json.dumps(measured)}",
        f"[engines.{name}.cycles]",
        *(f"{unit} = {_number(costs.cycles[unit])}" for unit in UNITS),
        f"[engines.{name}.mix]",
        *(f"{unit} = {_number(share)}" for unit, share in costs.mix.items()),
        f"[engines.{name}.deviations]",
        *(f"{unit} = {_number(deviation)}" for unit, deviation in costs.deviations.items()),
        f"[engines.{name}.levels]",
        *(f'"{core}" = {_number(level)}' for core, level in levels.items()),
    ]


def _usual(engine: str, rows: Iterable[Measurement]) -> str:
    """The network of the engine's first measurement."""
    return next((row.network for row in rows if row.engine == engine), USUAL_NETWORK)


def _cores() -> list[str]:
    return sorted({core for engine in ENGINES.values() for core in engine.cores})


def _number(value: float) -> str:
    """`DIGITS` significant digits, always with a point."""
    text = f"{value:.{DIGITS}g}"
    return f"{float(text)!r}"


if __name__ == "__main__":
    print(refit(leave_one_out(measurements(), networks())), end="")
