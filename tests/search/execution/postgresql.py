"""A PostgreSQL server of its own for tests: Debian's programs, a folder that is thrown away, a free port."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

USER, PASSWORD = "searcher", "p@ss{word}/1"
_QUICK = ("fsync=off",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    programs: Path
    folder: Path
    port: int
    prefix: tuple[str, ...]
    settings: tuple[str, ...]

    def url(self, database: str, password: str = "p%40ss%7Bword%7D%2F1", user: str = USER) -> str:
        """As a user writes it: what is special in a password is percent-encoded."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [*self.prefix, str(self.programs / program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": os.environ["PATH"], "LC_ALL": "C", "PGPASSWORD": PASSWORD},
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def make_database(self, name: str) -> str:
        self.run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, name)
        return self.url(name)

    def start(self) -> None:
        settings = " ".join(f"-c {setting}" for setting in (*self.settings, f"port={self.port}"))
        options = f"{settings} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self.run(
            "pg_ctl", "-D", f"{self.folder}/data", "-l", f"{self.folder}/log", "-w", "-o", options, "start"
        )

    def stop(self) -> None:
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "-w", "stop")


def installed() -> Path | None:
    """The folder of PostgreSQL's programs, the newest version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


@contextlib.contextmanager
def server(*, durable: bool = False) -> Iterator[Server]:
    """A running server, gone with its files at the end; skips where PostgreSQL is not installed.

    `durable` ones wait for the disk, as real ones do.
    """
    programs = installed()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    prefix: Sequence[str] = ()
    with tempfile.TemporaryDirectory(prefix="wakeling-pg-") as name:
        folder = Path(name)
        if os.getuid() == 0:  # which PostgreSQL refuses to run as
            user = next((user for user in ("postgres", "nobody") if _exists(user)), None)
            if user is None or not shutil.which("setpriv"):
                pytest.skip("PostgreSQL needs another user than root: neither postgres nor nobody is there")
            entry = pwd.getpwnam(user)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
            prefix = ("setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups")
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o644)
        made = Server(
            programs=programs,
            folder=folder,
            port=_free_port(),
            prefix=tuple(prefix),
            settings=() if durable else _QUICK,
        )
        made.run(
            *("initdb", "-D", f"{folder}/data", "-U", USER, "-A", "scram-sha-256", "-E", "UTF8"),
            *("--locale=C", "--no-sync", f"--pwfile={folder}/password"),
        )
        made.start()
        try:
            yield made
        finally:
            made.stop()


def _exists(user: str) -> bool:
    try:
        return bool(pwd.getpwnam(user))
    except KeyError:
        return False


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
