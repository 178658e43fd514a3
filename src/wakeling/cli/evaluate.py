"""`wakeling evaluate`: a model's accuracy on labeled photos."""

from __future__ import annotations

import dataclasses
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wakeling.cli.output import json_option, plot_option, plot_to, print_json, print_table

if TYPE_CHECKING:
    from wakeling.data import PackedSet
    from wakeling.evaluation import Classifier, Evaluation
    from wakeling.report.figures.picture import Picture
    from wakeling.train.metrics import Interval, Metrics
    from wakeling.verify.jobs import Kernels


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--data", "source", required=True, help="Labeled photos: a folder, a manifest, scenes.")
@click.option(
    "--split",
    type=click.Choice(["train", "val", "test", "all"]),
    default="test",
    show_default=True,
    help="Which photos.",
)
@click.option("--threshold", type=click.FloatRange(0, 1), default=0.5, show_default=True)
@click.option(
    "--preprocessing",
    type=click.Path(path_type=Path),
    help="A TOML that says how to feed MODEL. Default: the one beside it, or its metadata, or a guess.",
)
@click.option("--wake-word", default="person", show_default=True, help="The class that the model finds.")
@click.option(
    "--area-threshold",
    type=float,
    default=0.005,
    show_default=True,
    help="COCO: the part of a photo that a box must cover to count.",
)
@click.option(
    "--kernels",
    type=click.Choice(["optimized", "reference", "xnnpack"]),
    default="optimized",
    show_default=True,
    help="LiteRT's kernels; only the reference ones are exact for int8, and they are slow.",
)
@click.option(
    "--predictions", type=click.Path(path_type=Path), help="Write each photo's probability to this CSV."
)
@json_option
@plot_option
def command(
    model: Path,
    source: str,
    split: str,
    threshold: float,
    preprocessing: Path | None,
    wake_word: str,
    area_threshold: float,
    kernels: Kernels,
    predictions: Path | None,
    as_json: bool,
    plot: Path | None,
) -> None:
    """Run MODEL, any single-input image classifier as .tflite, on labeled photos.

    Prints accuracy, balanced accuracy and AUC with 95 % intervals and the confusion, for each
    source of photos and for all. A file that LiteRT refuses is read by wakeling's importer and
    written again, and the output says so.
    """
    from wakeling.evaluation import evaluate, open_classifier
    from wakeling.evaluation.figures import write_predictions

    classifier = open_classifier(model, preprocessing=preprocessing)
    photos = _photos(classifier, source, split, wake_word, area_threshold)
    result = evaluate(
        classifier,
        photos,
        threshold=threshold,
        kernels=kernels,
    )
    if predictions is not None:
        write_predictions(predictions, result)
    if as_json:
        print_json({**result.to_json(), "split": split, "threshold": threshold})
    else:
        _print(result, split)
    plot_to(plot, lambda: _picture(result, split))


def _picture(result: Evaluation, split: str) -> Picture:
    """Balanced accuracy, AUC and accuracy of each source, with their intervals."""
    from wakeling.report.figures.panels import Panel, panels

    figures = result.figures
    parts = [
        Panel(
            title=title,
            values=[getattr(value, name) for value in figures.values()],
            spans=[getattr(value, f"{name}_interval") for value in figures.values()],
            write=lambda value: f"{value:.3f}",
        )
        for title, name in (
            ("Balanced accuracy", "balanced_accuracy"),
            ("AUC", "auc"),
            ("Accuracy", "accuracy"),
        )
    ]
    photos = Panel(
        title="Photos",
        values=[value.photos for value in figures.values()],
        write=lambda value: f"{value:.0f}",
    )
    model = result.classifier.path.name
    return panels(
        [f"{name} ({split})" for name in figures],
        [*parts, photos],
        name="evaluation",
        title=f"{model} on {result.photos.name}",
        description=f"{model}: figures of each source of photos, with 95 % intervals",
    )


def _photos(
    classifier: Classifier, source: str, split: str, wake_word: str, area_threshold: float
) -> PackedSet:
    """The photos of the split at the model's input size, from the cache where they were decoded before."""
    from wakeling.cli.circumstances import cache_folder
    from wakeling.cli.progress import DesignProgress
    from wakeling.data import open_photos, pack
    from wakeling.errors import DataError, ModelFileError

    height, width, channels = classifier.input_shape
    if height != width:
        raise ModelFileError(
            f"{classifier.path} takes {height}x{width} pixels; photos are packed as squares only"
        )
    with DesignProgress() as bar:
        photos = open_photos(
            source,
            wake_word=wake_word,
            area_threshold=area_threshold,
            progress=lambda done, total: bar.progress("looking into files", done, total),
        )
        chosen = tuple(example for example in photos.examples if split in ("all", example.split))
        if not chosen:
            raise DataError(f"{source} has no photo in the split {split!r}; choose another --split")
        return pack(
            dataclasses.replace(photos, examples=chosen),
            resolution=height,
            channels=channels,
            cache_dir=cache_folder(),
            progress=lambda done, total: bar.progress("decoding", done, total),
        )


def _print(result: Evaluation, split: str) -> None:
    from rich.markup import escape

    preprocessing, classifier = result.classifier.preprocessing, result.classifier
    shape = "x".join(str(size) for size in classifier.input_shape)
    rows = [(escape(name), *_row(value)) for name, value in result.figures.items()]
    columns = ("photos", "balanced accuracy", "AUC", "accuracy", "TN", "FP", "FN", "TP")
    print_table(
        f"{escape(classifier.path.name)} on {escape(result.photos.name)} ({split}), 95 % intervals",
        ("source", *columns),
        rows,
    )
    click.echo(f"model: {len(classifier.content)} bytes, input {shape} {classifier.input_type}")
    click.echo(
        f"fed: {preprocessing.input}, {preprocessing.channels}; wake word is output "
        f"{preprocessing.wake_word_output} of {classifier.outputs} (from {preprocessing.origin})"
    )
    threshold = result.figures["all"].threshold
    milliseconds = 1000 * result.seconds / len(result.photos)
    click.echo(
        f"threshold {threshold:g}; LiteRT's {result.kernels} kernels, {milliseconds:.1f} ms a photo here"
    )
    if result.rewritten is not None:
        reason = textwrap.shorten(result.rewritten, 100, placeholder="…")
        click.echo(f"{reason}\nso LiteRT ran a copy with the same weights, read and written by wakeling")
    if result.photos.refused:
        click.echo(f"refused: {len(result.photos.refused)} files; `wakeling data check` says why")


def _row(value: Metrics) -> tuple[str, ...]:
    counts = value.confusion
    return (
        str(value.photos),
        _estimate(value.balanced_accuracy, value.balanced_accuracy_interval),
        _estimate(value.auc, value.auc_interval),
        _estimate(value.accuracy, value.accuracy_interval),
        str(counts.true_negative),
        str(counts.false_positive),
        str(counts.false_negative),
        str(counts.true_positive),
    )


def _estimate(value: float | None, interval: Interval | None) -> str:
    if value is None or interval is None:
        return "one class only"
    return f"{value:.4f} ({interval[0]:.3f}–{interval[1]:.3f})"
