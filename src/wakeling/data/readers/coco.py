"""COCO-style JSON: boxes with categories; a photo is positive when a box of the wake word is large enough.

The rule is the one of Visual Wake Words (Chowdhery et al. 2019, arXiv:1906.05721, section 3.1): label 1
when at least one box of the category covers `area_threshold` of the image or more. Every other image is
label 0, those with only smaller boxes of the category included. A crowd box (`iscrowd`) is a box like
any other: a crowd of people shows people. Boxes are clipped to the image.
"""

from __future__ import annotations

import json
import math
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wakeling.data.labels import require_wake_word
from wakeling.data.photos import Example
from wakeling.data.readers.folders import printable
from wakeling.data.readers.reader import Reader, Reading, ReadOptions
from wakeling.data.splits import SPLIT_SPELLINGS
from wakeling.errors import DataError

FILE_NAME = "annotations.json"
PATTERNS = (FILE_NAME, "instances_*.json", "annotations/instances_*.json", "*/_annotations.coco.json")
"""Where a folder keeps its annotation files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Image:
    file_name: str
    width: float
    height: float


def read(source: str, options: ReadOptions) -> Reading:
    """Read the annotation file, or all those in the folder, each for the split that its name tells.

    Raises DataError for JSON that is malformed or not COCO-style, with the file and the entry.
    """
    if not 0.0 < options.area_threshold < 1.0:
        raise DataError(
            f"area threshold {options.area_threshold} is not between 0 and 1; Visual Wake Words uses 0.005"
        )
    files = annotation_files(source)
    if not files:
        raise DataError(f"{source!r} holds no COCO annotations; looked for {', '.join(PATTERNS)}")
    base = _base(source)
    root = options.image_folder or base
    examples: dict[str, Example] = {}
    contents = [(file, _load(file)) for file in files]
    known = {name for file, content in contents for name in _categories(content, file).values()}
    require_wake_word(options.wake_word, known, repr(source))
    for file, content in contents:
        places = _places(file, base) if options.image_folder is None else (".",)
        for name, fraction in _largest_boxes(content, file, options.wake_word).items():
            path = _find(name, root, places, file)
            if path in examples:
                raise DataError(f"{file}: the image {name!r} is listed twice; keep one of the entries")
            examples[path] = Example(
                path=path,
                label=int(fraction >= options.area_threshold),
                split=_split_of(file) if len(files) > 1 else None,
                area_fraction=fraction,
            )
    if not examples:
        raise DataError(f"{source!r} lists no images")
    return Reading(
        name=base.resolve().name,
        root=root,
        examples=tuple(examples.values()),
        area_threshold=options.area_threshold,
    )


def _base(source: str) -> Path:
    """The folder that the annotation files and the images share."""
    path = Path(source)
    if path.is_dir():
        return path
    return path.parent.parent if path.parent.name == "annotations" else path.parent


def annotation_files(source: str) -> list[Path]:
    """The annotation files that `source` stands for."""
    path = Path(source)
    if not path.is_dir():
        return [path]
    return next((found for pattern in PATTERNS if (found := sorted(path.glob(pattern)))), [])


def _split_of(file: Path) -> str | None:
    """The split in the name of a file such as instances_val2017.json, or of its folder."""
    stem = file.stem.removeprefix("instances_").rstrip("0123456789").rstrip("_-")
    return SPLIT_SPELLINGS.get(stem.casefold()) or SPLIT_SPELLINGS.get(file.parent.name.casefold())


def _load(file: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise DataError(f"{file}:{error.lineno}: not valid JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:  # not UTF-8, a number of 5000 digits, too deep
        raise DataError(f"{file}: not valid JSON: {error}") from None
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror or error}") from None
    if not isinstance(content, dict):
        raise DataError(f"{file}: not COCO-style: an object with images, annotations, categories is needed")
    for part in ("images", "annotations", "categories"):
        if not isinstance(content.get(part), list):
            raise DataError(f"{file}: not COCO-style: the list {part!r} is missing")
    return content


def _field(entry: Any, name: str, kind: type | tuple[type, ...], where: str) -> Any:  # Any: from JSON
    value = entry.get(name) if isinstance(entry, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise DataError(f"{where}: {name!r} is missing or of the wrong kind")
    return value


def _number(entry: Any, name: str, where: str) -> float:  # Any: from JSON
    value = _field(entry, name, (int, float), where)
    if not _finite(value) or value <= 0:
        raise DataError(f"{where}: {name!r} is {value}, which is not a size")
    return float(value)


def _finite(value: Any) -> bool:  # Any: from JSON, which allows NaN and whole numbers of any length
    try:
        return isinstance(value, (int, float)) and math.isfinite(value)
    except OverflowError:
        return False


def _categories(content: Mapping[str, Any], file: Path) -> dict[int | str, str]:
    return {
        _field(entry, "id", (int, str), f"{file}: categories[{index}]"): _field(
            entry, "name", str, f"{file}: categories[{index}]"
        )
        for index, entry in enumerate(content["categories"])
    }


def _images(content: Mapping[str, Any], file: Path) -> dict[int | str, _Image]:
    images: dict[int | str, _Image] = {}
    for index, entry in enumerate(content["images"]):
        where = f"{file}: images[{index}]"
        identity = _field(entry, "id", (int, str), where)
        if identity in images:
            raise DataError(f"{where}: the id {identity!r} is used twice")
        images[identity] = _Image(
            file_name=_field(entry, "file_name", str, where),
            width=_number(entry, "width", where),
            height=_number(entry, "height", where),
        )
    return images


def _largest_boxes(content: Mapping[str, Any], file: Path, wake_word: str) -> dict[str, float]:
    """The part of each image, by file name, that the wake word's largest box covers; 0 without a box."""
    wanted = {
        key for key, name in _categories(content, file).items() if name.casefold() == wake_word.casefold()
    }
    images = _images(content, file)
    largest = dict.fromkeys(images, 0.0)
    for index, entry in enumerate(content["annotations"]):
        where = f"{file}: annotations[{index}]"
        image = _field(entry, "image_id", (int, str), where)
        if image not in images:
            raise DataError(f"{where}: there is no image with the id {image!r}")
        if _field(entry, "category_id", (int, str), where) in wanted:
            box = _field(entry, "bbox", list, where)
            largest[image] = max(
                largest[image], box_fraction(box, images[image].width, images[image].height, where)
            )
    named: dict[str, float] = {}
    for identity, image_entry in images.items():
        if image_entry.file_name in named:
            raise DataError(
                f"{file}: the image {image_entry.file_name!r} is listed twice; keep one of the entries"
            )
        named[image_entry.file_name] = largest[identity]
    return named


