"""`wakeling cost` as a user runs it: figures, JSON, verdict, exit codes, mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wakeling import cost, spec
from wakeling.cli.main import run
from wakeling.export import tflite
from wakeling.testing.random_models import random_model

ROOT = Path(__file__).parents[2]
NANO = "arduino-nano-33-ble-sense"


def read_json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    value = json.loads(capsys.readouterr().out)
    assert isinstance(value, dict)
    return value


def test_json_has_the_figures_at_the_top(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cost", "mobilenet_v1", "--alpha", "0.25", "--resolution", "96", "--json"]) == 0
    value = read_json(capsys)
    assert value["macs"] == value["multiplications"] == 7_489_664
    assert value["additions"] == sum(layer["additions"] for layer in value["layers"])
    assert value["parameters"]["training"] == 219_058
    assert value["ram_bytes"]["liveness"] == 55_296
    assert value["flash_bytes"] > value["weight_bytes"] > 200_000
    assert "fits" not in value
    assert cost.from_json(value) == cost.cost(
        spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=96))
    )


def test_all_knobs_reach_the_network(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "--alpha",
        "0.35",
        "--resolution",
        "64",
        "--channels",
        "1",
        "--classes",
        "5",
        "--depth",
        "0.5",
        "--json",
    ]
    assert run(["cost", "MobileNet-V2", *arguments]) == 0
    network = spec.make("mobilenet_v2", alpha=0.35, resolution=64, channels=1, classes=5, depth=0.5)
    assert read_json(capsys)["macs"] == cost.cost(spec.lower(network)).macs


def test_defaults_are_the_papers_network_with_two_classes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cost", "mobilenet_v1", "--json"]) == 0
    value = read_json(capsys)
    assert value["input_shape"] == [224, 224, 3]
    assert value["macs"] == 568_740_352 - 998 * 1024


def test_table_shows_every_layer_and_the_totals(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cost", "mobilenet_v1", "--alpha", "0.25", "--resolution", "96"]) == 0
    out = capsys.readouterr().out
    for text in ("block13_pointwise", "head_softmax", "7,489,664", "54.0 KiB", "computed", "modelled: file"):
        assert text in out
    assert run(["cost", "mobilenet_v1", "--no-layers"]) == 0
    assert "block13_pointwise" not in capsys.readouterr().out


def test_a_board_that_it_fits(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["cost", "mobilenet_v1", "--alpha", "0.25", "--resolution", "96", "--board", NANO]
    assert run([*arguments, "--json"]) == 0
    value = read_json(capsys)
    assert value["fits"] is True
    assert value["violations"] == []
    assert value["board"]["ram_bytes"] == 256 * 1024
    assert run(arguments) == 0
    out = capsys.readouterr().out
    assert "98.3 KiB of 256.0 KiB (38 %)" in out
    assert "\nfits; your own program's RAM and flash come on top" in out
    assert "nine of ten cases, tflm-cmsis-nn)" in out


def test_the_runtime_decides_whose_memory_is_held_against_the_board(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """MobileNetV1 0.25-96 needs TFLM's 98 KiB or our own C's 54: a board of 64 KiB tells them apart."""
    small = str(ROOT / "examples" / "boards" / "small-64k-256k.toml")
    arguments = ["cost", "mobilenet_v1:alpha=0.25,resolution=96", "--board", small, "--json"]
    assert run(arguments) == 1
    tflm = read_json(capsys)
    assert run([*arguments, "--runtime", "wakeling-c"]) == 0
    own = read_json(capsys)
    assert (tflm["runtime"], own["runtime"]) == ("tflm", "wakeling-c")
    assert tflm["ram_bytes"] == own["ram_bytes"]
    assert [item["what"] for item in tflm["violations"]] == ["ram_bytes", "flash_bytes"]
    assert tflm["violations"][0]["needed"] == tflm["ram_bytes"]["tflm"]
    assert own["latency"]["engine"] == "wakeling-c"


def test_an_engine_that_is_named_gives_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["cost", "mobilenet_v1:alpha=0.25,resolution=96", "--board", "nucleo-l4r5zi", "--json"]
    assert run([*arguments, "--engine", "x-cube-ai"]) == 0
    time = read_json(capsys)["latency"]
    assert time["engine"] == "x-cube-ai"
    assert time["low_ms"] < 1000 / 11.245 < time["high_ms"]  # MLPerf Tiny v1.2, ST on this board
    assert sum(layer["ms"] for layer in time["layers"]) == pytest.approx(time["ms"], rel=1e-4)
    assert run([*arguments, "--engine", "esp-nn"]) == 2
    assert "no time is known of esp-nn on Cortex-M4F" in capsys.readouterr().err


def test_the_zoo_and_tflite_files_are_costed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cost", "resnet-18", "--json"]) == 0
    assert read_json(capsys)["parameters"]["trainable"] == 11_689_512
    path = tmp_path / "random.tflite"
    content = tflite.write(path, random_model(5))
    assert run(["cost", str(path), "--json"]) == 0
    assert read_json(capsys)["flash"]["file_bytes"] == len(content)


def test_patches_show_what_ram_costs_in_macs(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["cost", "mobilenet_v1:alpha=0.25,resolution=96", "--no-layers", "--patches"]
    assert run([*arguments, "--json"]) == 0
    value = read_json(capsys)
    options = value["patches"]
    assert min(option["peak_bytes"] for option in options) == value["ram_bytes"]["patched"]
    assert run(arguments) == 0
    table = capsys.readouterr().out.partition("patch by patch (")[2]
    rows = [line.split() for line in table.splitlines() if "×" in line]
    shown = [int(row[-3].replace(",", "")) for row in rows]
    assert shown == sorted(shown)
    front = [
        option
        for option in options
        if not any(
            other["peak_bytes"] <= option["peak_bytes"]
            and other["added_macs"] <= option["added_macs"]
            and (other["peak_bytes"], other["added_macs"]) != (option["peak_bytes"], option["added_macs"])
            for other in options
        )
    ]
    assert set(shown) == {option["added_macs"] for option in front}


def test_it_is_drawn_where_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "cost.png"
    arguments = ["cost", "mobilenet_v1:alpha=0.25,resolution=96", "--no-layers", "--board", NANO]
    assert run([*arguments, "--plot", str(picture)]) == 0
    assert picture.stat().st_size > 10_000
    assert "drawn: " in capsys.readouterr().err
    for draw, words in (("memory", "wakeling-c"), ("patches", "MACs"), ("times", "head_dense")):
        picture = tmp_path / f"{draw}.svg"
        assert run([*arguments, "--runtime", "wakeling-c", "--draw", draw, "--plot", str(picture)]) == 0
        assert words in picture.read_text()
    capsys.readouterr()
    assert run(["cost", "mobilenet_v1", "--draw", "times"]) == 2
    assert "no times to draw: it needs a --board" in capsys.readouterr().err
    assert run([*arguments, "--plot", str(tmp_path / "cost.gif")]) == 2
    assert "must end with .png, .svg, .pdf" in capsys.readouterr().err


def test_a_board_that_it_does_not_fit(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["cost", "mobilenet_v1", "--board", NANO]
    assert run([*arguments, "--json"]) == 1
    captured = capsys.readouterr()
    value = json.loads(captured.out)
    assert value["fits"] is False
    assert [item["what"] for item in value["violations"]] == ["ram_bytes", "flash_bytes"]
    ram = value["violations"][0]
    assert ram["excess"] == ram["needed"] - ram["limit"] == value["ram_bytes"]["tflm"] - 256 * 1024
    assert captured.err.count("\n") == 1
    assert "mobilenet_v1_1_224 does not fit arduino-nano-33-ble-sense: RAM 1.24 MiB of 256.0 KiB" in (
        captured.err
    )
    assert "; flash " in captured.err
    assert run(arguments) == 1
    assert "does not fit" in capsys.readouterr().out


def test_an_unverified_board_is_called_so(capsys: pytest.CaptureFixture[str]) -> None:
    small = str(ROOT / "examples" / "boards" / "small-64k-256k.toml")
    assert run(["cost", "mobilenet_v1", "--alpha", "0.1", "--resolution", "64", "--board", small]) == 0
    assert "figures unverified" in capsys.readouterr().out


def test_names_with_brackets_are_printed_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network, board = tmp_path / "net.toml", tmp_path / "own.toml"
    text = (ROOT / "examples" / "networks" / "own-64x64-gray.toml").read_text()
    network.write_text(text.replace("own_64_gray", "door [/red] [3]"))
    text = (ROOT / "examples" / "boards" / "small-64k-256k.toml").read_text()
    board.write_text(text.replace('chip = "any"', 'chip = "a [/chip]"').replace("64 KiB", "128 KiB"))
    assert run(["cost", str(network), "--board", str(board)]) == 0
    out = capsys.readouterr().out
    assert "door [/red] [3]" in out
    assert "a [/chip]" in out
    assert run(["boards", str(board)]) == 0
    assert "a [/chip]" in capsys.readouterr().out


def test_a_network_file_is_costed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    own = ROOT / "examples" / "networks" / "own-64x64-gray.toml"
    assert run(["cost", str(own), "--json"]) == 0
    assert read_json(capsys)["macs"] == cost.cost(spec.lower(spec.load(own))).macs


def test_a_network_file_takes_another_input(capsys: pytest.CaptureFixture[str]) -> None:
    own = str(ROOT / "examples" / "networks" / "own-64x64-gray.toml")
    assert run(["cost", own, "--resolution", "96", "--channels", "3", "--classes", "4", "--json"]) == 0
    value = read_json(capsys)
    assert value["input_shape"] == [96, 96, 3]
    assert value["layers"][-1]["output_shape"] == [4]


def test_a_familys_file_takes_all_knobs(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(ROOT / "examples" / "networks" / "mobilenet-v1-0.25-96.toml")
    assert run(["cost", path, "--json"]) == 0
    assert read_json(capsys)["macs"] == 7_489_664
    assert run(["cost", path, "--channels", "1", "--json"]) == 0
    assert read_json(capsys)["macs"] == 7_157_888


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mobilenet_v3"], "unknown network 'mobilenet_v3'; known: mobilenet"),
        (["mobilenet_v1", "--runtime", "tflite"], "unknown runtime 'tflite'; known: tflm"),
        (["mobilenet_v1", "--engine", "tflm-cmsis-nn"], "--engine tflm-cmsis-nn needs a --board"),
        (["mobilenet_v1", "--engine", "fast", "--board", "nucleo-l4r5zi"], "unknown engine 'fast'"),
        (["mobilenet_v1", "--alpha", "0"], "alpha is 0.0; it must be a number from 0.01 to 4"),
        (["mobilenet_v1", "--alpha", "-1"], "alpha is -1.0"),
        (["mobilenet_v1", "--alpha", "nan"], "alpha is nan"),
        (["mobilenet_v1", "--alpha", "1e9"], "alpha is 1000000000.0"),
        (["mobilenet_v1", "--alpha", "wide"], "'wide' is not a valid float"),
        (["mobilenet_v1", "--resolution", "0"], "resolution is 0"),
        (["mobilenet_v1", "--resolution", "7"], "resolution is 7"),
        (["mobilenet_v1", "--resolution", "100000"], "resolution is 100000"),
        (["mobilenet_v1", "--channels", "2"], "channels is 2; it must be one of 1, 3"),
        (["mobilenet_v1", "--classes", "1"], "classes is 1"),
        (["mobilenet_v1", "--depth", "0"], "depth is 0.0"),
        (["mobilenet_v1", "--board", "arduino-nano"], "known: arduino-nano-33-ble-sense"),
        (["mobilenet_v1", "--board", "missing.toml"], "board missing.toml: cannot be read"),
        (["missing.toml"], "missing.toml: cannot be read"),
        (["examples/networks/own-64x64-gray.toml", "--alpha", "0.5"], "--alpha belongs to a family"),
        ([], "Missing argument 'NETWORK'"),
    ],
)
def test_mistakes_have_one_line_and_code_two(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert run(["cost", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.startswith("wakeling: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""
