"""Compare search strategies offline on tables of trained networks (`search_table.py` makes them).

    python bench/search_strategies.py out/table-scenes.jsonl out/table-vww.jsonl --seeds 50 --json out.json
    python bench/search_strategies.py out/table-vww.jsonl --only guided random --plot regret.svg

A run ends when the strategy has fully trained one of the best 1 % of the table's networks (of the best
three at least); what counts is how many trainings and how much work that took. Work is in full
trainings: one of 3 of 9 epochs is a third. Only networks with every budget count.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from search_table import SPACE, costs_of
from wakeling.cli.circumstances import git_commit, machine
from wakeling.search.domain import ListedDomain
from wakeling.search.space import Point, load_space
from wakeling.search.strategies.registry import STRATEGIES
from wakeling.search.strategies.strategy import Task
from wakeling.search.trial import Outcome, Rung

BEST_SHARE, BEST_AT_LEAST = 0.01, 3
RESAMPLES = 2000
GRID_OF_WORK = 60
SHOWN_WORK = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Scores by point and epochs; `budgets` grow."""

    budgets: tuple[int, ...]
    scores: Mapping[Point, Mapping[int, float]]

    @property
    def finals(self) -> np.ndarray:
        """The scores of the full trainings, falling."""
        return -np.sort(-np.array([row[self.budgets[-1]] for row in self.scores.values()]))

    @property
    def target(self) -> float:
        """The worst score that still belongs to the best share."""
        return float(self.finals[max(BEST_AT_LEAST, round(BEST_SHARE * len(self.scores))) - 1])


@cache
def table_of(path: str, measure: str, budgets: tuple[int, ...]) -> tuple[Table, ListedDomain]:
    """The networks of a file that have every budget; several seeds of one are averaged."""
    values: dict[Point, dict[int, list[float]]] = {}
    for line in map(json.loads, Path(path).read_text().splitlines()[1:]):
        values.setdefault(tuple(line["point"]), {}).setdefault(line["epochs"], []).append(line[measure])
    scores = {
        point: {epochs: float(np.mean(row[epochs])) for epochs in budgets}
        for point, row in sorted(values.items())
        if set(budgets) <= set(row)
    }
    domain = ListedDomain(load_space(SPACE), {point: costs_of(point) for point in scores})
    return Table(budgets=budgets, scores=scores), domain


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One search: what it took to reach the target (infinite if never), and its curve."""

    trainings: float
    work: float
    regrets: tuple[tuple[float, float], ...]
    milliseconds_an_ask: float


def search(name: str, path: str, measure: str, budgets: tuple[int, ...], trainings: int, seed: int) -> Run:
    """Run one strategy on one table until it has the target, or its work is done."""
    table, domain = table_of(path, measure, budgets)
    rungs = tuple(Rung(epochs=epochs) for epochs in budgets)
    task = Task(domain=domain, rungs=rungs, trainings=trainings, seed=seed)
    strategy = STRATEGIES[name](task)
    best, work, asks, regrets = -math.inf, 0.0, 0, []
    seconds = 0.0
    while True:
        started = time.process_time()
        trial = strategy.ask(asks)
        seconds += time.process_time() - started
        if trial is None:
            break
        asks += 1
        score = table.scores[trial.point][budgets[trial.rung]]
        strategy.tell(trial, Outcome(score=score))
        work += rungs[trial.rung].work / rungs[-1].work
        if trial.rung == task.last_rung and score > best:
            best = score
            regrets.append((work, float(table.finals[0]) - best))
            if best >= table.target:
                return Run(
                    trainings=asks,
                    work=work,
                    regrets=tuple(regrets),
                    milliseconds_an_ask=1e3 * seconds / asks,
                )
    return Run(
        trainings=math.inf,
        work=math.inf,
        regrets=tuple(regrets),
        milliseconds_an_ask=1e3 * seconds / max(asks, 1),
    )


def interval(values: np.ndarray, baseline: np.ndarray | None = None) -> dict[str, float | None]:
    """The median over seeds, or the ratio of the baseline's to it, with a bootstrap 95 % interval."""
    random = np.random.default_rng(0)

    def medians(sample: np.ndarray) -> np.ndarray:
        return np.median(sample[random.integers(len(sample), size=(RESAMPLES, len(sample)))], axis=1)

    drawn, middle = medians(values), float(np.median(values))
    if baseline is not None:
        with np.errstate(invalid="ignore"):
            drawn, middle = medians(baseline) / drawn, float(np.median(baseline)) / middle
        drawn = np.nan_to_num(drawn, nan=1.0)
    low, high = np.quantile(drawn, (0.025, 0.975), method="nearest")
    return {
        key: round(float(value), 3) if np.isfinite(value) else None
        for key, value in (("median", middle), ("low", low), ("high", high))
    }


