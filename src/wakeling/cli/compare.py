"""`wakeling compare`: networks side by side, on boards and under runtimes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wakeling import boards, cost
from wakeling.cli.network_choice import NETWORK_HELP, choose, engine_option, require_board, runtime_option
from wakeling.cli.output import json_option, plot_option, plot_to, print_json, print_table
from wakeling.cost import CostReport, Placement
from wakeling.errors import SpecError
from wakeling.units import format_bytes, format_count, format_digits

if TYPE_CHECKING:
    from wakeling.report.figures.panels import Panel
    from wakeling.report.figures.picture import Picture

_DRAWN_RUNTIMES = ("liveness", "tflm", "wakeling-c", "patched")


@click.command("compare", epilog=NETWORK_HELP)
@click.argument("networks", nargs=-1, required=True, metavar="NETWORK...")
@click.option(
    "--board", "board_names", multiple=True, help="A board's name or .toml file; repeat it for several."
)
@runtime_option
@engine_option
@json_option
@plot_option
def command(
    networks: tuple[str, ...],
    board_names: tuple[str, ...],
    runtime: str,
    engine: str | None,
    as_json: bool,
    plot: Path | None,
) -> None:
    """Two or more NETWORKs side by side: operations, parameters, RAM under every runtime, flash.

    With boards, each gets a table of its own: what of its RAM and flash every network takes, how long
    one inference takes there, and whether it fits.
    """
    if len(networks) < 2:
        raise SpecError(f"only {networks[0]} is given; name two networks or more, or use `wakeling cost`")
    require_board(engine, *board_names)
    targets = [boards.load_board(name) for name in board_names]
    reports: dict[str, CostReport] = {}
    for name in networks:
        chosen = choose(name)
        reports[_title(chosen.name, reports)] = chosen.report()
    placed = {
        board.name: {
            name: cost.place(report, board, runtime=runtime, engine=engine)
            for name, report in reports.items()
        }
        for board in targets
    }
    if as_json:
        print_json(_to_json(reports, placed))
    else:
        _print(reports)
        for board in targets:
            _print_board(board, placed[board.name], runtime)
    plot_to(plot, lambda: _picture(reports, placed, runtime))


def _title(name: str, taken: dict[str, CostReport]) -> str:
    """The network's name, with a number where two have the same."""
    number = 2
    title = name
    while title in taken:
        title = f"{name} ({number})"
        number += 1
    return title


def _to_json(reports: dict[str, CostReport], placed: dict[str, dict[str, Placement]]) -> dict[str, Any]:
    return {
        "format": "wakeling.compare/1",
        "networks": [{**cost.to_json(report), "name": name} for name, report in reports.items()],
        "boards": {
            board: {name: cost.placement_to_json(placement) for name, placement in row.items()}
            for board, row in placed.items()
        },
    }


def _print(reports: dict[str, CostReport]) -> None:
    runtimes = list(cost.PLANNERS)
    print_table(
        "Networks",
        [
            "network",
            "input",
            "MACs",
            "additions",
            "parameters",
            "weights",
            "flash (tflm)",
            "flash (wakeling-c)",
        ],
        [
            [
                name,
                "×".join(map(str, report.input_shape)),
                f"{report.macs:,}",
                f"{report.additions:,}",
                f"{report.deployed_parameters:,}",
                format_bytes(report.weight_bytes),
                format_bytes(report.flash_bytes),
                _own_flash(report),
            ]
            for name, report in reports.items()
        ],
    )
    print_table(
        "RAM by runtime",
        ["network", *runtimes],
        [
            [name, *(format_bytes(report.ram_bytes[runtime]) for runtime in runtimes)]
            for name, report in reports.items()
        ],
    )


def _own_flash(report: CostReport) -> str:
    own = report.flash_by_runtime.get("wakeling-c")
    return "–" if own is None else format_bytes(own.total_bytes)


def _print_board(board: boards.Board, row: dict[str, Placement], runtime: str) -> None:
    print_table(
        f"{board.title} ({board.chip}, {board.core} at {board.clock_hz / 1e6:g} MHz)",
        ["network", f"RAM ({runtime})", "of RAM", "flash", "of flash", "ms", "nine of ten", "engine", "fits"],
        [
            [
                name,
                format_bytes(placement.ram_bytes),
                f"{100 * placement.ram_bytes / board.ram_bytes:.0f} %",
                format_bytes(placement.flash_bytes),
                f"{100 * placement.flash_bytes / board.flash_bytes:.0f} %",
                *_time(placement),
                "yes" if placement.fits else "no",
            ]
            for name, placement in row.items()
        ],
    )


def _time(placement: Placement) -> tuple[str, str, str]:
    time = placement.latency
    if time is None:
        return "unknown", "–", "–"
    return format_digits(time.ms), f"{format_digits(time.low_ms)}–{format_digits(time.high_ms)}", time.engine


def _picture(
    reports: dict[str, CostReport], placed: dict[str, dict[str, Placement]], runtime: str
) -> Picture:
    from wakeling.report.figures.panels import Panel, panels

    rows = list(reports.values())
    most = max(row.ram_bytes[name] for row in rows for name in _DRAWN_RUNTIMES)
    parts = [
        Panel(title="MACs", values=[row.macs for row in rows], write=_count),
        Panel(title="Parameters, deployed", values=[row.deployed_parameters for row in rows], write=_count),
        *(
            Panel(
                title=f"RAM ({name})", values=[row.ram_bytes[name] for row in rows], write=_bytes, most=most
            )
            for name in _DRAWN_RUNTIMES
        ),
        Panel(title="Flash (tflm)", values=[row.flash_bytes for row in rows], write=_bytes),
        *(panel for board, row in placed.items() for panel in _board_panels(board, row, runtime)),
    ]
    return panels(
        list(reports),
        parts,
        name="compare",
        title="Networks side by side",
        description=f"{len(reports)} networks: {', '.join(panel.title for panel in parts)}",
    )


def _board_panels(board: str, row: dict[str, Placement], runtime: str) -> list[Panel]:
    from wakeling.report.figures.panels import Panel

    placements = list(row.values())
    times = [placement.latency for placement in placements]
    target = placements[0].board
    return [
        Panel(
            title=f"{board}: RAM ({runtime})",
            values=[placement.ram_bytes for placement in placements],
            write=_bytes,
            limit=target.ram_bytes,
            limit_name="all of",
        ),
        Panel(
            title=f"{board}: ms an inference",
            values=[time.ms if time else None for time in times],
            spans=[(time.low_ms, time.high_ms) if time else None for time in times],
            write=lambda value: f"{format_digits(value)} ms",
        ),
    ]


def _count(value: float) -> str:
    return format_count(int(value))


def _bytes(value: float) -> str:
    return format_bytes(int(value))
