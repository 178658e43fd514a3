"""`wakeling space`: what it prints, what it writes, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wakeling import cost, spec
from wakeling.cli.main import run
from wakeling.search.space import load_space, ready_spaces, ready_toml

SMALL = """
name = "small"
resolutions = [32, 48]
widths = [0.5, 1.0]
stem = { filters = 8 }

[[stages]]
filters = [16, 24]
kernel = [3, 5]
stride = [1, 2]

[[stages]]
filters = 32
depth = [0, 1, 2]
stride = 2
"""
LIMITS = ["--ram", "24KiB", "--flash", "192KiB"]


@pytest.fixture
def small(tmp_path: Path) -> str:
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return str(path)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = run(["space", *arguments])
    captured = capsys.readouterr()
    assert code == 2
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return line


def test_without_a_name_the_ready_spaces_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["space"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in ready_spaces())
    assert run(["space", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["spaces"]
    assert [row["name"] for row in rows] == list(ready_spaces())


def test_without_limits_knobs_and_size_are_shown(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["space", small]) == 0
    text = capsys.readouterr().out
    assert "stage2.depth" in text
    assert "0, 1, 2" in text
    assert "fixed: channels 3, execution whole, stem.filters 8" in text
    assert "96 points" in text
    assert run(["space", small, "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["points"] == 96
    assert value["space"]["resolutions"] == [32, 48]


def test_with_limits_sub_spaces_are_compared_and_one_is_written(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    narrow, drawn = tmp_path / "narrow.toml", tmp_path / "space.svg"
    options = ["--networks", "10", "--narrow", str(narrow), "--plot", str(drawn)]
    assert run(["space", small, *LIMITS, *options]) == 0
    text = capsys.readouterr().out
    assert "of the space fits" in text
    space = load_space(str(narrow))
    assert f"→ {space.widths[0]:g} × {space.resolutions[0]}" in text
    assert "small in 24.0 KiB RAM (tflm) and 192.0 KiB flash" in drawn.read_text(encoding="utf-8")
    assert run(["space", small, *LIMITS, "--networks", "10", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["chosen"] == {"width": space.widths[0], "resolution": space.resolutions[0]}
    assert len(value["sub_spaces"]) == 4


def test_sampled_networks_are_written_and_fit(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "networks"
    arguments = ["space", small, *LIMITS, "--sample", "5", "--out", str(out), "--json"]
    assert run(arguments) == 0
    rows = json.loads(capsys.readouterr().out)["networks"]
    assert len({row["name"] for row in rows}) == 5
    budget = cost.Budget(ram_bytes=24 * 1024, flash_bytes=192 * 1024, runtime="tflm")
    for row in rows:
        report = cost.cost(spec.lower(spec.load(str(out / f"{row['name']}.toml"))))
        assert not cost.violations(report, budget)
        assert (report.macs, report.ram_bytes["tflm"]) == (row["macs"], row["ram_bytes"])
    assert run(arguments) == 0  # the same networks again
    assert json.loads(capsys.readouterr().out)["networks"] == rows
    (out / f"{rows[0]['name']}.toml").write_text("mine", encoding="utf-8")
    assert run(arguments) == 2
    assert "exists already and is another network" in capsys.readouterr().err


def test_limits_of_a_board_with_time_and_energy(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    board = ["--board", "nucleo-l4r5zi", "--frame-ms", "60", "--energy-mj", "3"]
    assert run(["space", small, *board, "--sample", "3", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["networks"]
    assert all(row["latency_ms"] <= 60 and row["energy_mj"] <= 3 for row in rows)
    assert run(["space", small, "--board", "nucleo-l4r5zi", "--frame-ms", "0.01", "--sample", "1"]) == 1
    assert "time per frame" in capsys.readouterr().err


def test_a_ready_space_is_copied_with_its_own_text_and_nothing_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "mine.toml"
    assert run(["space", "tiny", "--write", str(copy)]) == 0
    assert copy.read_text(encoding="utf-8") == ready_toml("tiny")
    capsys.readouterr()
    copy.write_text("mine", encoding="utf-8")
    for option in ("--write", "--narrow"):
        assert "mine.toml exists already" in refused(capsys, "tiny", *LIMITS, option, str(copy))
    assert copy.read_text(encoding="utf-8") == "mine"
    assert "must end with .toml" in refused(capsys, "tiny", "--write", str(tmp_path / "mine.txt"))


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["tinny"], "unknown search space 'tinny'; known: tiny"),
        (["no.toml"], "no.toml: cannot be read"),
        (["tiny", "--ram", "64KiB"], "--flash is missing; give it, or a --board that has it"),
        (["tiny", "--flash", "64KiB"], "--ram is missing"),
        (["tiny", "--macs", "1000"], "--ram is missing"),
        (["tiny", "--ram", "64 parsecs", "--flash", "1"], "size '64 parsecs' is not understood"),
        (["tiny", *LIMITS, "--frame-ms", "9"], "a budget of time needs the board"),
        (["tiny", *LIMITS, "--energy-mj", "9"], "a budget of energy needs the board"),
        (["tiny", *LIMITS, "--frame-ms", "0"], "--frame-ms is 0.0; it must be at least 0.001"),
        (["tiny", *LIMITS, "--macs", "0"], "budget macs is 0; it must be at least 1"),
        (["tiny", *LIMITS, "--runtime", "tflmm"], "unknown runtime 'tflmm'; known: tflm"),
        (["tiny", *LIMITS, "--out", "x"], "give --sample N too"),
        (
            ["tiny", *LIMITS, "--sample", "1", "--narrow", "x.toml"],
            "--sample only samples; leave out --narrow",
        ),
        (["tiny", "--sample", "3"], "--sample needs limits; give --board, or --ram and --flash"),
        (["tiny", "--plot", "x.svg"], "--plot needs limits"),
        (["tiny", "--board", "arduino"], "unknown board 'arduino'"),
        (["--ram", "64KiB"], "--ram needs a space: one of mcunet"),
        (["--board", "nucleo-l4r5zi"], "--board needs a space: one of mcunet"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert line in refused(capsys, *arguments)


def test_nothing_fits_is_an_answer(capsys: pytest.CaptureFixture[str], small: str) -> None:
    assert run(["space", small, "--ram", "1KiB", "--flash", "200KiB", "--networks", "2"]) == 1
    assert "the closest is small-r32-rgb-" in capsys.readouterr().err
