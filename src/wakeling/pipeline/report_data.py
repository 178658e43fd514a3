"""From the results of a run to the plain data of its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wakeling._version import __version__
from wakeling.data import PackedSet
from wakeling.data.summary import summarize
from wakeling.export.operators import operator_entry
from wakeling.pipeline.brief_training import Splits
from wakeling.pipeline.delivery import C_SYMBOL, THRESHOLD_METHOD, Accuracy, Predictions
from wakeling.pipeline.folder import RunFolder
from wakeling.pipeline.plan import Plan
from wakeling.pipeline.report_search import candidates_of, network_of, searched
from wakeling.pipeline.setting import Setting
from wakeling.pipeline.verdict import verdict_of
from wakeling.quantize.model import QuantizedModel
from wakeling.report import (
    Confusion,
    DataSummary,
    Deployment,
    Epoch,
    Estimate,
    Evaluation,
    Mistake,
    RefusedImages,
    ReportData,
    RocPoint,
    SplitCount,
    Threshold,
    Verification,
    Witness,
    WrittenFile,
    thumbnail_data_uri,
)
from wakeling.search import CostedCandidate
from wakeling.train import EpochRecord, TrainedModel, metrics
from wakeling.train.metrics import Metrics
from wakeling.verify import VerificationReport

MISTAKES_SHOWN = 24

_FILES = (
    ("network", "the chosen network, readable and editable"),
    ("trained", "the float model"),
    ("quantized", "the int8 model that the reference interpreter runs"),
    ("tflite", "the model for TensorFlow Lite Micro"),
    ("c_header", "the model as a C array: header"),
    ("c_source", "the model as a C array: the bytes"),
    ("c_code", "the model as C of our own, for the board's core: no interpreter needed"),
    ("cost", "cost of the network, layer by layer"),
    ("verification", "which runtimes computed the same numbers"),
    ("evaluation", "accuracies with their intervals"),
    ("plan", "who trained for how long"),
    ("study", "every trial of the search, as an Optuna study"),
    ("search", "the search as plain data"),
    ("winner", "what the search found"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What only the outside knows: the command, the day, the machine, the commit."""

    command: str
    created: str
    machine: str
    git_commit: str | None = None


def report_data(
    *,
    setting: Setting,
    plan: Plan,
    chosen: CostedCandidate,
    trained: TrainedModel,
    quantized_epochs: tuple[EpochRecord, ...],
    model: QuantizedModel,
    verification: VerificationReport,
    accuracy: Accuracy,
    predictions: Mapping[str, Predictions],
    splits: Splits,
    folder: RunFolder,
    circumstances: Circumstances,
) -> ReportData:
    """Everything that the report page says about a finished run."""
    photos = setting.photos
    search = searched(folder)
    last, judged = ("test", splits.test) if "test" in predictions else ("val", splits.val)
    return ReportData(
        title=f"{photos.labels[1]} on {setting.board.title}",
        created=circumstances.created,
        wakeling_version=__version__,
        command=circumstances.command,
        seed=setting.request.seed,
        machine=circumstances.machine,
        git_commit=circumstances.git_commit,
        verdict=verdict_of(setting, chosen, folder.tflite.stat().st_size, verification, accuracy),
        data=_data_summary(splits.whole),
        candidates=candidates_of(setting, plan, search, chosen.candidate),
        search=search,
        network=network_of(setting, chosen),
        training=_epochs(trained.history, quantized_epochs),
        evaluations=tuple(
            _evaluation(name, split, predictions[split], by_model[name], photos.labels)
            for split, by_model in (("val", accuracy.val), ("test", accuracy.test))
            if by_model is not None
            for name in ("float", "int8")
        ),
        threshold=Threshold(value=accuracy.threshold, split="val", method=THRESHOLD_METHOD),
        mistakes=_mistakes(predictions[last], judged, accuracy.threshold),
        verification=_verification(verification),
        files=tuple(
            WrittenFile(path=path.name, size_bytes=_size(path), what=what)
            for attribute, what in _FILES
            if (path := getattr(folder, attribute)).exists()
        ),
        deployment=Deployment(
            operators=tuple(dict.fromkeys(operator_entry(node.op).builtin for node in model.graph.nodes)),
            arena_bytes=verification.arena_bytes or chosen.ram_bytes * 2,
            arena_provenance="measured" if verification.arena_bytes else "modelled",
            header=folder.c_header.name,
            symbol=C_SYMBOL,
            input_shape=model.graph.input_shape,
            labels=model.labels,
            threshold=accuracy.threshold,
        ),
        reproduction=(circumstances.command,),
        provenance=_provenance(plan),
    )


