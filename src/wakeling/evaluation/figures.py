"""A classifier's figures on labeled photos: for each source of photos, and for all together.

Running the classifier is in `evaluation.classifier`, the statistics in `train.metrics`.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling import files
from wakeling.data import PackedSet
from wakeling.errors import DataError
from wakeling.evaluation.classifier import Classifier, answer
from wakeling.train import metrics
from wakeling.train.metrics import Metrics
from wakeling.verify.jobs import Kernels

ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """Answers and figures; `figures` has one entry a source where there are several, then `all`.

    `rewritten`: why LiteRT ran a copy that our importer wrote, as in `classifier.Answers`.
    """

    classifier: Classifier
    photos: PackedSet
    probabilities: npt.NDArray[np.float64]
    figures: Mapping[str, Metrics]
    kernels: Kernels
    seconds: float
    rewritten: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        classifier = self.classifier
        preprocessing = classifier.preprocessing
        return {
            "model": str(classifier.path),
            "bytes": len(classifier.content),
            "sha256": classifier.sha256,
            "input": {"shape": list(classifier.input_shape), "type": classifier.input_type},
            "preprocessing": {
                "input": preprocessing.input,
                "channels": preprocessing.channels,
                "wake_word_output": preprocessing.wake_word_output,
                "output": preprocessing.output,
                "from": preprocessing.origin,
            },
            "runtime": {"name": "LiteRT", "kernels": self.kernels, "ran_a_copy_because": self.rewritten},
            "data": self.photos.name,
            "photos": len(self.photos),
            "refused": [refusal.line() for refusal in self.photos.refused],
            "seconds": round(self.seconds, 3),
            "figures": {name: metrics.to_json(value) for name, value in self.figures.items()},
        }


def evaluate(
    classifier: Classifier, photos: PackedSet, *, threshold: float = 0.5, kernels: Kernels = "optimized"
) -> Evaluation:
    """Run the classifier on the labeled photos of a set packed at its input's size.

    Raises DataError where no photo has a label or the pack has another size, ModelFileError where
    LiteRT refuses the file.
    """
    labeled = photos.pick(np.flatnonzero(photos.label >= 0))
    if len(labeled) == 0:
        raise DataError("no photo to evaluate on has a label")
    shape = tuple(labeled.images.shape[1:])
    if shape != classifier.input_shape:
        raise DataError(f"the photos are packed as {shape}; the model takes {classifier.input_shape}")
    begin = time.perf_counter()
    answers = answer(classifier, np.asarray(labeled.images), kernels=kernels)
    return Evaluation(
        classifier=classifier,
        photos=labeled,
        probabilities=answers.probabilities,
        figures=_figures(labeled, answers.probabilities, threshold),
        kernels=kernels,
        seconds=time.perf_counter() - begin,
        rewritten=answers.rewritten,
    )


def _figures(photos: PackedSet, answers: npt.NDArray[np.float64], threshold: float) -> dict[str, Metrics]:
    sources = np.array(photos.sources or [""] * len(photos))
    names = [str(name) for name in np.unique(sources)]
    figures = {}
    if len(names) > 1:
        for name in names:
            chosen = sources == name
            figures[name or "no source"] = metrics.summarize(photos.label[chosen], answers[chosen], threshold)
    return {**figures, ALL: metrics.summarize(photos.label, answers, threshold)}


def write_predictions(path: Path, evaluation: Evaluation) -> None:
    """One line a photo: path, label, source, probability of the wake word; atomically."""
    photos = evaluation.photos
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("path", "label", "source", "probability"))
    sources = photos.sources or ("",) * len(photos)
    for name, label, source, probability in zip(
        photos.paths, photos.label, sources, evaluation.probabilities, strict=True
    ):
        writer.writerow((name, photos.labels[int(label)], source, f"{probability:.6f}"))
    files.write_text(path, table.getvalue())
