"""Who works on a study: one process alone on an SQLite file, many on a PostgreSQL server.

Each knows which of the others are alive, so that the trials of dead ones can be taken over.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import threading
import uuid
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from wakeling.errors import RunError
from wakeling.search.study_storage import Storage, open_engine, reporting

if TYPE_CHECKING:
    import sqlalchemy

PATIENCE_SECONDS = 60.0
"""A process on a server that gave no sign of life for so long counts as dead."""
TURN_KEY = zlib.crc32(b"wakeling")
"""The number of our advisory lock on a server."""
TURN_SECONDS = 300
"""The server ends a turn that takes longer: its machine is gone."""


class Owners(Protocol):
    """This process among those that work on a study."""

    @property
    def me(self) -> str:
        """The name of this process; no other has it."""
        ...

    @property
    def is_alone(self) -> bool:
        """Whether nobody else can work on the study meanwhile."""
        ...

    def turn(self) -> contextlib.AbstractContextManager[None]:
        """While the block runs, no other process of this study is in such a block."""
        ...

    def alive(self) -> Collection[str]:
        """The names of the processes that are alive, this one among them."""
        ...

    def close(self) -> None:
        """This process works no more."""
        ...


def own_name() -> str:
    """Host and process, and what makes a name unique for all time."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


class OneOwner:
    """The only process on an SQLite file; a lock that dies with it keeps others away."""

    is_alone = True

    def __init__(self, path: Path) -> None:
        self.me = own_name()
        self._file = _locked(path)

    def turn(self) -> contextlib.AbstractContextManager[None]:
        """It is always this process's turn."""
        return contextlib.nullcontext()

    def alive(self) -> Collection[str]:
        """This process."""
        return (self.me,)

    def close(self) -> None:
        """Give the file free."""
        self._file.close()


def _locked(path: Path) -> IO[str]:
    """The open lock file beside an SQLite file (SQLite's own locks are lost when a file is closed)."""
    beside = path.with_name(f".{path.name}.lock")
    try:
        file = beside.open("a+", encoding="utf-8")
    except OSError as problem:
        raise RunError(f"study {path}: its folder cannot be written: {problem.strerror}") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise RunError(
            f"study {path} is in use by another wakeling process; wait for it or stop it "
            f"(several processes at once need PostgreSQL: --storage postgresql://…)"
        ) from None
    return file


class ManyOwners:
    """One of many processes on a PostgreSQL server: each leaves a sign of life in a table."""

    is_alone = False

    def __init__(self, storage: Storage, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.me = own_name()
        self._storage = storage
        self._patience_seconds = patience_seconds
        self._engine = open_engine(storage)
        self._closing = threading.Event()
        with self.turn():
            self._run(_TABLE)
            self._run(_FORGET)
            self._run(_SIGN, me=self.me)
        self._beat = threading.Thread(target=self._keep_signing, name="wakeling-alive", daemon=True)
        self._beat.start()

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Holds an advisory lock of the server, which ends with the connection.

        It is one lock for all studies of a database: the first to come also makes the tables.
        """
        from sqlalchemy import text

        with contextlib.ExitStack() as stack:
            with reporting(self._storage):
                connection = stack.enter_context(self._engine.connect())
                limit = text(f"set local idle_in_transaction_session_timeout = '{TURN_SECONDS}s'")
                connection.execute(limit)
                connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": TURN_KEY})
            yield
            with reporting(self._storage):
                connection.commit()

    def alive(self) -> Collection[str]:
        """The processes that signed lately, by the server's own clock."""
        rows = self._run(_ALIVE, patience=self._patience_seconds)
        return {self.me, *(str(row[0]) for row in rows)}

    def close(self) -> None:
        """Sign off: the trials of this process are free at once."""
        self._closing.set()
        self._beat.join()
        with contextlib.suppress(RunError):  # a server that is gone learns it by itself
            self._run(_SIGN_OFF, me=self.me)
        self._engine.dispose()

    def _keep_signing(self) -> None:
        while not self._closing.wait(self._patience_seconds / 6):
            with contextlib.suppress(RunError):  # the server may be back at the next beat
                self._run(_SIGN, me=self.me)

    def _run(self, statement: str, **values: object) -> list[sqlalchemy.Row[tuple[object, ...]]]:
        from sqlalchemy import text

        with reporting(self._storage), self._engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return list(result.all()) if result.returns_rows else []


_TABLE = "create table if not exists wakeling_alive (worker text primary key, seen timestamptz not null)"
_SIGN = (
    "insert into wakeling_alive values (:me, clock_timestamp()) "
    "on conflict (worker) do update set seen = excluded.seen"
)
_FORGET = "delete from wakeling_alive where seen < clock_timestamp() - interval '1 day'"
_SIGN_OFF = "delete from wakeling_alive where worker = :me"
_ALIVE = (
    "select worker from wakeling_alive "
    "where greatest(seen, pg_postmaster_start_time()) "
    "> clock_timestamp() - make_interval(secs => cast(:patience as double precision))"
)
"""Nobody can sign while the server is down, so nobody is dead at once after it started."""
