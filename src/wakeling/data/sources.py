"""From what the user names to a `PhotoSet`: choose a reader, look into every file, assign the splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from wakeling.data.contents import Progress, examine_all
from wakeling.data.labels import label_names
from wakeling.data.photos import Example, PhotoSet, Refusal
from wakeling.data.readers import ReadOptions, choose_reader
from wakeling.data.splits import assign_splits, leaks
from wakeling.data.summary import reasons_of
from wakeling.errors import DataError


def open_photos(
    source: str | Path,
    *,
    wake_word: str = "person",
    area_threshold: float = 0.005,
    reader: str | None = None,
    image_folder: Path | None = None,
    scene_count: int | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
) -> PhotoSet:
    """The photos at `source`, a path or `scenes[:COUNT[:SEED]]`, with labels and splits, not decoded.

    `reader` names a reader where the source could be read in more than one way, `image_folder` is where
    COCO images lie if not beside the JSON; `scene_count` and `seed` are for scenes. Every file's bytes
    are read once, to tell images from other files and copies from originals.

    Raises DataError when the source as a whole cannot be used; single files are refused with a reason.
    """
    if not str(source).strip():
        raise DataError("no photos are named; give a folder, a CSV or JSON file, or 'scenes'")
    if not wake_word or wake_word != wake_word.strip():
        raise DataError(f"the wake word is {wake_word!r}; give the name of a class, for example person")
    chosen = choose_reader(str(source), reader)
    options = ReadOptions(
        wake_word=wake_word,
        area_threshold=area_threshold,
        image_folder=image_folder,
        scene_count=scene_count,
        scene_seed=seed,
    )
    try:
        reading = chosen.read(str(source), options)
    except OSError as error:
        raise DataError(f"cannot read {error.filename or str(source)!r}: {error.strerror or error}") from None
    examples, refused = _look_into(reading.root, reading.examples, progress)
    if not examples:
        raise DataError(_nothing_left(str(source), (*reading.refused, *refused)))
    placed = _place_scenes(examples) if reading.kind == "scenes" else assign_splits(examples)
    return PhotoSet(
        name=reading.name,
        root=reading.root,
        labels=label_names(wake_word),
        examples=placed,
        refused=(*reading.refused, *refused),
        kind=reading.kind,
        notes=(*reading.notes, *leaks(placed)),
        reader=chosen.name,
        area_threshold=reading.area_threshold,
    )


def _place_scenes(examples: Sequence[Example]) -> tuple[Example, ...]:
    """Splits as for labeled photos: drawing a scene always gives it a label."""
    placed = assign_splits([replace(example, label=0) for example in examples])
    return tuple(replace(example, label=None) for example in placed)


def _look_into(
    root: Path, examples: Sequence[Example], progress: Progress | None
) -> tuple[list[Example], list[Refusal]]:
    """The examples with the digest of their bytes, and the files that are no images."""
    unread = [example.path for example in examples if not example.content_hash]
    found = dict(zip(unread, examine_all(root, unread, progress=progress), strict=True))
    usable: list[Example] = []
    refused: list[Refusal] = []
    for example in examples:
        result = found.get(example.path, example.content_hash)
        if isinstance(result, Refusal):
            refused.append(result)
        else:
            usable.append(replace(example, content_hash=result))
    return usable, refused


def _nothing_left(source: str, refused: Sequence[Refusal]) -> str:
    reasons = ", ".join(f"{count} {reason}" for reason, count in reasons_of(refused).items())
    return (
        f"none of the {len(refused)} files of {source!r} can be used: {reasons}; first: {refused[0].line()}"
    )
