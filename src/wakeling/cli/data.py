"""`wakeling data`: look at photos before they are used."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wakeling.cli.output import json_option, plot_option, plot_to, print_json, print_table, progress_bar

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from wakeling.data import contents
    from wakeling.data.summary import DataSummary
    from wakeling.report.figures.picture import Picture

SHOWN_REFUSALS = 10


@click.group()
def command() -> None:
    """Look at photos before they are used."""


@command.command()
@click.argument("source")
@click.option("--wake-word", default="person", show_default=True, help="The class that the model shall find.")
@click.option(
    "--area-threshold",
    type=float,
    default=0.005,
    show_default=True,
    help="COCO: the part of a photo that a box must cover to count.",
)
@click.option(
    "--reader", help="How to read SOURCE: class-folders, manifest, coco or scenes. Default: by looking."
)
@click.option(
    "--images",
    type=click.Path(path_type=Path),
    help="COCO: the folder of the images, if they are not beside the JSON file.",
)
@json_option
@plot_option
def check(
    source: str,
    wake_word: str,
    area_threshold: float,
    reader: str | None,
    images: Path | None,
    as_json: bool,
    plot: Path | None,
) -> int:
    """Read and decode every photo of SOURCE, and say what is usable.

    SOURCE is a folder with one sub-folder a class, a folder or file with a manifest (CSV) or COCO
    annotations (JSON), or scenes[:COUNT[:SEED]]. Exit code 0: enough to train on, 1: too little.
    """
    from wakeling.data import open_photos, pack, summarize
    from wakeling.data.packing import MIN_RESOLUTION

    with tempfile.TemporaryDirectory(prefix="wakeling-check-") as scratch, _bars() as bar:
        photos = open_photos(
            source,
            wake_word=wake_word,
            area_threshold=area_threshold,
            reader=reader,
            image_folder=images,
            progress=_stage(bar, "looking into files"),
        )
        packed = pack(
            photos,
            resolution=MIN_RESOLUTION,
            channels=1,
            cache_dir=Path(scratch),
            progress=_stage(bar, "decoding"),
        )
        summary = summarize(packed)
    if as_json:
        print_json({"source": source, "reader": photos.reader, **summary.to_json()})
    else:
        _print(summary, photos.reader)
    plot_to(plot, lambda: _picture(summary))
    return 1 if summary.shortfalls else 0


@contextmanager
def _bars() -> Iterator[Progress]:
    """A progress display that shows nothing, not even an empty line, until something is under way."""
    bar = progress_bar()
    try:
        yield bar
    finally:
        if bar.live.is_started:
            bar.stop()


def _stage(bar: Progress, description: str) -> contents.Progress:
    """A callback that moves a bar called `description`, which appears when the stage begins."""
    task: TaskID | None = None

    def move(done: int, total: int) -> None:
        nonlocal task
        if task is None:
            bar.start()
            task = bar.add_task(description, total=total)
        bar.update(task, completed=done)

    return move


def _print(summary: DataSummary, reader: str) -> None:
    from rich.markup import escape

    counts = [
        (
            count.split,
            count.negative,
            count.positive,
            count.unlabeled,
            count.negative + count.positive + count.unlabeled,
        )
        for count in summary.splits
    ]
    totals = [sum(column) for column in zip(*(count[1:] for count in counts), strict=True)]
    print_table(
        f"{escape(summary.name)}: {summary.photos} photos, read as {reader}",
        ("split", *(escape(label) for label in summary.labels), "unlabeled", "all"),
        [(name, *map(str, numbers)) for name, *numbers in counts] + [("all", *map(str, totals))],
    )
    for line in _remarks(summary):
        click.echo(line)


def _picture(summary: DataSummary) -> Picture:
    """Photos of each class in each split, and what was refused."""
    from wakeling.report.figures.panels import Panel, panels

    negative, positive = summary.labels
    counts = (
        (negative, [count.negative for count in summary.splits]),
        (positive, [count.positive for count in summary.splits]),
        ("unlabeled", [count.unlabeled for count in summary.splits]),
    )
    return panels(
        [count.split for count in summary.splits],
        [Panel(title=title, values=values, write=lambda value: f"{value:,.0f}") for title, values in counts],
        name="data",
        title=f"Photos of {summary.name}",
        description=f"{summary.photos} photos by split and class; {len(summary.refused)} refused",
    )


def _remarks(summary: DataSummary) -> list[str]:
    from wakeling.data.summary import reasons_of

    lines = []
    if summary.original_sizes:
        sizes = (f"{width}x{height}" for width, height in summary.original_sizes)
        lines.append("original sizes: smallest {}, median {}, largest {}".format(*sizes))
    if summary.with_probability:
        lines.append(f"soft labels: {summary.with_probability} photos")
    if summary.copies:
        lines.append(f"copies: {summary.copies} photos have the bytes of another one")
    lines += [f"note: {note}" for note in summary.notes]
    if summary.refused:
        reasons = ", ".join(f"{count} {reason}" for reason, count in reasons_of(summary.refused).items())
        lines.append(f"refused: {len(summary.refused)} files ({reasons})")
        lines += [f"  {refusal.line()}" for refusal in summary.refused[:SHOWN_REFUSALS]]
        if len(summary.refused) > SHOWN_REFUSALS:
            lines.append(f"  and {len(summary.refused) - SHOWN_REFUSALS} more; --json lists them all")
    if summary.shortfalls:
        lines.append(f"not enough to train on: {'; '.join(summary.shortfalls)}")
    else:
        lines.append("enough to train on")
    return lines
