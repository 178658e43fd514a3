"""Where a study is kept: an SQLite file or a PostgreSQL server, by the URL that the user writes.

What goes wrong with either becomes one line; a password is never in it. What a study holds is in
`study`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wakeling.errors import MissingDependencyError, RunError, StudyAwayError

if TYPE_CHECKING:
    import sqlalchemy

EXTRA = "search"
BUSY_SECONDS = 10
"""How long a locked SQLite file is waited for, each time."""
CONNECT_SECONDS = 10
ALLOWED = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
_SQLITE, _POSTGRESQL = "sqlite", "postgresql"
_SYNONYMS = {"postgres": _POSTGRESQL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """A checked storage URL, with the driver that we use."""

    url: sqlalchemy.URL

    @property
    def shown(self) -> str:
        """The URL as messages may show it: without the password."""
        return str(self.path) if self.path else self.url.set(drivername=_POSTGRESQL).render_as_string()

    @property
    def path(self) -> Path | None:
        """The SQLite file; None for a server."""
        return Path(str(self.url.database)) if self.url.drivername == _SQLITE else None

    @property
    def text(self) -> str:
        """The whole URL, the password too."""
        return self.url.render_as_string(hide_password=False)

    @property
    def engine_arguments(self) -> dict[str, Any]:
        """How SQLAlchemy is to connect: with a time limit, and to a server that came back too."""
        if self.path:
            return {"connect_args": {"timeout": BUSY_SECONDS}}
        return {"pool_pre_ping": True, "connect_args": {"connect_timeout": CONNECT_SECONDS}}


def parse_storage(storage: str | Path) -> Storage:
    """The storage of a URL, or of an SQLite file's path; raises RunError for anything else.

    `postgresql://` (or `postgres://`) means psycopg 3, whatever SQLAlchemy's own default is.
    """
    try:
        import optuna  # noqa: F401 - the extra that brings SQLAlchemy
        import sqlalchemy
    except ImportError:
        raise MissingDependencyError("optuna", EXTRA) from None
    if isinstance(storage, Path):
        return Storage(url=sqlalchemy.URL.create(_SQLITE, database=str(storage)))
    try:
        url = sqlalchemy.make_url(storage)
    except (sqlalchemy.exc.ArgumentError, ValueError):
        # the text is not shown: a mistyped URL may hold a password anywhere
        raise RunError(f"the storage is no URL that can be read; allowed: {ALLOWED}") from None
    scheme, _, _driver = url.drivername.partition("+")
    scheme = _SYNONYMS.get(scheme, scheme)
    if scheme == _SQLITE:
        if not url.database or url.database == ":memory:" or url.query:
            raise RunError("the storage sqlite:// must name a file and nothing more: sqlite:///FILE")
        return Storage(url=sqlalchemy.URL.create(_SQLITE, database=url.database))
    if scheme == _POSTGRESQL:
        if not url.database:
            raise RunError(f"the storage names no database; write {ALLOWED.partition(' or ')[2]}")
        return Storage(url=url.set(drivername="postgresql+psycopg"))
    raise RunError(f"storage {url.drivername}:// is unknown; allowed: {ALLOWED}")


@contextlib.contextmanager
def reporting(storage: Storage) -> Iterator[None]:
    """Turns whatever the database complains about into one RunError line that names the storage.

    Where it is a server that may be back soon, the line is a StudyAwayError.
    """
    import optuna
    import sqlalchemy

    try:
        yield
    except (optuna.exceptions.StorageInternalError, sqlalchemy.exc.SQLAlchemyError, OSError) as error:
        line = f"study {storage.shown}: {_reason(error, storage)}"
        failed = (error, error.__cause__)
        is_away = not storage.path and any(isinstance(one, sqlalchemy.exc.OperationalError) for one in failed)
        raise (StudyAwayError if is_away else RunError)(line) from None
    except ImportError:
        if storage.path:
            raise
        raise MissingDependencyError("psycopg", "cluster") from None


_EXPLAINED = (
    ("database is locked", "another program keeps the file locked; close it and run again"),
    ("not a database", "the file is no SQLite database, or damaged; move it away, or name another"),
    ("malformed", "the database is damaged; restore a copy, or name another file"),
    ("readonly database", "the file or its folder may not be written; change the permissions"),
    ("unable to open database", "the file cannot be opened or made; check that its folder may be written"),
    ("is full", "the disk is full; make room and run again"),
    ("password authentication failed", "the server refuses this user and password"),
    ("no password supplied", "the server wants a password: postgresql://USER:PASSWORD@HOST/DATABASE"),
    ("permission denied for schema", "the user may not make tables there; let the user own the database"),
    ("connection timeout expired", "the server does not answer; check host and port, and that it runs"),
    ("connection refused", "no server answers there; check host and port, and that it runs"),
    ("too many clients", "the server takes no more connections; raise its max_connections"),
)
"""Pieces of what SQLite and PostgreSQL say, and what the user is told instead."""


def _reason(error: BaseException, storage: Storage) -> str:
    """What happened, in a line."""
    innermost = error
    while (deeper := getattr(innermost, "orig", None) or innermost.__cause__) is not None:
        innermost = deeper
    told = " ".join(str(innermost).split())
    for piece, explained in _EXPLAINED:
        if piece in told.lower():
            return explained
    if storage.url.password:
        told = told.replace(str(storage.url.password), "***")
    return f"{told or type(innermost).__name__}; mend that and run again: finished trials are kept"


def open_engine(storage: Storage) -> sqlalchemy.Engine:
    """A pool of connections to the storage, none of them made yet."""
    import sqlalchemy

    with reporting(storage):
        return sqlalchemy.create_engine(storage.url, **storage.engine_arguments)
