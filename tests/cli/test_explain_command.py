"""`wakeling explain` as a student runs it: text, JSON, pictures, mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wakeling.cli.main import run

TOPICS = ("conv", "separable", "alpha", "resolution", "gap")
NANO = "arduino-nano-33-ble-sense"


def read(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command prints, with single spaces: prose is broken to the terminal's width."""
    assert run(["explain", *arguments]) == 0
    return " ".join(capsys.readouterr().out.split())


def read_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    value = json.loads(read(capsys, *arguments, "--json"))
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_speaks_to_people_and_to_programs(topic: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", topic]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) in range(80, 161)
    assert read_json(capsys, topic)["format"] == f"wakeling.explain.{topic}/1"


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_draws_itself(topic: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / f"{topic}.svg"
    assert run(["explain", topic, "--plot", str(path), "--json"]) == 0
    captured = capsys.readouterr()
    json.loads(captured.out)
    assert f"drawn: {path}" in captured.err
    assert path.read_text().count("<path") > 10


def test_the_steps_of_a_convolution(capsys: pytest.CaptureFixture[str]) -> None:
    text = read(capsys, "conv", "--height", "8", "--width", "8", "--channels", "3", "--filters", "4")
    assert "K²·M·N·H·W = 3² × 3 × 4 × 8 × 8 = 6,912" in text
    assert "(27 − 1) × 4 × 8 × 8 = 6,656" in text
    value = read_json(capsys, "conv", "--stride", "2", "--padding", "valid", "--bias", "--kernel", "5")
    assert value["output_shape"] == [2, 2, 4]
    assert value["additions"] == value["multiplications"] == 75 * 4 * 4
    assert len(value["steps"]) == 9


def test_a_hundred_filters_of_512(capsys: pytest.CaptureFixture[str]) -> None:
    text = read(capsys, "separable", "--kernel", "512", "--filters", "100")
    assert "multiplications: 99.96 times fewer" in text
    assert "1/N + 1/K² = 1/100 + 1/262,144" in text
    value = read_json(capsys, "separable", "--filters", "1024")
    assert 8.9 < value["saving"] < 9
    assert value["ratio"] == pytest.approx(value["rule"])


def test_the_tables_show_exact_and_printed_figures(capsys: pytest.CaptureFixture[str]) -> None:
    text = read(capsys, "alpha")
    for part in ("325,400,448", "317 M* / 325 M", "68.4 % / 68.4 %", "Misprint", "arXiv:1704.04861, table 6"):
        assert part in text
    value = read_json(capsys, "alpha", "--family", "MobileNet-V2", "--alphas", "1.4,0.35,0.35")
    assert [row["alpha"] for row in value["rows"]] == [1.4, 0.35]
    assert value["rows"][0]["macs"] == 582_195_824
    assert value["misprints"] == []
    assert value["remarks"]
    text = read(capsys, "resolution", "--alpha", "0.25")
    assert "34 M*" in text
    assert "30.213 million" in text


def test_the_gap_to_a_board_and_to_a_target_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    value = read_json(capsys, "gap")
    assert round(value["gap"], 1) == 64.4
    value = read_json(capsys, "gap", "--board", NANO)
    assert value["target"] == "Arduino Nano 33 BLE Sense"
    assert value["flash_target_bytes"] == 1024 * 1024
    assert value["fits"] is True
    value = read_json(capsys, "gap", "--board", NANO, "--ram", "32KiB")
    assert (value["target"], value["ram_target_bytes"]) == ("your target", 32 * 1024)
    assert value["flash_target_bytes"] == 1024 * 1024
    text = read(capsys, "gap", "--flash", "10KiB", "--alpha", "1")
    assert "does not fit your target" in text
    assert "no α fits" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["conv", "--kernel", "9"], "the kernel is 9×9 and the map only 8×8"),
        (["conv", "--channels", "0"], "channels is 0; it must be a whole number from 1"),
        (["conv", "--filters", "-3"], "filters is -3"),
        (["conv", "--stride", "0"], "stride is 0"),
        (["conv", "--height", "tall"], "'tall' is not a valid integer"),
        (["conv", "--padding", "full"], "'full' is not one of 'same', 'valid'"),
        (["conv", "--plot", "figure.gif"], "its name must end with .png, .svg, .pdf"),
        (["separable", "--kernel", "60", "--height", "30"], "the kernel is 60×60 and the map only 30×60"),
        (["separable", "--filters", "0"], "filters is 0"),
        (["alpha", "--family", "resnet"], "unknown network family 'resnet'; known: mobilenet_v1"),
        (["alpha", "--alphas", "0.5,wide"], "--alphas is '0.5,wide'; write numbers with commas between"),
        (["alpha", "--alphas", ""], "--alphas is ''"),
        (["alpha", "--alphas", "0"], "alpha is 0.0"),
        (["alpha", "--alphas", "nan"], "alpha is nan"),
        (["alpha", "--classes", "1"], "classes is 1"),
        (["resolution", "--resolutions", "96.5"], "--resolutions is '96.5'"),
        (["resolution", "--resolutions", "4"], "resolution is 4"),
        (["gap", "--board", "arduino"], "unknown board 'arduino'; known: arduino-nano"),
        (["gap", "--flash", "plenty"], "size 'plenty' is not understood"),
        (["gap", "--ram", "0"], "each must be at least 1"),
        (["gap", "--runtime", "tf"], "unknown runtime 'tf'"),
        (["beta"], "unknown topic 'beta'; known: alpha"),
    ],
)
def test_mistakes_have_one_line_and_code_two(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["explain", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.startswith("wakeling: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert not list(tmp_path.iterdir())


def test_the_topics_stand_in_the_order_of_the_lesson(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.split()[:1] and line.split()[0] in TOPICS] == list(
        TOPICS
    )
