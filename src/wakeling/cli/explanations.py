"""How `wakeling explain` prints each lesson for people: worked steps, tables, remarks."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from wakeling import boards, lesson
from wakeling.cli.output import console, print_table
from wakeling.ops import Shape
from wakeling.units import format_bytes, format_count, parse_bytes

PROSE_WIDTH = 100
"""Columns of a line of prose."""


def print_convolution(explained: lesson.ConvolutionLesson) -> None:
    """The steps of one convolution, numbered, then the totals."""
    kernel = explained.kernel
    _line(
        f"{explained.filters:,} filters of {kernel}×{kernel} over a map of {_shape(explained.input_shape)} "
        f"make a map of {_shape(explained.output_shape)}"
    )
    _line("")
    for number, step in enumerate(lesson.worked_steps(explained), start=1):
        _line(f"{number:>2}. {step}")
    print_table(
        "",
        ["", "computed"],
        [
            ["output", _shape(explained.output_shape)],
            ["positions of the window", f"{explained.positions:,}"],
            ["MACs", f"{explained.macs:,}"],
            ["multiplications", f"{explained.multiplications:,}"],
            ["additions", f"{explained.additions:,}"],
            ["parameters", f"{explained.parameters:,}"],
            ["input, int8", format_bytes(explained.input_bytes)],
            ["output, int8", format_bytes(explained.output_bytes)],
            ["parameters, int8 and int32 biases", format_bytes(explained.weight_bytes)],
        ],
    )


def print_separable(explained: lesson.SeparableLesson) -> None:
    """Both ways side by side, the rule, where the saving ends, and the table of savings."""
    kernel, filters = explained.kernel, explained.filters
    works = (explained.standard, explained.depthwise, explained.pointwise, explained.separable)
    print_table(
        f"{filters:,} filters of {kernel}×{kernel} over a map of {_shape(explained.input_shape)} "
        f"make a map of {_shape(explained.output_shape)} (computed)",
        ["convolution", "multiplications", "additions", "parameters", "weights, int8"],
        [
            [
                "depthwise + pointwise" if work.name == "separable" else work.name,
                f"{work.multiplications:,}",
                f"{work.additions:,}",
                f"{work.parameters:,}",
                format_bytes(work.weight_bytes),
            ]
            for work in works
        ],
    )
    _line(
        f"multiplications: {lesson.times_fewer(explained.saving)}; the halves do "
        f"{100 * explained.ratio:.4g} % of the work"
    )
    _line(
        f"the rule: 1/N + 1/K² = 1/{filters:,} + 1/{kernel**2:,} = {100 * explained.rule:.4g} %, "
        f"whatever the map, its channels and the stride"
    )
    if explained.additions_saving is not None:
        _line(f"additions: {lesson.times_fewer(explained.additions_saving)}")
    _line(
        f"parameters: {lesson.times_fewer(explained.parameters_saving)}; the map between the halves "
        f"({_shape(explained.between_shape)}) takes {format_bytes(explained.between_bytes)} of RAM"
    )
    _line(
        f"where it ends: with {kernel}×{kernel} windows the saving stays below K² = "
        f"{explained.limit_many_filters:,} however many the filters, and with {filters:,} filters below "
        f"N = {explained.limit_large_kernel:,} however large the windows"
    )
    _line("")
    print_table(
        "How many times fewer multiplications, by the window K×K and the number of filters N",
        ["K×K", *(f"N = {number}" for number in explained.table_filters), "limit K²"],
        [
            [
                f"{row.kernel}×{row.kernel}",
                *(f"{saving:.1f}" for saving in row.savings),
                f"{row.kernel**2:,}",
            ]
            for row in explained.table
        ],
    )


def print_multiplier(explained: lesson.MultiplierLesson) -> None:
    """The table over α or the resolution, its MACs by kind of layer, and the remarks."""
    is_alpha = explained.knob == "alpha"
    sign = "α" if is_alpha else "ρ"
    knob_titles = ["α"] if is_alpha else ["pixels", "ρ"]
    fixed = f"{explained.full.resolution} pixels a side" if is_alpha else f"α {explained.full.alpha:g}"
    print_table(
        f"{explained.family} at {fixed} (counts computed, accuracies and printed MACs published)",
        [
            *knob_titles,
            "MACs",
            "multiplications",
            "additions",
            "MACs, %",
            f"{sign}², %",
            "parameters",
            "RAM (liveness)",
            "printed MACs",
            "top-1",
        ],
        [
            [
                *_knob_cells(row, is_alpha),
                f"{row.macs:,}",
                f"{row.multiplications:,}",
                f"{row.additions:,}",
                f"{100 * row.macs_ratio:.2f}",
                f"{100 * row.rule:.2f}",
                f"{row.deployed_parameters:,}",
                format_bytes(row.ram_bytes),
                _joined(f"{printed.macs_millions:g} M{_mark(printed)}" for printed in row.printed),
                _joined(f"{printed.top1_percent:.1f} %" for printed in row.printed),
            ]
            for row in explained.rows
        ],
    )
    kinds = [kind for kind in lesson.KINDS if kind in explained.full.macs_by_kind]
    print_table(
        "Where the MACs are (each is one multiplication and one addition)",
        [*knob_titles, *(lesson.KINDS[kind] for kind in kinds)],
        [
            [*_knob_cells(row, is_alpha), *(format_count(row.macs_by_kind.get(kind, 0)) for kind in kinds)]
            for row in explained.rows
        ],
    )
    sources = dict.fromkeys(printed.source for row in explained.rows for printed in row.printed)
    for remark in lesson.scaling_remarks(explained):
        _line(remark)
    _line("")
    if sources:
        _line(f"Published, in the order of the columns: {'; '.join(sources)}. * marks a misprint.")
    for remark in lesson.printed_remarks(explained):
        _line(remark)


def print_gap(explained: lesson.GapLesson) -> None:
    """The gap, the steps one after another, each step by itself, and the verdict."""
    start, end = explained.stages[0], explained.stages[-1]
    _line(
        f"{start.name}: {start.parameters:,} parameters of 4 bytes are "
        f"{format_bytes(start.parameter_bytes)}; {explained.target} has "
        f"{format_bytes(explained.flash_target_bytes)} of flash: {_lack(explained.gap)}"
    )
    _line(
        f"the activations in float32 take {format_bytes(start.ram_bytes)}; "
        f"its RAM has {format_bytes(explained.ram_target_bytes)}: {_lack(explained.ram_gap)}"
    )
    _line("")
    titles = ["parameters", "bytes", "÷", "RAM (liveness)", "÷", "MACs", "÷"]
    print_table(
        "One step after another (computed)",
        ["step", *titles],
        [[stage.step or "float32, as published", *_stage_cells(stage)] for stage in explained.stages],
    )
    print_table(
        "Each step by itself, from the network in float32 (computed)",
        ["step", *titles],
        [[stage.step, *_stage_cells(stage)] for stage in explained.alone],
    )
    _line(
        f"flash under {explained.flash_runtime}: {format_bytes(end.parameter_bytes)} of parameters and "
        f"{format_bytes(explained.flash_overhead_bytes)} of tables and code are "
        f"{format_bytes(explained.flash_bytes)} of {format_bytes(explained.flash_target_bytes)} "
        f"({100 * explained.flash_share:.0f} %; modelled)"
    )
    _line(
        f"RAM under {explained.runtime}: {format_bytes(explained.ram_bytes)} of "
        f"{format_bytes(explained.ram_target_bytes)} ({100 * explained.ram_share:.0f} %)"
    )
    _line(f"{end.name} {'fits' if explained.fits else 'does not fit'} {explained.target}")
    _line(
        f"with the other knobs as they are, the widest α that fits is {explained.widest_alpha:g}"
        if explained.widest_alpha
        else "with the other knobs as they are, no α fits; lower the resolution, or take a larger target"
    )


def gap_target(board: str | None, flash: str | None, ram: str | None) -> tuple[str, int, int]:
    """What to close the gap to: its name, bytes of flash, bytes of RAM; sizes given win over a board's.

    Raises BoardError for an unknown board and WakelingError for a size that is not understood.
    """
    target = boards.load_board(board) if board else None
    flash_bytes = target.flash_bytes if target else lesson.TARGET_BYTES
    ram_bytes = target.ram_bytes if target else lesson.TARGET_BYTES
    name = target.title if target else "a small microcontroller"
    if flash or ram:
        name = "your target"
    return name, parse_bytes(flash) if flash else flash_bytes, parse_bytes(ram) if ram else ram_bytes


def _lack(gap: float) -> str:
    return f"{gap:.1f} times less" if gap > 1 else "enough"


def _stage_cells(stage: lesson.Stage) -> list[str]:
    return [
        f"{stage.parameters:,}",
        format_bytes(stage.parameter_bytes),
        _factor(stage.parameter_factor),
        format_bytes(stage.ram_bytes),
        _factor(stage.ram_factor),
        format_count(stage.macs),
        _factor(stage.macs_factor),
    ]


def _factor(factor: float) -> str:
    return "–" if factor == 1 else f"{factor:.2f}" if factor < 10 else f"{factor:.1f}"


def _knob_cells(row: lesson.MultiplierRow, is_alpha: bool) -> list[str]:
    return [f"{row.alpha:g}"] if is_alpha else [f"{row.resolution}", f"{row.multiplier:.3f}"]


def _mark(printed: lesson.Printed) -> str:
    return "*" if printed.verdict == "misprint" else ""


def _joined(cells: Iterable[str]) -> str:
    return " / ".join(cells) or "–"


def _shape(shape: Shape) -> str:
    return "×".join(f"{size:,}" for size in shape)


def _line(text: str) -> None:
    """A line of prose, broken for people at `PROSE_WIDTH` columns, or at the terminal's width."""
    out = console()
    width = min(PROSE_WIDTH, out.width)
    indent = " " * 4 if text[:1].isspace() or text[:2].isdigit() else " " * 2
    out.print(textwrap.fill(text, width, subsequent_indent=indent), markup=False, soft_wrap=True)
