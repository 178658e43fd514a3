"""`wakeling zoo` as a user runs it: the table, JSON, boards, own designs, the chart, mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wakeling import cost, spec, zoo
from wakeling.cli.main import run
from wakeling.cli.zoo_reference import reference
from wakeling.importers.torch_operators import RULES

ROOT = Path(__file__).parents[2]
NANO = "arduino-nano-33-ble-sense"
SMALL = "mobilenet_v1:alpha=0.25,resolution=96"


def read_json(capsys: pytest.CaptureFixture[str]):
    return json.loads(capsys.readouterr().out)


def test_the_reference_page_is_up_to_date() -> None:
    written = (ROOT / "docs" / "reference" / "zoo.md").read_text()
    assert written == reference(), "run: python -m wakeling.cli.zoo_reference > docs/reference/zoo.md"
    assert (ROOT / "docs" / "images" / "zoo.png").stat().st_size > 50_000


def test_the_page_has_every_network_and_the_alexnet_of_2012() -> None:
    page = reference()
    assert all(f"| `{name}` |" in page for name in zoo.NETWORKS)
    assert "724.4 and 60.97" in page  # Caffe's bvlc_alexnet: 724,406,816 and 60,965,224


def test_the_torch_page_names_what_is_read() -> None:
    page = (ROOT / "docs" / "how-to" / "cost-a-torch-module.md").read_text()
    for name in ("relu6", "hardtanh", "clamp", "hardswish", "hardsigmoid", "silu", "tanh", "chunk", "split"):
        assert name in page
        assert name in RULES


def test_the_table_marks_agreement_and_explains_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["zoo"]) == 0
    out = capsys.readouterr().out
    for entry in zoo.NETWORKS.values():
        assert f"{entry.published.parameters:,}" in out
    assert "≠" not in out
    assert "1  Inception v3: the published parameters are those of training: 23,834,568" in out
    assert "Your designs" not in out


def test_json_has_the_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["zoo", "--json"]) == 0
    value = read_json(capsys)
    networks = {row["name"]: row for row in value["networks"]}
    assert list(networks) == list(zoo.NETWORKS)
    assert all(row["parameters"]["agree"] for row in networks.values())
    resnet = networks["resnet-50"]
    assert resnet["macs"] == cost.cost(zoo.build("resnet-50")).macs
    assert resnet["published_gmacs"] == {"value": "4.089", "ours": resnet["macs"] / 1e9, "agree": True}
    assert networks["inception-resnet-v2"]["published_gmacs"]["agree"] is None
    assert "fits" not in resnet
    assert value["designs"] == []


def test_a_board_says_what_fits(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["zoo", "--board", NANO, "--with", SMALL, "--json"]) == 0
    value = read_json(capsys)
    fitting = {row["name"] for row in value["networks"] if row["fits"]}
    assert fitting == {"mlperf-tiny-person"}
    assert value["board"]["name"] == NANO
    assert value["designs"][0]["fits"]
    assert run(["zoo", "--board", NANO, "--with", SMALL]) == 0
    out = capsys.readouterr().out
    assert "The zoo on Arduino Nano 33 BLE Sense" in out
    assert "mobilenet_v1_0.25_96" in out


def test_designs_come_from_families_files_runs_and_the_zoo(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = spec.make("mobilenet_v2", alpha=0.35, resolution=96)
    (tmp_path / "mine@home.toml").write_text(spec.to_toml(network))
    report = cost.cost(spec.lower(network))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "cost.json").write_text(json.dumps(cost.to_json(report)))
    designs = [
        f"{SMALL}@48.5",
        f"{tmp_path}/mine@home.toml",
        f"{tmp_path}/mine@home.toml@45.5%",
        f"{tmp_path}/run@45",
        f"{tmp_path}/run/cost.json",
        "squeezenet-1.1@58",
    ]
    assert run(["zoo", "--json", *(word for design in designs for word in ("--with", design))]) == 0
    value = read_json(capsys)["designs"]
    assert [design["top1_percent"] for design in value] == [48.5, None, 45.5, 45, None, 58]
    macs = [design["cost"]["macs"] for design in value]
    assert macs == [7_489_664, *[report.macs] * 4, cost.cost(zoo.build("squeezenet-1.1")).macs]


@pytest.mark.skipif(not (ROOT.parent / "shared").exists(), reason="the published models are not here")
def test_a_published_model_is_a_design(capsys: pytest.CaptureFixture[str]) -> None:
    model = ROOT.parent / "shared" / "peers" / "vww_96_int8.tflite"
    assert run(["zoo", "--json", "--with", f"{model}"]) == 0
    assert read_json(capsys)["designs"][0]["cost"]["macs"] == 7_489_664


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_chart_is_drawn(suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"zoo{suffix}"
    board = [] if suffix == ".png" else ["--board", NANO]
    assert run(["zoo", "--plot", str(path), "--with", f"{SMALL}@48", "--with", SMALL, *board]) == 0
    assert path.stat().st_size > 20_000
    if suffix == ".svg":
        text = path.read_text()
        for words in ("EfficientNet-B0", "mobilenet_v1_0.25_96", "fits Arduino Nano 33 BLE Sense"):
            assert words in text
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--with", "resnet-51@70"], "unknown network 'resnet-51'"),
        (["--with", "resnet-50@170"], "accuracy of resnet-50 is 170; write a percentage"),
        (["--with", "mobilenet_v1:alpha=much"], "is no number"),
        (["--with", "missing.tflite"], "missing.tflite"),
        (["--with", "missing.json@50"], "missing.json"),
        (["--with", "."], "has no cost.json"),
        (["--board", "arduino"], "unknown board 'arduino'"),
        (["--plot", "zoo.gif"], "must end with"),
        (["--runtime", "tfl"], "unknown runtime 'tfl'"),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["zoo", *arguments]) == 2
    printed = capsys.readouterr()
    assert why in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_broken_cost_report_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cost.json").write_text('{"format": "wakeling.cost/99"}')
    assert run(["zoo", "--with", str(tmp_path / "cost.json")]) == 2
    assert "wakeling.cost/99" in capsys.readouterr().err
    (tmp_path / "cost.json").write_text("{")
    assert run(["zoo", "--with", str(tmp_path / "cost.json")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