def regret_curve(runs: Sequence[Run], works: np.ndarray) -> np.ndarray:
    """The median regret after each amount of work; before the first full training it is unknown."""
    rows = np.full((len(runs), len(works)), np.nan)
    for row, run in zip(rows, runs, strict=True):
        for work, regret in run.regrets:
            row[works >= work - 1e-9] = regret
    return np.array([np.median(column) if not np.isnan(column).any() else np.nan for column in rows.T])


def compare(
    path: str, measure: str, names: Sequence[str], arguments: argparse.Namespace, pool: ProcessPoolExecutor
) -> dict[str, Any]:
    """Every strategy on one table with one measure as the score."""
    budgets = tuple(sorted(arguments.budgets))
    table, _ = table_of(path, measure, budgets)
    trainings = arguments.trainings or len(table.scores)
    works = np.linspace(1.0, trainings, GRID_OF_WORK)
    results: dict[str, Any] = {}
    baseline: dict[str, np.ndarray] = {}
    for name in dict.fromkeys(("random", *names)):
        jobs = [
            pool.submit(search, name, path, measure, budgets, trainings, seed)
            for seed in range(arguments.seeds)
        ]
        runs = [job.result() for job in jobs]
        columns = {
            "trainings": np.array([run.trainings for run in runs]),
            "work": np.array([run.work for run in runs]),
        }
        baseline = baseline or columns
        results[name] = {
            **{key: interval(column) for key, column in columns.items()},
            **{
                f"{key}_times_fewer_than_random": interval(column, baseline[key])
                for key, column in columns.items()
            },
            "reached": float(np.mean(np.isfinite(columns["work"]))),
            "milliseconds_an_ask": round(float(np.median([run.milliseconds_an_ask for run in runs])), 2),
            "regret": [None if np.isnan(v) else round(float(v), 5) for v in regret_curve(runs, works)],
        }
        show(name, results[name])
    return {
        "table": Path(path).name,
        "measure": measure,
        "networks": len(table.scores),
        "trainings": trainings,
        "target": round(table.target, 5),
        "best": round(float(table.finals[0]), 5),
        "median_network": round(float(np.median(table.finals)), 5),
        "works": [round(float(work), 3) for work in works],
        "strategies": results,
    }


def show(name: str, result: Mapping[str, Any]) -> None:
    def text(value: Mapping[str, float | None]) -> str:
        low, middle, high = (
            "never" if value[key] is None else f"{value[key]:.1f}" for key in ("low", "median", "high")
        )
        return f"{middle} ({low} to {high})"

    print(
        f"  {name:20s} trainings {text(result['trainings']):24s} work {text(result['work']):22s} "
        f"{text(result['work_times_fewer_than_random']):20s} times less than random; "
        f"reached {result['reached']:.0%}; {result['milliseconds_an_ask']:.1f} ms an ask",
        flush=True,
    )


def plot(comparisons: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Median regret over work, one panel a table and measure."""
    from matplotlib.figure import Figure

    rows = -(-len(comparisons) // 2)
    figure = Figure(figsize=(10, 3.6 * rows), layout="constrained")
    for axes, comparison in zip(figure.subplots(rows, 2, squeeze=False).flat, comparisons, strict=False):
        for name, result in comparison["strategies"].items():
            regret = np.array([math.nan if value is None else value for value in result["regret"]])
            axes.plot(
                comparison["works"], 100 * regret, label=name, linewidth=2.5 if name == "guided" else 1.2
            )
        axes.set_title(f"{comparison['table']}: {comparison['measure']}, {comparison['networks']} networks")
        axes.set_xlim(0, min(comparison["works"][-1], SHOWN_WORK))
        axes.set_xlabel("work, full trainings")
        axes.set_ylabel("median regret, points")
    axes.legend()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="+")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument(
        "--trainings", type=int, help="work of a search, in full trainings; all the networks unless given"
    )
    parser.add_argument("--budgets", type=int, nargs="+", default=[1, 3, 9], help="the rungs, in epochs")
    parser.add_argument("--measures", nargs="+", default=["auc", "score"], choices=["auc", "score"])
    parser.add_argument("--only", nargs="+", default=list(STRATEGIES), choices=list(STRATEGIES))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    comparisons = []
    with ProcessPoolExecutor(arguments.workers) as pool:
        for path in arguments.tables:
            for measure in arguments.measures:
                print(f"{path}, {measure}, rungs of {arguments.budgets} epochs", flush=True)
                comparisons.append(compare(path, measure, arguments.only, arguments, pool))
    if arguments.json:
        about = {
            "format": "wakeling.search-benchmark/1",
            "commit": git_commit(),
            "machine": machine(),
            "seeds": arguments.seeds,
            "budgets": arguments.budgets,
            "comparisons": comparisons,
        }
        arguments.json.write_text(json.dumps(about, indent=1) + "\n")
    if arguments.plot:
        plot(comparisons, arguments.plot)


if __name__ == "__main__":
    main()
