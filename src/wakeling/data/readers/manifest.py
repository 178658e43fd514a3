"""A manifest: a CSV file with a row a photo, `path,label[,split][,probability][,group][,source]`."""

from __future__ import annotations

import csv
import math
import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path

from wakeling.data.labels import label_of, require_wake_word
from wakeling.data.photos import UNLABELED, Example
from wakeling.data.readers.reader import Reader, Reading, ReadOptions
from wakeling.data.splits import parse_split
from wakeling.errors import DataError

FILE_NAME = "manifest.csv"
REQUIRED = ("path", "label")
KNOWN = (*REQUIRED, "split", "probability", "group", "source")


def read(source: str, options: ReadOptions) -> Reading:
    """Read every row; paths are relative to the manifest's folder.

    A wrong file or row raises DataError with the file and the line. Photos that are missing or broken
    are found later and refused one by one.
    """
    file = Path(source) / FILE_NAME if Path(source).is_dir() else Path(source)
    rows = list(_rows(file))
    if not rows:
        raise DataError(f"{file}: no photos are listed below the header")
    seen: dict[str, int] = {}
    examples = []
    ignored = 0
    for line, row in rows:
        where = f"{file}:{line}"
        path = _path(row["path"], where)
        if path in seen:
            raise DataError(f"{where}: {path!r} is listed already in line {seen[path]}; keep one of the rows")
        seen[path] = line
        split = _split(row.get("split", ""), where)
        label = label_of(row["label"], options.wake_word)
        ignored += split == UNLABELED and label is not None
        examples.append(
            Example(
                path=path,
                label=None if split == UNLABELED else label,
                split=split,
                probability=_probability(row.get("probability", ""), where),
                group=row.get("group") or None,
                source=row.get("source") or None,
                other=tuple((name, text) for name, text in row.items() if name not in KNOWN),
            )
        )
    require_wake_word(options.wake_word, (row["label"] for _, row in rows), str(file))
    note = f"the labels of {ignored} rows are not used because their split is {UNLABELED}"
    return Reading(
        name=file.resolve().parent.name,
        root=file.parent,
        examples=tuple(examples),
        notes=(note,) if ignored else (),
    )


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, column -> text) for every row that is not blank."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.reader(stream, strict=True)
            header: list[str] | None = None
            try:
                for fields in reader:
                    if not any(text.strip() for text in fields):
                        continue
                    if header is None:
                        header = _header(fields, f"{file}:{reader.line_num}")
                        continue
                    yield reader.line_num, _row(header, fields, f"{file}:{reader.line_num}")
            except csv.Error as error:
                raise DataError(f"{file}:{reader.line_num}: not valid CSV: {error}") from None
            except UnicodeDecodeError as error:
                line = reader.line_num + 1
                raise DataError(
                    f"{file}:{line} or below: not UTF-8 ({error.reason}); save the file as UTF-8"
                ) from None
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror or error}") from None
    if header is None:
        raise DataError(f"{file}: the file is empty; its first line names the columns: path,label")


def _header(fields: Sequence[str], where: str) -> list[str]:
    header = [text.strip() for text in fields]
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        separator = (
            "; separate the columns by commas" if len(header) == 1 and set(";\t") & set(header[0]) else ""
        )
        raise DataError(
            f"{where}: the column {missing[0]!r} is missing from the header {','.join(header)!r}; "
            f"needed: path,label; understood: {','.join(KNOWN)}{separator}"
        )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataError(f"{where}: the column {twice[0]!r} stands twice in the header")
    return header


def _row(header: Sequence[str], fields: Sequence[str], where: str) -> dict[str, str]:
    if len(fields) != len(header):
        raise DataError(
            f"{where}: {len(fields)} values for {len(header)} columns; put values with a comma in quotes"
        )
    return dict(zip(header, (text.strip() for text in fields), strict=True))


def _path(text: str, where: str) -> str:
    if not text:
        raise DataError(f"{where}: the path is empty")
    path = posixpath.normpath(text)
    if path.startswith("/"):
        raise DataError(f"{where}: {text!r} is an absolute path; give it relative to the manifest's folder")
    if path == ".." or path.startswith("../"):
        raise DataError(f"{where}: {text!r} leaves the manifest's folder; move the photo below it")
    return path


def _split(text: str, where: str) -> str | None:
    if not text:
        return None
    try:
        return parse_split(text)
    except DataError as error:
        raise DataError(f"{where}: {error}") from None


def _probability(text: str, where: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= 1.0:
        raise DataError(
            f"{where}: probability {text!r} is not a number from 0 to 1; leave it empty if unknown"
        )
    return value


def recognizes(source: str) -> bool:
    """A .csv file, or a folder that holds a manifest.csv."""
    path = Path(source)
    return (path.suffix.casefold() == ".csv" and path.is_file()) or (path / FILE_NAME).is_file()


READER = Reader(
    name="manifest",
    summary="a CSV file with a row a photo: path,label[,split][,probability][,group][,source]",
    recognizes=recognizes,
    read=read,
)
