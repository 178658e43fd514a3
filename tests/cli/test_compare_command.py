"""`wakeling compare` as a user runs it: tables, boards, JSON, a picture, mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wakeling import boards, cost
from wakeling.cli.main import run
from wakeling.cli.network_choice import choose

SMALL = "mobilenet_v1:alpha=0.25,resolution=96"
LARGE = "mobilenet_v2:alpha=0.35,resolution=128"
BOARDS = ("--board", "nucleo-l4r5zi", "--board", "stm32l412kb")


def test_every_figure_is_that_of_the_network_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", SMALL, LARGE, "squeezenet-1.1", *BOARDS, "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in value["networks"]][2] == "squeezenet-1.1"
    for name, row in zip((SMALL, LARGE, "squeezenet-1.1"), value["networks"], strict=True):
        report = cost.cost(choose(name).graph)
        assert row["macs"] == report.macs
        assert row["ram_bytes"] == report.ram_bytes
        for board in ("nucleo-l4r5zi", "stm32l412kb"):
            placed = cost.place(report, boards.load_board(board))
            found = value["boards"][board][row["name"]]
            assert found["fits"] is placed.fits
            assert placed.latency is not None
            assert found["latency"]["ms"] == pytest.approx(placed.latency.ms, abs=1e-5)


def test_the_tables_name_networks_runtimes_and_boards(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", SMALL, LARGE, *BOARDS]) == 0
    out = capsys.readouterr().out
    for text in ("mobilenet_v1_0.25_96", "7,489,664", "RAM by runtime", *cost.PLANNERS, "STM32L412", "fits"):
        assert text in out


def test_the_same_network_twice_gets_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", SMALL, SMALL, "--json"]) == 0
    names = [row["name"] for row in json.loads(capsys.readouterr().out)["networks"]]
    assert names == ["mobilenet_v1_0.25_96", "mobilenet_v1_0.25_96 (2)"]


def test_it_is_drawn_where_asked(tmp_path: Path) -> None:
    picture = tmp_path / "compare.svg"
    assert run(["compare", SMALL, LARGE, *BOARDS, "--plot", str(picture)]) == 0
    text = picture.read_text()
    for words in ("RAM (wakeling-c)", "stm32l412kb: RAM (tflm)", "mobilenet_v2_0.35_128"):
        assert words in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([SMALL], "name two networks or more, or use `wakeling cost`"),
        ([], "Missing argument 'NETWORK...'"),
        ([SMALL, "resnet"], "unknown network 'resnet'; known: resnet-"),
        ([SMALL, LARGE, "--board", "nano"], "unknown board 'nano'"),
        ([SMALL, LARGE, "--runtime", "x"], "unknown runtime 'x'"),
        ([SMALL, LARGE, "--board", "nucleo-l4r5zi", "--engine", "esp-nn"], "no time is known of esp-nn"),
        ([SMALL, LARGE, "--plot", "compare.bmp"], "must end with .png, .svg, .pdf"),
    ],
)
def test_mistakes_have_one_line_and_code_two(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compare", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
