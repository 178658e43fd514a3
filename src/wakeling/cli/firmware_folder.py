"""A folder of generated files: written whole or not at all, and never over what a person wrote.

A manifest with the files' hashes says what wakeling wrote. What the files are is the caller's matter.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from wakeling.errors import TargetError
from wakeling.files import PART_SUFFIX

MANIFEST = ".wakeling.json"
FORMAT = "wakeling.firmware/1"
PRODUCTS = "build"
"""A folder inside that the project's own build makes; it may go."""

_MOST_NAMED = 3


def check_folder(out: Path, *, force: bool) -> None:
    """Raises TargetError, one line, where the folder holds what wakeling did not write."""
    if out.exists() and not out.is_dir():
        raise TargetError(f"--out {out} is a file; give a folder")
    if not out.exists() or force:
        return
    reason = _foreign(out)
    if reason is not None:
        raise TargetError(
            f"{reason}; give another --out, or --force, which keeps the old folder beside the new"
        )


def write_folder(out: Path, contents: Mapping[str, bytes], *, force: bool = False) -> Path | None:
    """Write all files or none, with a manifest; returns where an old folder was kept, if it was.

    What wakeling wrote there before is replaced. With `force`, any other folder is renamed and kept.
    Raises TargetError as `check_folder`.
    """
    check_folder(out, force=force)
    out = out.resolve()  # a link stays, and what it leads to is replaced
    out.parent.mkdir(parents=True, exist_ok=True)
    with _temporary_folder(out) as temporary:
        for name, content in contents.items():
            path = temporary / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        hashes = {name: _sha256(content) for name, content in sorted(contents.items())}
        manifest = json.dumps({"format": FORMAT, "files": hashes}, indent=2) + "\n"
        (temporary / MANIFEST).write_text(manifest, encoding="utf-8")
        return _swap(temporary, out)


@contextlib.contextmanager
def _temporary_folder(out: Path) -> Iterator[Path]:
    temporary = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.", suffix=PART_SUFFIX))
    try:
        temporary.chmod(0o755)
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _swap(temporary: Path, out: Path) -> Path | None:
    """Put the new folder in the old one's place, and put the old one back where that fails."""
    if not out.exists():
        temporary.rename(out)
        return None
    kept = _free_name(out) if _foreign(out) else None
    aside = kept or temporary.with_suffix(".old")
    out.rename(aside)
    try:
        temporary.rename(out)
    except BaseException:
        aside.rename(out)
        raise
    if kept is None:
        shutil.rmtree(aside)
    return kept


def _free_name(out: Path) -> Path:
    number = 1
    while (path := out.with_name(f"{out.name}.before-{number}")).exists():
        number += 1
    return path


def _foreign(out: Path) -> str | None:
    """What in an existing folder is not wakeling's, in words; None where all of it is."""
    paths = [path for path in out.rglob("*") if path.is_symlink() or not path.is_dir()]
    if not paths:
        return None
    manifest = _read_manifest(out / MANIFEST)
    if manifest is None:
        return f"{out} holds files that wakeling did not write"
    strange = []
    for path in paths:
        name = path.relative_to(out).as_posix()
        if name == MANIFEST or name.split("/")[0] == PRODUCTS:
            continue
        if name not in manifest or path.is_symlink() or _sha256(path.read_bytes()) != manifest[name]:
            strange.append(name)
    if not strange:
        return None
    more = f" and {len(strange) - _MOST_NAMED} more" if len(strange) > _MOST_NAMED else ""
    return f"{out} holds files that were changed or added: {', '.join(sorted(strange)[:_MOST_NAMED])}{more}"


def _read_manifest(path: Path) -> Mapping[str, str] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        return None
    hashes = value.get("files")
    return hashes if isinstance(hashes, dict) else None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
