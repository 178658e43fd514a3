"""A design run that searches a space: judged by training, by a score, by a supernet; interrupted and not."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import optuna
import pytest

from tests.pipeline.runs import HERE, Interrupts
from wakeling.errors import DoesNotFitError, RunError
from wakeling.pipeline import DesignRequest, design, judges
from wakeling.pipeline.plan import load as load_plan
from wakeling.report import ReportData, SearchSummary
from wakeling.search.space import Head, Stage, StagedSpace, Stem
from wakeling.search.study import read_records
from wakeling.spec import load as load_network

SPACE = StagedSpace(
    name="small",
    resolutions=(32, 40),
    channels=(1, 3),
    widths=(0.5, 1.0),
    stem=Stem(filters=(8,)),
    stages=(
        Stage(block=("depthwise_separable",), filters=(16,), stride=(2,), kernel=(3, 5), skip=(False,)),
        Stage(filters=(16, 24), stride=(2,), depth=(1, 2), expansion=(2,)),
    ),
    head=Head(filters=(0,)),
)
REQUEST = DesignRequest(
    data="scenes:240",
    board="arduino-nano-33-ble-sense",
    staged=SPACE,
    trainings=2,
    rung_epochs=(1, 2),
    epochs=2,
    quantization_epochs=1,
    threads=1,
    verify_images=16,
    minutes=1,
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """The folder of an uninterrupted search."""
    root = tmp_path_factory.mktemp("space") / "out"
    design(REQUEST, root, cache=cache, circumstances=HERE)
    return root


def _summary(root: Path) -> SearchSummary:
    return SearchSummary.from_json(json.loads((root / "search.json").read_text()))


def test_the_search_keeps_every_trial_in_a_study_that_optuna_opens(finished: Path) -> None:
    records = read_records(finished / "study.db", name="search")
    assert [record.trial.number for record in records] == list(range(len(records)))
    assert sum(record.epochs for record in records) <= 2 * 2, "more work than two full trainings"
    assert all(record.costs["ram_bytes"] > 0 and record.seconds > 0 for record in records)
    assert {record.provenance["machine"] for record in records} == {"test"}
    study = optuna.load_study(study_name="search", storage=f"sqlite:///{finished / 'study.db'}")
    assert len(study.trials) == len(records)
    assert study.best_value == max(record.outcome.score for record in records)


def test_the_report_tells_of_the_search(finished: Path) -> None:
    summary = _summary(finished)
    report = ReportData.from_json(json.loads((finished / "report.json").read_text()))
    assert report.search == summary
    assert summary.space.name == "small"
    names = {candidate.name for candidate in report.candidates}
    assert names == {trial.network for trial in summary.trials}
    winner = json.loads((finished / "winner.json").read_text())
    assert summary.winner == winner["trial"]
    assert load_network(finished / "network.toml").name == winner["network"]
    assert report.verdict.fits


@pytest.mark.parametrize("moment", ["training on", "Search: ", "trial 1/", "trial 2/", "epoch 1/2"])
def test_an_interrupted_search_resumes_and_ends_with_the_same_model(
    moment: str, finished: Path, cache: Path, tmp_path: Path
) -> None:
    root = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        design(REQUEST, root, cache=cache, circumstances=HERE, listener=Interrupts(moment))
    design(REQUEST, root, cache=cache, circumstances=HERE, resume=True)
    for name in ("model.tflite", "quantized.npz", "winner.json", "network.toml"):
        assert (root / name).read_bytes() == (finished / name).read_bytes(), name
    assert not list((root / "checkpoints").glob("*")), "checkpoints of a finished run are dead weight"


@pytest.mark.parametrize("evaluator", ["synflow", "macs", "supernet"])
def test_a_cheap_judge_chooses_who_trains(
    evaluator: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judges, "CHEAP_TRIALS", 30)
    request = dataclasses.replace(REQUEST, evaluator=evaluator)
    outcome = design(request, tmp_path / "out", cache=cache, circumstances=HERE)
    records = read_records(tmp_path / "out" / "study.db", name="scores")
    trained = read_records(tmp_path / "out" / "study.db", name="search")
    assert len(records) > len(trained) > 1
    best = max(record.outcome.score for record in records)
    first = next(record for record in records if record.trial.point == trained[0].trial.point)
    assert first.outcome.score == best, "the judge's favorite trains first"
    assert outcome.report.search is not None
    assert any(evaluator in note for note in outcome.report.search.notes)
    assert ("from the supernet" in outcome.report.search.evaluator) == (evaluator == "supernet")


def test_the_runtime_decides_whose_ram_must_fit(cache: Path, tmp_path: Path) -> None:
    request = dataclasses.replace(REQUEST, runtime="wakeling-c", trainings=1, rung_epochs=(1,))
    report = design(request, tmp_path / "out", cache=cache, circumstances=HERE).report
    arena = next(use for use in report.verdict.budgets if use.name == "RAM, tensor arena")
    assert (arena.runtime, arena.provenance) == ("wakeling-c", "computed")
    manifest = json.loads((tmp_path / "out" / "cost.json").read_text())
    assert manifest["memory"]["wakeling-c"]["peak_bytes"] == arena.used


def test_a_space_of_which_nothing_fits_writes_nothing(cache: Path, tmp_path: Path) -> None:
    request = dataclasses.replace(REQUEST, macs=1000)
    with pytest.raises(DoesNotFitError, match="MACs"):
        design(request, tmp_path / "out", cache=cache, circumstances=HERE)
    assert not (tmp_path / "out").exists()


def test_another_space_does_not_go_on_in_the_folder(finished: Path, cache: Path) -> None:
    other = dataclasses.replace(REQUEST, staged=dataclasses.replace(SPACE, widths=(0.5,)))
    with pytest.raises(RunError, match="staged"):
        design(other, finished, cache=cache, circumstances=HERE, resume=True)


def test_space_optimization_keeps_a_part_of_the_space(cache: Path, tmp_path: Path) -> None:
    request = dataclasses.replace(REQUEST, optimize_space=True, trainings=1, rung_epochs=(1,))
    design(request, tmp_path / "out", cache=cache, circumstances=HERE)
    kept = load_plan(tmp_path / "out" / "plan.json").staged
    assert kept is not None
    assert len(kept.widths) == len(kept.resolutions) == 1
    assert (kept.widths[0], kept.resolutions[0]) == (1.0, 40), "the roomy board keeps the largest"
