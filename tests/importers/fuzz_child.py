"""The child of the fuzz test: reads broken files under a limit of memory, and reports as JSON.

`python -m tests.importers.fuzz_child FIRST COUNT MEBIBYTES FILE…`
"""

from __future__ import annotations

import collections
import json
import sys
import time
from pathlib import Path

from tests.importers.mutation import mutated, places_read
from wakeling.errors import ModelFileError
from wakeling.export import tflite
from wakeling.importers import read_tflite


def limit_memory(extra_mib: int) -> None:
    """Let this process grow by so many MiB and no more, where the system knows such a limit."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + (extra_mib << 20)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except (ImportError, OSError):
        return


def read(content: bytes) -> str:
    """Read, write and read again: the outcome, or what a user must never see."""
    try:
        model = read_tflite(content)
    except ModelFileError as problem:
        message = str(problem)
        return "refused" if "\n" not in message and len(message) < 2000 else f"message {message[:200]!r}"
    numbers = model.quantized or model.floating
    if numbers is not None:
        again = read_tflite(tflite.to_bytes(numbers)).graph
        if again.shapes[again.output] != model.graph.shapes[model.graph.output]:
            return "written again, it has another output"
    return "read"


def main(first: int, count: int, extra_mib: int, paths: list[str]) -> None:
    contents = [Path(path).read_bytes() for path in paths]
    for content in contents:
        places_read(content)
    limit_memory(extra_mib)
    outcomes: collections.Counter[str] = collections.Counter()
    failures: list[str] = []
    slowest = 0.0
    for seed in range(first, first + count):
        name, broken = mutated(contents, seed)
        start = time.perf_counter()
        try:
            outcome = read(broken)
        except BaseException as problem:  # whatever it is, it is a finding
            outcome = f"{type(problem).__name__}: {problem}"
        slowest = max(slowest, time.perf_counter() - start)
        if outcome not in ("read", "refused"):
            failures.append(f"seed {seed} ({name}): {outcome}"[:300])
            outcome = "failed"
        outcomes[f"{name} {outcome}"] += 1
    print(json.dumps({"outcomes": outcomes, "failures": failures[:20], "slowest_s": slowest}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
