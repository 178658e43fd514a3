"""Writing files so that nothing half-written is ever left under its final name."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wakeling.errors import WakelingError

PART_SUFFIX = ".part"
"""How the name of a file ends that is being written; one that stays is of a process that was killed."""


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that is renamed to it when the block ends without error.

    On an error, Ctrl-C included, the temporary file is removed and `path` stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART_SUFFIX)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write `content` to `path` atomically, as UTF-8."""
    write_bytes(path, content.encode())


def write_json(path: Path, value: Any) -> None:
    """Write plain JSON values to `path` atomically."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n")


@contextlib.contextmanager
def reading_text(where: str, error: type[WakelingError]) -> Iterator[None]:
    """Turns what goes wrong while a text file is read and understood into one `error` line.

    The line starts with `where`, and the message of any WakelingError that is raised inside follows.
    """
    try:
        yield
    except WakelingError as problem:
        raise error(f"{where}: {problem}") from None
    except UnicodeDecodeError:
        raise error(f"{where}: not a text file in UTF-8") from None
    except OSError as problem:
        raise error(f"{where}: cannot be read: {problem.strerror}") from None


def read_json(path: Path, error: type[WakelingError]) -> Any:
    """The JSON value in a file; raises `error` with one clear line where that is not possible."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise error(f"{path} does not exist") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as problem:
        raise error(f"{path} is not valid JSON: {problem}") from None
    except OSError as problem:
        raise error(f"{path} cannot be read: {problem.strerror}") from None
