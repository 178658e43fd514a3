"""`wakeling zoo`: the famous networks, our counts beside the published ones, and the chart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wakeling import boards, cost
from wakeling.cli.designs import DESIGN_HELP, Design, read_design
from wakeling.cli.network_choice import NETWORK_HELP, runtime_option
from wakeling.cli.output import console, json_option, plot_option, plot_to, print_json, print_table
from wakeling.report import zoo
from wakeling.report.figures.picture import check_plot_path
from wakeling.report.zoo import ZooRow
from wakeling.units import format_bytes, format_count

if TYPE_CHECKING:
    from wakeling.report.figures.picture import Picture

Fits = Callable[[cost.CostReport], bool]


@click.command("zoo", epilog=NETWORK_HELP)
@click.option("--board", help="A board's name or .toml file: what fits it, and its speed in the chart.")
@click.option("--with", "designs", multiple=True, metavar="DESIGN[@TOP1]", help=DESIGN_HELP)
@runtime_option
@json_option
@plot_option
def command(
    board: str | None, designs: tuple[str, ...], runtime: str, as_json: bool, plot: Path | None
) -> None:
    """The networks that everyone knows: accuracy, operations, parameters, sizes, and whether they agree.

    Our own counts stand beside the published ones, = where they agree to the last digit. With --plot
    it draws accuracy against operations, with your designs (--with) and what microcontrollers can do.
    """
    if plot:
        check_plot_path(plot)
    target = boards.load_board(board) if board else None
    runtimes = (runtime,) if target else ()
    own = [read_design(text, runtimes) for text in designs]
    rows = zoo.rows(runtimes)

    def fits(report: cost.CostReport) -> bool:
        assert target is not None
        return cost.place(report, target, runtime=runtime).fits

    if as_json:
        print_json(_to_json(rows, own, target, fits))
    else:
        _print(rows, target, fits)
        _print_own(own, target, fits)
    plot_to(plot, lambda: _picture(rows, own, target, fits, runtimes))


def _to_json(
    rows: Sequence[ZooRow], own: Sequence[Design], board: boards.Board | None, fits: Fits
) -> dict[str, Any]:
    return {
        "format": "wakeling.zoo/1",
        **({"board": boards.to_json(board)} if board else {}),
        "networks": [zoo.to_json(row, fits(row.report) if board else None) for row in rows],
        "designs": [
            {
                "top1_percent": design.top1_percent,
                **({"fits": fits(design.report)} if board else {}),
                "cost": cost.to_json(design.report),
            }
            for design in own
        ],
    }


def _print(rows: Sequence[ZooRow], board: boards.Board | None, fits: Fits) -> None:
    print_table(
        "The zoo" if board is None else f"The zoo on {board.title}",
        [*zoo.COLUMNS, *(["fits"] if board else [])],
        [[*zoo.cells(row), *([_yes(fits(row.report))] if board else [])] for row in rows],
    )
    notes, numbers = zoo.numbered_remarks(rows)
    print_table(
        "The same counts beside the published ones",
        zoo.AGREEMENT_COLUMNS,
        [zoo.agreement_cells(row, numbers[row.entry.name]) for row in rows],
    )
    out = console()
    for number, note in enumerate(notes, start=1):
        out.print(f"{number}  {note}", markup=False, soft_wrap=True)


def _print_own(own: Sequence[Design], board: boards.Board | None, fits: Fits) -> None:
    if not own:
        return
    print_table(
        "Your designs",
        [
            "network",
            "input",
            "top-1",
            "MACs",
            "operations",
            "parameters",
            "int8",
            *(["fits"] if board else []),
        ],
        [
            [
                design.report.name,
                "×".join(map(str, design.report.input_shape)),
                "–" if design.top1_percent is None else f"{design.top1_percent:g} %",
                format_count(design.report.macs),
                format_count(design.report.multiplications + design.report.additions),
                f"{design.report.deployed_parameters:,}",
                format_bytes(design.report.weight_bytes),
                *([_yes(fits(design.report))] if board else []),
            ]
            for design in own
        ],
    )


def _yes(answer: bool) -> str:
    return "yes" if answer else "no"


def _picture(
    rows: Sequence[ZooRow],
    own: Sequence[Design],
    board: boards.Board | None,
    fits: Fits,
    runtimes: tuple[str, ...],
) -> Picture:
    from wakeling.report import zoo_surroundings as around
    from wakeling.report.figures.zoo_chart import zoo_chart
    from wakeling.report.figures.zoo_frame import Bubble, Mark

    def in_flash(report: cost.CostReport) -> bool:
        return report.weight_bytes <= max(around.FLASH_BYTES)

    colored = fits if board else in_flash
    targets = [board] if board else [boards.load_board(name) for name in around.SPEED_BOARDS]
    speeds = [around.speed(target) for target in targets]
    marks = [
        Mark(
            title=design.report.name,
            operations=design.report.multiplications + design.report.additions,
            top1_percent=design.top1_percent,
        )
        for design in own
    ]
    bubbles = []
    for row in rows:
        top1_percent = row.entry.published.top1_percent
        if top1_percent is None:
            marks.append(Mark(title=row.entry.title, operations=row.operations, top1_percent=None, own=False))
            continue
        bubbles.append(
            Bubble(
                title=row.entry.title,
                operations=row.operations,
                top1_percent=top1_percent,
                parameters=row.report.deployed_parameters,
                fits=colored(row.report),
            )
        )
    return zoo_chart(
        bubbles,
        grids=around.grids(colored, runtimes),
        speeds=[speed for speed in speeds if speed is not None],
        flash_bytes=[board.flash_bytes] if board else around.FLASH_BYTES,
        marks=marks,
        fits_words=f"fits {board.title}" if board else "int8 weights fit in 2 MiB of flash",
    )
