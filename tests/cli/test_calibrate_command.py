"""`wakeling calibrate` as a user runs it: from times to an engine file that other commands take."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wakeling import boards, cost, spec
from wakeling.cli.main import run
from wakeling.cost.latency import latency, read_engine

L4R5 = boards.load_board("nucleo-l4r5zi")
KNOBS = [(0.25, 96), (0.5, 96), (0.1, 128), (0.35, 64), (0.15, 160), (0.2, 112)]


def time_of(alpha: float, resolution: int) -> float:
    network = spec.lower(spec.make("mobilenet_v1", alpha=alpha, resolution=resolution))
    return latency(cost.cost(network, runtimes=()), L4R5).ms


def csv_of(factor: float, count: int) -> str:
    rows = [f"mobilenet_v1,{alpha},{side},{factor * time_of(alpha, side)}" for alpha, side in KNOBS[:count]]
    return "\n".join(["network,alpha,resolution,ms", *rows, ""])


def test_one_time_moves_the_level_and_other_commands_take_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    times, out = tmp_path / "times.csv", tmp_path / "mine.toml"
    times.write_text(csv_of(0.5, 1))
    assert run(["calibrate", str(times), "--board", "nucleo-l4r5zi", "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "1 time; the level of tflm-cmsis-nn moved" in shown
    assert f"--engine {out}" in shown
    network = ["mobilenet_v1", "--alpha", "0.5", "--resolution", "96", "--board", "nucleo-l4r5zi"]
    battery = ["--battery", "cr2032", "--sleep-ua", "2", "--frames-per-day", "10", "--json"]
    assert run(["battery", *network, *battery, "--engine", str(out)]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["latency"]["engine"] == "mine"
    assert value["latency"]["ms"] == pytest.approx(0.5 * time_of(0.5, 96))


def test_many_times_and_their_errors_without_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times, out = tmp_path / "times.csv", tmp_path / "mine.toml"
    times.write_text(csv_of(2.0, 6))
    arguments = ["calibrate", str(times), "--board", "nucleo-l4r5zi", "--out", str(out), "--name", "kitchen"]
    assert run([*arguments, "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["measurements"] == 6
    assert value["engine"] == "kitchen"
    for row in value["residuals"]:
        assert row["measured_ms"] == pytest.approx(2 * row["before_ms"])
        assert row["left_out_ms"] == pytest.approx(row["measured_ms"], rel=0.01)
    assert 1 < value["interval_factor"] < 1.4
    assert read_engine(out).costs.cycles == value["cycles"]
    first = out.read_text()
    assert run(arguments) == 0  # a second run gives the same file
    assert out.read_text() == first


def test_times_of_layers_and_of_other_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """TOML, a network file beside the times, a layer, the board and the engine in the file."""
    root = Path(__file__).parents[2]
    network = tmp_path / "door.toml"
    network.write_text((root / "examples" / "networks" / "mobilenet-v1-0.25-96.toml").read_text())
    found = latency(spec.lower(spec.load(network)), L4R5, "plumerai")
    entries = [
        f'[[times]]\nnetwork = "door.toml"\nlayer = "{layer.name}"\nms = {3 * layer.ms}\n'
        'board = "nucleo-l4r5zi"\nengine = "plumerai"\n'
        for layer in found.layers
    ]
    # a reshape takes no time worth a cost, and is passed over
    entries.append('[[times]]\nnetwork = "door.toml"\nlayer = "head_flatten"\nms = 0.01\n')
    times, out = tmp_path / "times.toml", tmp_path / "mine.toml"
    times.write_text("\n".join(entries))
    assert run(["calibrate", str(times), "--out", str(out), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["base"] == "plumerai"
    assert value["measurements"] == len(found.layers)
    calibrated = latency(spec.lower(spec.load(network)), L4R5, read_engine(out))
    assert calibrated.ms == pytest.approx(3 * found.ms, rel=0.02)


def test_it_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times = tmp_path / "times.csv"
    times.write_text(csv_of(1.5, 3))
    picture = tmp_path / "times.svg"
    arguments = ["calibrate", str(times), "--board", "nucleo-l4r5zi", "--out", str(tmp_path / "mine.toml")]
    assert run([*arguments, "--plot", str(picture)]) == 0
    assert "measured, ms" in picture.read_text()
    assert "drawn" in capsys.readouterr().err


GOOD = "network,ms\nmobilenet_v1,300\n"


@pytest.mark.parametrize(
    ("name", "content", "more", "message"),
    [
        ("times.csv", "network,time\nmobilenet_v1,3\n", [], "the column 'ms' is missing"),
        ("times.csv", "", [], "the column 'network' is missing"),
        ("times.csv", "network,ms\n", [], "it has 0 times"),
        ("times.csv", "network,ms\nmobilenet_v1,soon\n", [], "line 2: ms is 'soon'; it must be a number"),
        ("times.csv", "network,ms\nmobilenet_v1,-3\n", [], "line 2: ms is -3; it must be a number above 0"),
        ("times.csv", "network,ms\nmobilenet_v1,nan\n", [], "line 2: ms is nan"),
        ("times.csv", "network,ms\n,3\n", [], "line 2: network is missing"),
        ("times.csv", "network,ms\nmobilenet_v1,3,4\n", [], "line 2 has more cells"),
        ("times.csv", "network,ms,speed\nmobilenet_v1,3,4\n", [], "unknown column 'speed'; known: "),
        (
            "times.csv",
            "network,ms\nmobilnet_v1,3\n",
            [],
            "line 2: unknown network 'mobilnet_v1'; known: mobilenet_v1",
        ),
        (
            "times.csv",
            "network,ms,layer\nmobilenet_v1,3,conv\n",
            [],
            "unknown layer of mobilenet_v1_1_224 'conv'",
        ),
        ("times.csv", "network,ms,alpha\nmobilenet_v1,3,wide\n", [], "line 2: alpha is 'wide'"),
        ("times.csv", "network,ms\nmissing.tflite,3\n", [], "missing.tflite"),
        ("times.csv", GOOD + "x", [], "line 3: ms is missing"),
        (
            "times.csv",
            "network,ms,board\nmobilenet_v1,3,nucleo-h743zi\n",
            [],
            "nucleo-h743zi and nucleo-l4r5zi",
        ),
        ("times.csv", GOOD, ["--engine", "tensorrt"], "unknown engine 'tensorrt'"),
        ("times.toml", "times = 3", [], "it must have tables [[times]]"),
        ("times.toml", "times = = 3", [], "not valid TOML"),
        ("times.toml", "[[times]]\nms = 3\n", [], "time 1: network is missing"),
        ("times.txt", GOOD, [], "times are read from a .csv or a .toml file"),
        (None, "", [], "times.csv: cannot be read"),
    ],
)
def test_mistakes_have_one_line(
    name: str | None,
    content: str,
    more: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, out = tmp_path / (name or "times.csv"), tmp_path / "mine.toml"
    if name is not None:
        path.write_text(content)
    assert run(["calibrate", str(path), "--board", "nucleo-l4r5zi", "--out", str(out), *more]) == 2
    error = capsys.readouterr().err
    assert message in error, error
    assert error.count("\n") == 1
    assert error.startswith("wakeling: ")
    assert not out.exists()


def test_times_of_nothing_that_takes_time_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    times = tmp_path / "times.csv"
    times.write_text("network,ms,layer\nmobilenet_v1,3,head_flatten\n")
    assert run(["calibrate", str(times), "--board", "nucleo-l4r5zi", "--out", str(tmp_path / "x.toml")]) == 2
    assert "no measured time" in capsys.readouterr().err


def test_a_binary_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times = tmp_path / "times.csv"
    times.write_bytes(b"\xff\xfe\x00")
    assert run(["calibrate", str(times), "--board", "nucleo-l4r5zi", "--out", str(tmp_path / "x.toml")]) == 2
    assert "not a text file" in capsys.readouterr().err


def test_an_engine_file_ends_with_toml(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times = tmp_path / "times.csv"
    times.write_text(GOOD)
    assert run(["calibrate", str(times), "--board", "nucleo-l4r5zi", "--out", str(tmp_path / "x.csv")]) == 2
    assert "ends with .toml" in capsys.readouterr().err


def test_a_file_without_a_board_asks_for_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times = tmp_path / "times.csv"
    times.write_text(GOOD)
    assert run(["calibrate", str(times), "--out", str(tmp_path / "x.toml")]) == 2
    assert "names no board" in capsys.readouterr().err


def test_only_an_engine_file_is_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times, board, out = tmp_path / "times.csv", tmp_path / "board.toml", tmp_path / "mine.toml"
    times.write_text(csv_of(0.5, 1))
    board.write_text("name = 'a board of mine'\n")
    arguments = ["calibrate", str(times), "--board", "nucleo-l4r5zi", "--out"]
    assert run([*arguments, str(board)]) == 2
    assert "is there and is no engine file; give another name" in capsys.readouterr().err
    assert board.read_text() == "name = 'a board of mine'\n"
    assert run([*arguments, str(out)]) == 0
    first = read_engine(out)
    times.write_text(csv_of(0.25, 1))
    assert run([*arguments, str(out)]) == 0
    assert read_engine(out).costs.cycles["pointwise"] < first.costs.cycles["pointwise"]
