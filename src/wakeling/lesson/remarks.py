"""What the tables of α and of the resolution teach, in sentences made from their numbers."""

from __future__ import annotations

import math

from wakeling.lesson.multipliers import (
    KINDS,
    RUNTIME,
    MultiplierLesson,
    MultiplierRow,
    parameters_counted,
)

_SIGNS = {"alpha": "α", "resolution": "ρ"}
_POWERS = {1: "", 2: "²"}


def scaling_remarks(lesson: MultiplierLesson) -> tuple[str, ...]:
    """The rule of the square and why it is not exact, one remark a line; empty where nothing shrinks."""
    smallest = min(lesson.rows, key=lambda row: row.multiplier)
    if smallest.multiplier >= 1:
        return ()
    return (_rule(lesson, smallest), _by_kind(lesson, smallest), _memory(lesson, smallest))


def printed_remarks(lesson: MultiplierLesson) -> tuple[str, ...]:
    """What was printed about the family: odd rounding, misprints, how parameters were counted."""
    remarks = _rounding(lesson)
    remarks += [
        f"Misprint: {mistake.source} prints {mistake.printed_macs_millions:g} million MACs for "
        f"α {mistake.alpha:g} at {mistake.resolution}; the exact count is {mistake.macs / 1e6:.3f} million."
        for mistake in lesson.misprints
    ]
    if lesson.printed_values_a_channel is not None:
        remarks.append(_parameters(lesson, lesson.printed_values_a_channel))
    return tuple(remarks)


def _rule(lesson: MultiplierLesson, row: MultiplierRow) -> str:
    sign = _SIGNS[lesson.knob]
    return (
        f"The rule: MACs fall with {sign}². At {sign} {row.multiplier:.3g} that is {100 * row.rule:.2f} % of "
        f"the full network's; exactly it is {100 * row.macs_ratio:.2f} %."
    )


def _by_kind(lesson: MultiplierLesson, row: MultiplierRow) -> str:
    """How each kind of layer really scales: the power of the multiplier, from its counts."""
    sign = _SIGNS[lesson.knob]
    scaling = [
        f"{KINDS[kind]} with {_power(sign, row.multiplier, macs / lesson.full.macs_by_kind[kind])}"
        for kind, macs in row.macs_by_kind.items()
        if lesson.full.macs_by_kind.get(kind)
    ]
    reason = {
        "alpha": "a layer falls with the square only where both its inputs and its filters get fewer",
        "resolution": "what works on the pooled vector does not see the image's size",
    }[lesson.knob]
    return f"Why it is not exact: {reason}. Here {'; '.join(scaling)}."


def _power(sign: str, multiplier: float, ratio: float) -> str:
    power = math.log(ratio) / math.log(multiplier)
    if abs(power) < 0.005:
        return f"{sign}⁰ (not at all)"
    if abs(power - round(power)) > 0.005 or round(power) not in _POWERS:
        return f"{sign}^{power:.2f}"
    return f"{sign}{_POWERS[round(power)]}"


def _memory(lesson: MultiplierLesson, row: MultiplierRow) -> str:
    sign = _SIGNS[lesson.knob]
    return (
        f"Parameters: {100 * row.parameters_ratio:.2f} % of the full network's. "
        f"RAM ({RUNTIME}): {100 * row.ram_ratio:.2f} %, with "
        f"{_power(sign, row.multiplier, row.ram_ratio)}."
    )


def _rounding(lesson: MultiplierLesson) -> list[str]:
    odd = [
        f"{printed.macs_millions:g} for {row.macs / 1e6:.3f} ({printed.verdict}; {printed.source})"
        for row in lesson.rows
        for printed in row.printed
        if printed.verdict in ("cut off", "rounded up")
    ]
    return [f"Printed, but not to the nearest million: {', '.join(odd)}."] if odd else []


def _parameters(lesson: MultiplierLesson, values: int) -> str:
    row = next(row for row in lesson.rows if row.printed)
    count = f"{values} values" if values != 1 else "one value"
    norms = f", and {count} for each channel of a batch norm" if values else " alone"
    return (
        f"Printed parameters ({row.printed[0].source}) count weights and the classifier's biases{norms}: "
        f"{parameters_counted(row, values):,} for {row.name}, where training keeps "
        f"{row.training_parameters:,} and a deployed network {row.deployed_parameters:,}."
    )
