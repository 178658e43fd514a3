"""`wakeling sweep`: the grid, the verdict, the published figures, mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wakeling import cost, spec
from wakeling.cli.main import run


def sweep(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    assert run(["sweep", *arguments, "--json"]) == code
    value = json.loads(capsys.readouterr().out)
    assert isinstance(value, dict)
    return value


def test_the_grid_is_complete_and_right(capsys: pytest.CaptureFixture[str]) -> None:
    value = sweep(
        capsys, "mobilenet-v1", "--alpha", "0.25,0.5", "--resolution", "96,128", "--channels", "1,3"
    )
    points = [(row["alpha"], row["resolution"], row["channels"]) for row in value["rows"]]
    assert sorted(points) == [(a, r, c) for a in (0.25, 0.5) for r in (96, 128) for c in (1, 3)]
    for row in value["rows"]:
        network = spec.make("mobilenet_v1", alpha=row["alpha"], resolution=row["resolution"])
        network = spec.make("mobilenet_v1", **{**network.knobs, "channels": row["channels"]})
        report = cost.cost(spec.lower(network))
        assert row["macs"] == report.macs
        assert row["ram_bytes"] == {name: report.ram_bytes[name] for name in ("liveness", "tflm")}
        assert row["flash_bytes"] == report.flash_bytes
        assert row["parameters"]["training"] == report.training_parameters
        assert "published" not in row
        assert "fits" not in row


def test_the_published_accuracy_stands_beside_a_thousand_classes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    value = sweep(
        capsys, "mobilenet_v1", "--alpha", "0.25,0.3", "--resolution", "96,128", "--classes", "1000"
    )
    published = {
        (row["alpha"], row["resolution"]): row["published"]["top1_percent"]
        for row in value["rows"]
        if "published" in row
    }
    assert published == {(0.25, 128): 41.5}
    assert run(["sweep", "mobilenet_v1", "--alpha", "0.25", "--resolution", "128", "--classes", "1000"]) == 0
    out = capsys.readouterr().out
    assert "top-1 (published)" in out
    assert "41.5 %" in out


def test_a_board_judges_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    board = ("--board", "nucleo-g0b1re")
    value = sweep(capsys, "mobilenet_v1", "--alpha", "0.25,1", "--resolution", "96,224", *board)
    fits = {(row["alpha"], row["resolution"]): row["fits"] for row in value["rows"]}
    assert fits == {(0.25, 96): True, (0.25, 224): False, (1.0, 96): False, (1.0, 224): False}
    for row in value["rows"]:
        assert bool(row["violations"]) != row["fits"]


def test_nothing_that_fits_is_code_one(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["sweep", "mobilenet_v2", "--alpha", "1", "--resolution", "224", "--board", "stm32f410"]
    assert run(arguments) == 1
    captured = capsys.readouterr()
    assert "no" in captured.out
    assert captured.err == "wakeling: none of the 1 networks fits stm32f410\n"


def test_the_table_shows_the_knobs_that_vary(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sweep", "mobilenet_v1", "--alpha", "0.25", "--resolution", "96"]) == 0
    out = capsys.readouterr().out
    assert "7.490 M" in out
    assert "channels" not in out
    assert "depth" not in out
    assert run(["sweep", "mobilenet_v1", "--alpha", "0.25", "--channels", "1,3", "--depth", "0.5,1"]) == 0
    out = capsys.readouterr().out
    assert "channels" in out
    assert "depth" in out


def test_repeated_values_are_computed_once(capsys: pytest.CaptureFixture[str]) -> None:
    value = sweep(capsys, "mobilenet_v1", "--alpha", "0.25,0.250", "--resolution", "96, 96")
    assert len(value["rows"]) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mobilenet"], "unknown network family 'mobilenet'"),
        (["mobilenet_v1", "--alpha", "0.25;0.5"], "--alpha is '0.25;0.5'; write numbers with commas"),
        (["mobilenet_v1", "--alpha", ""], "--alpha is ''"),
        (["mobilenet_v1", "--resolution", "96.5"], "--resolution is '96.5'"),
        (["mobilenet_v1", "--alpha", "0"], "alpha is 0.0"),
        (["mobilenet_v1", "--channels", "2"], "channels is 2"),
        (["mobilenet_v1", "--classes", "0"], "classes is 0"),
        (["mobilenet_v1", "--board", "nucleo"], "unknown board 'nucleo'"),
        (
            ["mobilenet_v1", "--resolution", ",".join(map(str, range(16, 900))), "--depth", "1,2,3,4"],
            "must have at most 10000",
        ),
    ],
)
def test_mistakes_have_one_line_and_code_two(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sweep", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_a_sweep_is_drawn_where_asked(tmp_path: Path) -> None:
    picture = tmp_path / "sweep.svg"
    arguments = ["--alpha", "0.25,0.5", "--resolution", "96,128", "--classes", "1000"]
    assert run(["sweep", "mobilenet_v1", *arguments, "--plot", str(picture), "--runtime", "wakeling-c"]) == 0
    text = picture.read_text()
    assert "α 0.25" in text
    assert "RAM (wakeling-c)" in text
    assert "ImageNet top-1 % (published)" in text
