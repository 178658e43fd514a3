"""What NETWORK may name: families with knobs, network files, .tflite files, the zoo; and mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from wakeling import spec, zoo
from wakeling.cli.main import run
from wakeling.cli.network_choice import choose, choose_network
from wakeling.errors import SpecError, WakelingError
from wakeling.export import tflite
from wakeling.testing.random_models import random_model

ROOT = Path(__file__).parents[2]


def test_a_family_takes_its_knobs_behind_a_colon() -> None:
    expected = spec.make("mobilenet_v1", alpha=0.25, resolution=96, channels=1, classes=2, depth=0.5)
    name = "mobilenet-v1:alpha=0.25, resolution=96,channels=1,depth=0.5"
    assert choose_network(name) == expected
    assert choose(name).graph == spec.lower(expected)


def test_options_win_over_what_stands_behind_the_colon() -> None:
    assert choose_network("mobilenet_v1:alpha=0.25", alpha=0.5).knobs["alpha"] == 0.5


def test_a_network_file_and_a_zoo_name_are_understood() -> None:
    file = ROOT / "examples" / "networks" / "mobilenet-v1-0.25-96.toml"
    assert choose(str(file)).network == spec.load(file)
    assert choose("ResNet18").name == "resnet-18"
    chosen = choose("resnet-18")
    assert chosen.graph == zoo.build("resnet-18")
    assert chosen.network is None
    assert chosen.file_bytes is None


def test_a_tflite_file_is_read_with_its_size(tmp_path: Path) -> None:
    model = random_model(3)
    path = tmp_path / "random.tflite"
    content = tflite.write(path, model)
    chosen = choose(str(path))
    assert chosen.file_bytes == len(content)
    assert [type(node.op) for node in chosen.graph.nodes] == [type(node.op) for node in model.graph.nodes]
    assert choose(str(path)).graph == chosen.graph


@pytest.mark.parametrize(
    ("name", "knobs", "message"),
    [
        ("mobilenet_v3x", {}, "unknown network 'mobilenet_v3x'; known: mobilenet"),
        ("mobilenet_v1:width=0.25", {}, "unknown knob 'width'; known: depth"),
        ("mobilenet_v1:alpha=narrow", {}, "alpha=narrow is no number"),
        ("mobilenet_v1:alpha", {}, "alpha is no number"),
        ("mobilenet_v1:resolution=96.5", {}, "resolution=96.5 is no number"),
        ("resnet-18:alpha=0.5", {}, "unknown network family 'resnet-18'"),
        ("resnet-18", {"alpha": 0.5}, "--alpha belongs to a family, but resnet-18 is a network of the zoo"),
        (
            "some.tflite",
            {"resolution": 96},
            "--resolution belongs to a family, but some.tflite is a finished",
        ),
    ],
)
def test_mistakes_are_named(name: str, knobs: dict[str, float], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        choose(name, **knobs)
    assert message in str(caught.value)


def test_a_missing_tflite_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WakelingError, match="does not exist"):
        choose("nowhere.tflite")
    assert run(["cost", "nowhere.tflite"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
