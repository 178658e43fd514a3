"""`wakeling boards`: the boards, their limits and where each number comes from."""

from __future__ import annotations

import click

from wakeling.boards import SIMD, Board, board_names, load_board, to_json
from wakeling.cli.output import console, json_option, print_json, print_table
from wakeling.units import format_bytes


@click.command("boards")
@click.argument("name", required=False)
@json_option
def command(name: str | None, as_json: bool) -> None:
    """The boards and their limits; with NAME (or a .toml file) one board and its sources."""
    if name is not None:
        board = load_board(name)
        if as_json:
            print_json(to_json(board))
        else:
            _print_one(board)
        return
    boards = [load_board(known) for known in board_names()]
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
    if board.notes:
        out.print(f"  {board.notes}", markup=False, soft_wrap=True)
