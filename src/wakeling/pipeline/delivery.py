"""The stages after training: export, verification, evaluation; each leaves a file in the folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeling import files
from wakeling.cost import to_json as cost_to_json
from wakeling.data import PackedSet
from wakeling.errors import RunError
from wakeling.export import c_array, tflite
from wakeling.export.c import compile_model, target_for_core
from wakeling.pipeline.brief_training import Splits
from wakeling.pipeline.folder import RunFolder
from wakeling.pipeline.listener import Listener
from wakeling.pipeline.setting import Setting
from wakeling.quantize import golden
from wakeling.quantize.model import QuantizedModel
from wakeling.search import CostedCandidate
from wakeling.spec import to_toml
from wakeling.train import TrainedModel, metrics, predict
from wakeling.train.metrics import Metrics
from wakeling.verify import VerificationReport, verify

C_SYMBOL = "wakeling_model"

THRESHOLD_METHOD = "highest balanced accuracy of the int8 model on the val photos"


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """The wake word's probability of every labeled photo of a split, by both models."""

    labels: NDArray[np.int64]
    paths: tuple[str, ...]
    float_model: NDArray[np.float64]
    int8_model: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Both models at the operating threshold; `test` is None where the data has no test photos."""

    threshold: float
    val: Mapping[str, Metrics]
    test: Mapping[str, Metrics] | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        splits = {"val": self.val, **({"test": self.test} if self.test else {})}
        return {
            "threshold": self.threshold,
            "threshold_method": THRESHOLD_METHOD,
            **{
                split: {model: metrics.to_json(value) for model, value in by_model.items()}
                for split, by_model in splits.items()
            },
        }


def export_winner(
    setting: Setting, winner: CostedCandidate, model: QuantizedModel, folder: RunFolder, listener: Listener
) -> bytes:
    """Write the network file, its cost, the .tflite, the C array and our C; return the .tflite's bytes."""
    listener.stage("Export")
    files.write_text(folder.network, to_toml(winner.candidate.network()))
    files.write_json(folder.cost, cost_to_json(winner.report))
    about = {
        "wake_word": setting.request.wake_word,
        "data": setting.photos.name,
        "seed": setting.request.seed,
    }
    content = tflite.to_bytes(model, metadata=about)
    files.write_bytes(folder.tflite, content)
    header, source = c_array.render(content, C_SYMBOL)
    files.write_text(folder.c_header, header)
    files.write_text(folder.c_source, source)
    listener.note(f"{folder.tflite.name}: {len(content)} bytes")
    compiled = compile_model(model, target_for_core(setting.board.core))
    for name, text in compiled.files.items():
        files.write_text(folder.c_code / name, text)
    listener.note(
        f"{folder.c_code.name}/: C for {compiled.about.target}, {compiled.about.arena_bytes} bytes of RAM"
    )
    return content


def verify_winner(
    model: QuantizedModel, content: bytes, splits: Splits, count: int, folder: RunFolder, listener: Listener
) -> VerificationReport:
    """Compare the runtimes on `count` photos, val's first; the report is in the folder either way."""
    listener.stage(f"Verification on {count} images")
    report = verify(model, content, _images(splits, count))
    files.write_json(folder.verification, report.to_json())
    return report


def _images(splits: Splits, count: int) -> NDArray[np.uint8]:
    """`count` photos of val, then train; repeated where there are fewer."""
    parts, missing = [], count
    for part in (splits.val, splits.train):
        taken = part.take(np.arange(min(missing, len(part))))
        parts.append(taken)
        missing -= len(taken)
    images = np.concatenate(parts)
    return np.resize(images, (count, *images.shape[1:]))


def predict_winner(
    trained: TrainedModel, model: QuantizedModel, photos: PackedSet, name: str, listener: Listener
) -> Predictions:
    """Both models' answers on the labeled photos of one split."""
    labeled = photos.labeled()
    answers = []
    for start in range(0, len(labeled), 256):
        images = labeled.take(np.arange(start, min(start + 256, len(labeled))))
        answers.append(golden.probabilities(model, images))
        listener.progress(f"int8 on {name}", min(start + 256, len(labeled)), len(labeled))
    threads = trained.recipe.threads
    float_answers = predict(trained.graph, trained.weights, labeled.images, threads=threads)
    return Predictions(
        labels=labeled.label,
        paths=labeled.paths,
        float_model=np.asarray(float_answers, np.float64),
        int8_model=np.concatenate(answers) if answers else np.zeros(0),
    )


def measure(predictions: Mapping[str, Predictions], folder: RunFolder) -> Accuracy:
    """Choose the threshold on val, measure both models on val and (if there is one) test.

    Raises RunError where val lacks one of the classes.
    """
    val, test = predictions["val"], predictions.get("test")
    if len(np.unique(val.labels)) < 2:
        raise RunError("the val photos show one class only, so no threshold can be chosen; add photos")
    threshold = metrics.best_threshold(val.labels, val.int8_model)

    def both(answers: Predictions) -> dict[str, Metrics]:
        return {
            "float": metrics.summarize(answers.labels, answers.float_model, threshold),
            "int8": metrics.summarize(answers.labels, answers.int8_model, threshold),
        }

    accuracy = Accuracy(threshold=threshold, val=both(val), test=both(test) if test else None)
    files.write_json(folder.evaluation, accuracy.to_json())
    return accuracy