def box_fraction(box: Sequence[float], width: float, height: float, where: str) -> float:
    """The part (0..1) of a `width` x `height` image that the COCO box [x, y, width, height] covers.

    What lies outside of the image does not count. Raises DataError for anything but four finite numbers.
    """
    if len(box) != 4 or not all(_finite(side) for side in box):
        raise DataError(f"{where}: 'bbox' is {box}, not four numbers x, y, width, height")
    x, y, box_width, box_height = box
    inside_width = min(x + box_width, width) - max(x, 0)
    inside_height = min(y + box_height, height) - max(y, 0)
    return max(inside_width, 0) * max(inside_height, 0) / (width * height)


def _places(file: Path, root: Path) -> tuple[str, ...]:
    """The folders, relative to `root`, in which the images of `file` may lie, the likeliest first."""
    here = file.parent.relative_to(root).as_posix()
    year = file.stem.removeprefix("instances_")
    places = (here, f"{here}/images", ".", "images", year, f"images/{year}")
    return tuple(dict.fromkeys(posixpath.normpath(place) for place in places))


def _find(name: str, root: Path, places: Sequence[str], file: Path) -> str:
    """The image's path below `root`: the first place that has it, else the first place."""
    if not name or not printable(name):
        raise DataError(f"{file}: {name!r} is no file name")
    if name.startswith("/") or ".." in name.split("/"):
        raise DataError(
            f"{file}: the file name {name!r} leaves the image folder; use relative names below it"
        )
    paths = [posixpath.normpath(f"{place}/{name}") for place in places]
    return next((path for path in paths if (root / path).is_file()), paths[0])


def recognizes(source: str) -> bool:
    """A .json file, or a folder that holds COCO annotation files."""
    path = Path(source)
    return (path.suffix.casefold() == ".json" and path.is_file()) or (
        path.is_dir() and bool(annotation_files(source))
    )


READER = Reader(
    name="coco",
    summary="COCO-style JSON with boxes: annotations.json or instances_*.json beside the images",
    recognizes=recognizes,
    read=read,
)