def _size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    return sum(file.stat().st_size for file in path.iterdir()) if path.is_dir() else path.stat().st_size


def _data_summary(photos: PackedSet) -> DataSummary:
    found = summarize(photos)
    negative, positive = found.labels
    reasons: dict[str, list[str]] = {}
    for refusal in found.refused:
        reasons.setdefault(refusal.reason, []).append(refusal.path)
    return DataSummary(
        name=found.name,
        kind="scenes" if found.kind == "scenes" else "photos",
        labels=found.labels,
        splits=tuple(
            SplitCount(
                split=count.split,
                counts={negative: count.negative, positive: count.positive}
                | ({"unlabeled": count.unlabeled} if count.unlabeled else {}),
            )
            for count in found.splits
        ),
        refused=tuple(
            RefusedImages(reason=reason, count=len(paths), examples=tuple(paths[:5]))
            for reason, paths in sorted(reasons.items())
        ),
        notes=found.notes,
    )


def _epochs(float_epochs: tuple[EpochRecord, ...], int8_epochs: tuple[EpochRecord, ...]) -> tuple[Epoch, ...]:
    return tuple(
        Epoch(
            epoch=number,
            stage="float" if number <= len(float_epochs) else "int8",
            loss=record.loss,
            train_accuracy=record.train_accuracy,
            val_balanced_accuracy=record.val_balanced_accuracy,
        )
        for number, record in enumerate((*float_epochs, *int8_epochs), start=1)
    )


def _estimate(value: float | None, interval: tuple[float, float] | None) -> Estimate:
    """A figure with its interval; a figure that needs both classes is never asked for without them."""
    assert value is not None
    assert interval is not None
    return Estimate(value=value, low=interval[0], high=interval[1])


def _evaluation(
    name: str, split: str, answers: Predictions, figures: Metrics, labels: tuple[str, str]
) -> Evaluation:
    probabilities = answers.float_model if name == "float" else answers.int8_model
    curve = metrics.roc_curve(answers.labels, probabilities)
    shown = np.unique(np.linspace(0, len(curve.thresholds) - 1, 200).astype(np.int64))
    confusion = figures.confusion
    return Evaluation(
        model="float" if name == "float" else "int8",
        split="test" if split == "test" else "val",
        counts={labels[0]: confusion.negatives, labels[1]: confusion.positives},
        threshold=figures.threshold,
        accuracy=_estimate(figures.accuracy, figures.accuracy_interval),
        balanced_accuracy=_estimate(figures.balanced_accuracy, figures.balanced_accuracy_interval),
        auc=_estimate(figures.auc, figures.auc_interval),
        confusion=Confusion(
            true_negative=confusion.true_negative,
            false_positive=confusion.false_positive,
            false_negative=confusion.false_negative,
            true_positive=confusion.true_positive,
        ),
        roc=tuple(
            RocPoint(
                false_positive_rate=float(curve.false_positive_rate[index]),
                true_positive_rate=float(curve.true_positive_rate[index]),
            )
            for index in shown
        ),
    )


def _mistakes(answers: Predictions, photos: PackedSet, threshold: float) -> tuple[Mistake, ...]:
    """The labeled photos of the split that the int8 model got most wrong."""
    labeled = photos.labeled()
    wrong = (answers.int8_model >= threshold) != (answers.labels == 1)
    distance = np.where(wrong, np.abs(answers.int8_model - threshold), -1.0)
    worst = [int(index) for index in np.argsort(-distance, kind="stable")[:MISTAKES_SHOWN] if wrong[index]]
    images = labeled.take(np.array(worst, np.int64))
    return tuple(
        Mistake(
            thumbnail=thumbnail_data_uri(image),
            path=answers.paths[index],
            label=photos.labels[int(answers.labels[index])],
            probability=float(answers.int8_model[index]),
        )
        for index, image in zip(worst, images, strict=True)
    )


def _verification(report: VerificationReport) -> Verification:
    return Verification(
        images=report.images,
        witnesses=tuple(
            Witness(name=witness.name, status=witness.status, detail=witness.detail)
            for witness in report.witnesses
        ),
        arena_bytes=report.arena_bytes,
        differences=report.differences,
    )


def _provenance(plan: Plan) -> tuple[str, ...]:
    return (
        "MACs, parameters and RAM are computed from the graph; flash is modelled until the file is written.",
        "TFLM's arena is measured on a 64-bit computer; on a 32-bit board it is smaller.",
        f"Trained on {plan.threads} thread(s); planned training time {plan.estimated_minutes} minutes.",
    )
