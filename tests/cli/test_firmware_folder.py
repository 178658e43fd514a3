"""A folder is written whole or not at all, and nothing that a person wrote is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from wakeling.cli import firmware_folder
from wakeling.cli.firmware_folder import MANIFEST, write_folder
from wakeling.errors import TargetError

OLD = {"README.md": b"old\n", "src/model.c": b"int old;\n", "src/gone.c": b"int gone;\n"}
NEW = {"README.md": b"new\n", "src/model.c": b"int new;\n"}


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }


def only(parent: Path, *names: str) -> bool:
    """Whether a folder holds just these: no temporary is left."""
    return sorted(path.name for path in parent.iterdir()) == sorted(names)


def test_what_wakeling_wrote_is_replaced_and_leaves_nothing_behind(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "firmware"
    assert write_folder(out, OLD) is None
    assert contents(out) == OLD
    assert write_folder(out, NEW) is None
    assert contents(out) == NEW
    assert only(out.parent, "firmware")


def test_an_empty_folder_and_a_link_to_one_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_folder(tmp_path / "link", NEW)
    write_folder(tmp_path / "link", NEW)
    assert contents(tmp_path / "real") == NEW
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("what", ["changed", "added", "linked", "foreign", "no manifest", "odd manifest"])
def test_files_of_a_person_are_refused_and_kept_with_force(tmp_path: Path, what: str) -> None:
    out = tmp_path / "firmware"
    if what == "foreign":
        out.mkdir()
    else:
        write_folder(out, OLD)
    if what == "changed":
        (out / "src" / "model.c").write_text("int mine;\n")
    elif what == "linked":
        (out / "src" / "model.c").unlink()
        (out / "src" / "model.c").symlink_to("../README.md")
    elif what == "no manifest":
        (out / MANIFEST).unlink()
    elif what == "odd manifest":
        (out / MANIFEST).write_text("[]")
    else:
        (out / "mine.c").write_text("int mine;\n")
    before = contents(out)
    with pytest.raises(TargetError) as caught:
        write_folder(out, NEW)
    assert "--force" in str(caught.value)
    assert "\n" not in str(caught.value)
    if what in ("changed", "added", "linked"):
        assert "mine.c" in str(caught.value) or "src/model.c" in str(caught.value)
    assert contents(out) == before
    kept = write_folder(out, NEW, force=True)
    assert kept == tmp_path / "firmware.before-1"
    assert contents(kept) == before
    assert contents(out) == NEW
    (out / "mine.c").write_text("int again;\n")
    assert write_folder(out, NEW, force=True) == tmp_path / "firmware.before-2"
    assert only(tmp_path, "firmware", "firmware.before-1", "firmware.before-2")


def test_what_the_projects_own_build_makes_may_go(tmp_path: Path) -> None:
    out = tmp_path / "firmware"
    write_folder(out, OLD)
    (out / "build").mkdir()
    (out / "build" / "model.o").write_bytes(b"\0")
    write_folder(out, NEW)
    assert contents(out) == NEW


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "firmware").write_text("text")
    with pytest.raises(TargetError, match="is a file; give a folder"):
        write_folder(tmp_path / "firmware", NEW, force=True)
    assert (tmp_path / "firmware").read_text() == "text"


@pytest.mark.parametrize("moment", ["while a file is written", "when the folders are swapped"])
def test_an_interruption_leaves_the_old_folder_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    out = tmp_path / "firmware"
    write_folder(out, OLD)
    name = "write_bytes" if moment == "while a file is written" else "rename"
    real = getattr(Path, name)
    calls = []

    def interrupted(path: Path, *arguments: object) -> object:
        calls.append(path)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(path, *arguments)

    monkeypatch.setattr(firmware_folder.Path, name, interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_folder(out, NEW)
    monkeypatch.undo()
    assert contents(out) == OLD
    assert only(tmp_path, "firmware")
    write_folder(out, NEW)
    assert contents(out) == NEW
