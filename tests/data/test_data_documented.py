"""The reference page names every reader, reason, column and limit, and its example runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wakeling.data import contents, decode
from wakeling.data.readers import READERS, class_folders, manifest
from wakeling.data.splits import SPLIT_SPELLINGS
from wakeling.testing.reader_contract import photo_bytes

PAGE = (Path(__file__).parents[2] / "docs/reference/data-formats.md").read_text(encoding="utf-8")

REASONS = [
    *(contents.NOT_FOUND, contents.NOT_A_FILE, contents.EMPTY, contents.NOT_AN_IMAGE, contents.UNREAD_FORMAT),
    *(contents.TOO_LARGE, contents.UNREADABLE, class_folders.OUTSIDE, class_folders.BAD_NAME),
    *(decode.TOO_MANY_PIXELS, decode.CORRUPT, decode.UNKNOWN_RANGE),
]


@pytest.mark.parametrize("name", [*READERS, *REASONS, *manifest.KNOWN])
def test_name_is_documented(name: str) -> None:
    assert f"| `{name}` |" in PAGE


def test_limits_are_documented() -> None:
    assert f"{decode.MAX_PIXELS:,}" in PAGE
    assert f"{decode.DRAFT_PIXELS:,}" in PAGE
    assert f"{contents.MAX_FILE_BYTES // 1024**2} MiB" in PAGE
    assert all(f"`{spelling}`" in PAGE for spelling in SPLIT_SPELLINGS)


def test_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for index in range(200):
        folder = Path("photos") / ("cat" if index % 2 else "dog")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{index}.png").write_bytes(photo_bytes(index))
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)  # the page's own example
    assert getattr(names["batch"], "shape", None) == (3, 96, 96, 3)
