"""`wakeling boards`: the list, one board with its sources, a user's own, mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wakeling.boards import board_names, load_board
from wakeling.cli.main import run

SMALL = Path(__file__).parents[2] / "examples" / "boards" / "small-64k-256k.toml"


def test_the_list_has_every_board(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["boards"]) == 0
    out = capsys.readouterr().out
    for name in board_names():
        assert name in out
    assert run(["boards", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [board["name"] for board in listed] == list(board_names())


def test_one_board_names_its_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["boards", "nucleo-h743zi"]) == 0
    out = capsys.readouterr().out
    board = load_board("nucleo-h743zi")
    for text in ("Cortex-M7F", "480 MHz", "1.00 MiB", "verified", board.notes, *board.sources.values()):
        assert text in out
    assert run(["boards", "nucleo-h743zi", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["ram_bytes"] == 1024 * 1024
    assert value["sources"]["ram"] == board.sources["ram"]


def test_a_users_own_board_is_shown_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["boards", str(SMALL), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ram_bytes"] == 64 * 1024


@pytest.mark.parametrize("name", ["nucleo", "missing.toml"])
def test_mistakes_have_one_line_and_code_two(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["boards", name]) == 2
    captured = capsys.readouterr()
    assert name in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_boards_are_drawn_with_your_own_among_them(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    text = SMALL.read_text()
    own.write_text(text.replace('chip = "any"', 'chip = "MYCHIP"'))
    picture = tmp_path / "boards.svg"
    assert run(["boards", str(own), "--plot", str(picture)]) == 0
    assert "MYCHIP" in picture.read_text()
    assert "STM32L412" in picture.read_text()
