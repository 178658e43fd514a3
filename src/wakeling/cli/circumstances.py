"""What only the outside knows: the day, the machine, the commit, the user's cache folder."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wakeling.pipeline.report_data import Circumstances


def cache_folder() -> Path:
    """Where decoded photos are kept between runs (XDG base directory specification)."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "wakeling"


def machine() -> str:
    """One line about this computer: processor, cores, system, Python."""
    cores = os.cpu_count() or 1
    return (
        f"{_processor()}, {cores} core{'s' if cores > 1 else ''}, "
        f"{platform.system()}, Python {platform.python_version()}"
    )


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def git_commit() -> str | None:
    """The commit of wakeling's own source, where it runs from a checkout; `+` marks changes."""
    here = Path(__file__).parent
    try:
        shown = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"],
            cwd=here,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
        tracked = subprocess.run(
            ["git", "ls-files", "--error-unmatch", __file__],
            cwd=here,
            capture_output=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return shown.stdout.strip() if shown.returncode == 0 and tracked.returncode == 0 else None


def circumstances(command: str) -> Circumstances:
    """Command, day, machine and commit of a run."""
    from wakeling.pipeline.report_data import Circumstances

    return Circumstances(
        command=command,
        created=datetime.date.today().isoformat(),
        machine=machine(),
        git_commit=git_commit(),
    )
