"""How many feasible candidates a second a search samples, costs and checks on one core.

    python bench/search_speed.py --seconds 4 --json results/search-speed.json

For each ready space and budget a fresh domain is asked for feasible points, one after the other, each
with random numbers of its own as a strategy has them. `first` is the rate of the first 500, when
nothing is remembered yet, `rate` that over all the time. `share` is the share of drawn points that are
feasible, `exact only` the rate of doing the same with `spec.lower` and `cost.cost` on every draw.
Every hundredth candidate is costed that way too and must cost and fit the same.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np

from wakeling import boards, cost, spec
from wakeling.search.budget_domain import BudgetDomain
from wakeling.search.space import load_space, ready_spaces

KIB = 1024
BOARD = "nucleo-l4r5zi"
FIRST = 500
LIMITS: dict[str, dict[str, Any]] = {
    "64 KiB / 256 KiB": {"ram_bytes": 64 * KIB, "flash_bytes": 256 * KIB},
    "256 KiB / 1 MiB": {"ram_bytes": 256 * KIB, "flash_bytes": 1024 * KIB},
}


def budgets(frame_ms: float) -> dict[str, cost.Budget]:
    """Two boards, under three runtimes; one of them with a limit of time too."""
    timed = {"board": boards.load_board(BOARD), "frame_us": round(1000 * frame_ms)}
    found = {}
    for name, limits in LIMITS.items():
        found[f"{name}, tflm"] = cost.Budget(**limits, runtime="tflm")
        found[f"{name}, tflm, {frame_ms:g} ms"] = cost.Budget(**limits, runtime="tflm", **timed)
        found[f"{name}, wakeling-c"] = cost.Budget(**limits, runtime="wakeling-c")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=4.0, help="processor time for each row")
    parser.add_argument("--frame-ms", type=float, default=1000.0)
    parser.add_argument("--space", action="append", help="a ready space or a .toml file; all ready ones")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    print(f"{'space':<14}{'limits':<36}{'share':>8}{'first':>9}{'rate':>9}{'exact only':>12}")
    rows = []
    for name, (limits, budget) in itertools.product(
        options.space or ready_spaces(), budgets(options.frame_ms).items()
    ):
        row = {"space": name, "limits": limits, **measure(name, budget, options.seconds)}
        rows.append(row)
        print(
            f"{name:<14}{limits:<36}{row['share']:>8.3f}{row['first']:>9,}{row['rate']:>9,}"
            f"{row['exact_only']:>12,}",
            flush=True,
        )
    if options.json:
        result = {
            "machine": platform.processor() or platform.machine(),
            "python": platform.python_version(),
            "unit": "feasible candidates a second of processor time, one core",
            "rows": rows,
        }
        options.json.write_text(json.dumps(result, indent=2) + "\n")


def measure(name: str, budget: cost.Budget, seconds: float) -> dict[str, Any]:
    domain = BudgetDomain(load_space(name), budget)
    points = []
    first = None
    begin = time.process_time()
    while (spent := time.process_time() - begin) < seconds:
        point = domain.sample(np.random.default_rng((1, len(points))))
        domain.costs(point)
        points.append(point)
        if len(points) == FIRST:
            first = time.process_time() - begin
    drawn = list(itertools.islice(domain.draws(np.random.default_rng(2)), 500))
    begin = time.process_time()
    fitting = sum([exact(domain, point) is not None for point in drawn])
    slow = time.process_time() - begin
    for point in points[::100]:
        assert exact(domain, point) == domain.costs(point)["ram_bytes"], point
    return {
        "candidates": len(points),
        "distinct": len(set(points)),
        "share": round(fitting / len(drawn), 3),
        "first": round(FIRST / first) if first else 0,
        "rate": round(len(points) / spent),
        "exact_only": round(fitting / slow),
    }


def exact(domain: BudgetDomain, point: tuple[int, ...]) -> int | None:
    """RAM of the point by lowering and costing it all; None where it breaks a limit."""
    runtime = domain.runtime(point)
    graph = spec.lower(domain.space.network(point), deployed=True)
    report = cost.cost(graph, runtimes=(runtime,))
    budget = cost.Budget(
        ram_bytes=domain.budget.ram_bytes,
        flash_bytes=domain.budget.flash_bytes,
        runtime=runtime,
        board=domain.budget.board,
        frame_us=domain.budget.frame_us,
    )
    return None if cost.violations(report, budget) else report.memory[runtime].peak_bytes


if __name__ == "__main__":
    main()
