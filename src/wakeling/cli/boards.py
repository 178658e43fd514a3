"""`wakeling boards`: the boards, their limits and where each number comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wakeling.boards import SIMD, Board, board_names, load_board, to_json
from wakeling.cli.output import console, json_option, plot_option, plot_to, print_json, print_table
from wakeling.units import format_bytes

if TYPE_CHECKING:
    from wakeling.report.figures.picture import Picture


@click.command("boards")
@click.argument("name", required=False)
@json_option
@plot_option
def command(name: str | None, as_json: bool, plot: Path | None) -> None:
    """The boards and their limits; with NAME (or a .toml file) one board and its sources.

    `--plot` draws all of them by RAM, flash and clock, and a board of your own among them.
    """
    if name is not None:
        board = load_board(name)
        if as_json:
            print_json(to_json(board))
        else:
            _print_one(board)
        plot_to(plot, lambda: _picture([board]))
        return
    boards = [load_board(known) for known in board_names()]
    plot_to(plot, lambda: _picture([]))
    if as_json:
        print_json([to_json(board) for board in boards])
        return
    print_table(
        "Boards",
        ["name", "chip", "core", "clock", "RAM", "flash", "verified"],
        [
            [
                board.name,
                board.chip,
                board.core,
                _clock(board),
                format_bytes(board.ram_bytes),
                format_bytes(board.flash_bytes),
                "yes" if board.verified else "no",
            ]
            for board in boards
        ],
    )


def _picture(more: list[Board]) -> Picture:
    from wakeling.report.figures.board_map import board_map

    known = [load_board(name) for name in board_names()]
    names = {board.name for board in known}
    return board_map([*known, *(board for board in more if board.name not in names)])


def _clock(board: Board) -> str:
    return f"{board.clock_hz / 1e6:g} MHz"


def _print_one(board: Board) -> None:
    out = console()
    out.print(f"{board.title} ({board.name})", markup=False)
    rows = [
        ("chip", board.chip, ""),
        ("core", board.core, "core"),
        ("simd", f"{board.simd} ({SIMD[board.simd]})", ""),
        ("clock", _clock(board), "clock"),
        ("RAM", format_bytes(board.ram_bytes), "ram"),
        ("flash", format_bytes(board.flash_bytes), "flash"),
        ("verified", "yes" if board.verified else "no", ""),
    ]
    for title, figure, key in rows:
        source = board.sources.get(key) if key else None
        out.print(
            f"  {title:<10}{figure}" + (f"  [{source}]" if source else ""), markup=False, soft_wrap=True
        )
    if board.power is not None:
        power = board.power
        span = f" ({power.low_mw:g} to {power.high_mw:g})" if power.low_mw < power.high_mw else ""
        figure = f"{power.active_mw:g} mW computing{span}"
        out.print(f"  {'power':<10}{figure}  [{power.source}]", markup=False, soft_wrap=True)
    if board.notes:
        out.print(f"  {board.notes}", markup=False, soft_wrap=True)
