"""`wakeling score`: the same numbers as the library's, for every kind of network; mistakes in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wakeling import cost, spec
from wakeling.cli import score as score_module
from wakeling.cli.main import run
from wakeling.data import open_photos
from wakeling.training_free import SCORES, draw_batch, score_network

SMALL = "mobilenet_v1:alpha=0.25,resolution=32"
SMALLER = "mobilenet_v1:alpha=0.25,resolution=32,channels=1,depth=0.5"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "wakeling"


def score(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["score", *arguments, "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert isinstance(value, dict)
    return value


def test_scores_are_the_librarys(capsys: pytest.CaptureFixture[str], cache: Path) -> None:
    value = score(
        capsys, SMALL, "--scores", "snip,synflow", "--images", "8", "--seed", "2", "--data", "scenes:40"
    )
    graph = spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=32, channels=3, classes=2, depth=1.0))
    photos = open_photos("scenes:40")
    batch = draw_batch(photos, resolution=32, channels=3, cache_dir=cache, count=8, seed=2)
    (row,) = value["networks"]
    assert row["scores"] == {
        "macs": cost.cost(graph).macs,
        "parameters": cost.cost(graph).deployed_parameters,
        "snip": score_network("snip", graph, batch=batch, seed=2),
        "synflow": score_network("synflow", graph, seed=2),
    }
    assert (value["data"], value["images"], value["seed"]) == ("scenes:40", 8, 2)


def test_repeats_are_the_mean_over_seeds(capsys: pytest.CaptureFixture[str]) -> None:
    def synflow(*arguments: str) -> float:
        found = score(capsys, SMALLER, "--scores", "synflow", *arguments)
        return float(found["networks"][0]["scores"]["synflow"])

    mean = (synflow("--seed", "4") + synflow("--seed", "5")) / 2
    assert synflow("--seed", "4", "--repeats", "2") == pytest.approx(mean, rel=1e-12)


def test_shapes_need_no_photos(capsys: pytest.CaptureFixture[str]) -> None:
    value = score(capsys, SMALL, SMALLER, "--scores", "synflow,zen", "--data", "/no/such/folder")
    assert value["data"] is None
    assert [row["input_shape"] for row in value["networks"]] == [[32, 32, 3], [32, 32, 1]]


def test_the_table_has_a_row_a_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", SMALL, SMALLER, "--scores", "all", "--images", "8", "--data", "scenes:40"]) == 0
    out = capsys.readouterr().out
    assert "mobilenet_v1_0.25_32 " in out
    assert "32×32×1" in out
    for name in SCORES:
        assert (name in out) or SCORES[name].is_baseline


def test_the_help_names_every_score() -> None:
    named = score_module.SCORES_HELP.removeprefix("Scores: ").partition(";")[0].split(", ")
    assert named == [name for name, entry in SCORES.items() if not entry.is_baseline]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scores", "synflw"], "unknown score 'synflw'; known: synflow"),
        (["--scores", ","], "names none"),
        (["--data", "/no/such/folder"], "no photos at"),
        (["--scores", "zico", "--images", "4", "--data", "scenes:20"], "needs at least 8 photos; given 4"),
        (["--images", "1"], "not in the range"),
    ],
)
def test_mistakes_are_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    assert run(["score", SMALLER, *arguments]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1
