"""Files are whole or absent: an error, a full disk or Ctrl-C leaves nothing half-written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wakeling.errors import BoardError, WakelingError
from wakeling.files import atomic_path, reading_text, write_bytes, write_json, write_text


def test_content_arrives_and_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "model.bin"
    write_bytes(path, b"\x00\x01")
    assert path.read_bytes() == b"\x00\x01"
    assert path.stat().st_mode & 0o777 == 0o644
    write_text(tmp_path / "text", "grüße")
    assert (tmp_path / "text").read_text(encoding="utf-8") == "grüße"


def test_json_is_sorted_and_ends_with_a_line(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": [1.5, None]})
    text = (tmp_path / "a.json").read_text()
    assert json.loads(text) == {"a": [1.5, None], "b": 1}
    assert text.index('"a"') < text.index('"b"')
    assert text.endswith("}\n")
    with pytest.raises(ValueError, match=r"NaN|JSON"):
        write_json(tmp_path / "a.json", float("nan"))
    assert (tmp_path / "a.json").read_text() == text


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
def test_an_interrupted_write_leaves_the_old_content_and_no_rest(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "model.bin"
    write_bytes(path, b"old")

    def write_half() -> None:
        with atomic_path(path) as temporary:
            temporary.write_bytes(b"half")
            assert temporary.parent == tmp_path
            raise error

    with pytest.raises(error):
        write_half()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    with atomic_path(path) as temporary:
        temporary.write_bytes(b"half")
        assert not path.exists()
        temporary.write_bytes(b"whole")
    assert path.read_bytes() == b"whole"


def test_a_folder_in_the_way_is_an_error_without_rest(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_bytes(tmp_path / "taken", b"x")
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]


def test_what_goes_wrong_with_a_text_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name, message in (
        ("binary", "my binary: not a text file in UTF-8"),
        ("none", "my none: cannot be read"),
    ):
        with pytest.raises(BoardError, match=message), reading_text(f"my {name}", BoardError):
            (tmp_path / name).read_text(encoding="utf-8")
    with pytest.raises(BoardError, match="my text: no such thing"), reading_text("my text", BoardError):
        raise WakelingError("no such thing")
