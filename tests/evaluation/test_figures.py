"""Figures of a classifier: by source and for all, as JSON and as a table of predictions."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from wakeling import spec
from wakeling.data import PackedSet
from wakeling.errors import DataError
from wakeling.evaluation import Classifier, evaluate, open_classifier
from wakeling.evaluation.figures import write_predictions
from wakeling.export import tflite
from wakeling.fuse import fuse
from wakeling.quantize import golden
from wakeling.testing.random_models import quantize_randomly, random_images

MODEL = quantize_randomly(fuse(spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=32))).graph, 3)


@pytest.fixture
def classifier(tmp_path: Path) -> Classifier:
    tflite.write(tmp_path / "model.tflite", MODEL)
    return open_classifier(tmp_path / "model.tflite")


def photos(sources: tuple[str, ...] = ("red", "blue")) -> PackedSet:
    count = 40
    rng = np.random.default_rng(0)
    return PackedSet(
        labels=("not_person", "person"),
        images=random_images(MODEL, count, 2),
        label=np.where(np.arange(count) % 8 == 7, -1, rng.integers(0, 2, count)),
        probability=np.full(count, np.nan, np.float32),
        split=np.array(["test"] * count),
        paths=tuple(f"photo_{index}.jpg" for index in range(count)),
        sources=tuple(sources[index % len(sources)] for index in range(count)) if sources else (),
        name="made up",
    )


def test_unlabeled_photos_are_left_out_and_sources_are_told_apart(classifier: Classifier) -> None:
    result = evaluate(classifier, photos())
    assert list(result.figures) == ["blue", "red", "all"]
    assert [value.photos for value in result.figures.values()] == [15, 20, 35]
    counts = result.figures["all"].confusion
    answers = golden.probabilities(MODEL, np.asarray(result.photos.images)) >= 0.5
    assert counts.true_positive + counts.false_positive == answers.sum()
    total = counts.true_positive + counts.false_positive + counts.true_negative + counts.false_negative
    assert total == 35


@pytest.mark.parametrize("sources", [(), ("only",)])
def test_one_source_is_not_told_twice(classifier: Classifier, sources: tuple[str, ...]) -> None:
    assert list(evaluate(classifier, photos(sources)).figures) == ["all"]


def test_the_threshold_is_heeded(classifier: Classifier) -> None:
    lenient = evaluate(classifier, photos(), threshold=0.0).figures["all"].confusion
    assert (lenient.true_negative, lenient.false_negative) == (0, 0)


def test_json_says_what_was_run_and_how(classifier: Classifier) -> None:
    value = json.loads(json.dumps(evaluate(classifier, photos()).to_json(), allow_nan=False))
    assert value["runtime"] == {
        "name": "LiteRT",
        "kernels": "optimized",
        "ran_a_copy_because": None,
    }
    assert value["input"] == {"shape": [32, 32, 3], "type": "int8"}
    assert value["preprocessing"]["from"] == "the model's metadata"
    assert value["photos"] == 35
    assert set(value["figures"]) == {"red", "blue", "all"}
    assert value["figures"]["all"]["auc_interval"][0] <= value["figures"]["all"]["auc"]


def test_predictions_are_one_line_a_photo(classifier: Classifier, tmp_path: Path) -> None:
    result = evaluate(classifier, photos())
    write_predictions(tmp_path / "out.csv", result)
    with (tmp_path / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 35
    assert list(rows[0]) == ["path", "label", "source", "probability"]
    assert [float(row["probability"]) for row in rows] == pytest.approx(result.probabilities, abs=1e-6)
    assert {row["label"] for row in rows} == {"not_person", "person"}


def test_photos_of_another_size_and_without_labels_are_refused(classifier: Classifier) -> None:
    import dataclasses

    small = dataclasses.replace(photos(), images=np.zeros((40, 16, 16, 3), np.uint8))
    with pytest.raises(DataError, match="packed as"):
        evaluate(classifier, small)
    with pytest.raises(DataError, match="label"):
        evaluate(classifier, dataclasses.replace(photos(), label=np.full(40, -1)))
