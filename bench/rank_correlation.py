"""How well training-free scores order networks, beside counting MACs and beside short trainings.

    python bench/rank_correlation.py out/table-scenes.jsonl out/table-vww.jsonl --json out/ranks.json
    python bench/rank_correlation.py out/table-vww.jsonl --data ../shared/vww/manifest.csv --plot ranks.png

Tables are made by bench/search_table.py. Each score is computed for every network that a table has
trained for 9 epochs, at the first weights of a few seeds, on photos of the table's own data. Besides
all networks, it looks at the better half of them, and at gray and RGB ones apart.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wakeling.cli.circumstances import cache_folder, git_commit, machine
from wakeling.cli.output import print_table
from wakeling.data import PhotoSet, open_photos
from wakeling.report.figures.canvas import ACCENT, FULL_WIDTH, SECOND
from wakeling.report.figures.picture import Picture, check_plot_path, save
from wakeling.search.rank import kendall_gain, kendall_tau_b, rank_correlation, rank_sum
from wakeling.search.space import Point, load_space, values_of
from wakeling.spec import lower
from wakeling.training_free import SCORES, Batch, draw_batch, score_network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SPACE = str(Path(__file__).parent / "search_space.toml")
SHORT, FULL = (1, 3), 9
FEWEST = 8
"""Networks of a group for which a correlation is stated."""
TARGETS = {"auc": "AUC", "score": "balanced accuracy"}
Columns = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What one file says: networks, their trained accuracies, what every predictor says of them."""

    name: str
    data: str
    points: list[Point]
    is_gray: NDArray[np.bool_]
    truths: Columns
    predictors: Columns
    milliseconds: Mapping[str, float]
    between_seeds: Mapping[str, float]


@cache
def photos(data: str) -> PhotoSet:
    return open_photos(data)


@cache
def batch(data: str, resolution: int, channels: int, count: int) -> Batch:
    return draw_batch(
        photos(data), resolution=resolution, channels=channels, cache_dir=cache_folder(), count=count
    )


def read(path: Path, data: str | None, seeds: int, images: int) -> Table:
    about, *lines = map(json.loads, path.read_text().splitlines())
    found: dict[tuple[Point, int], list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        found[tuple(line["point"]), line["epochs"]].append(line)
    points = sorted(
        {point for point, _ in found if all((point, epochs) in found for epochs in (*SHORT, FULL))}
    )

    def trained(epochs: int, measure: str) -> NDArray[np.float64]:
        return np.array([np.mean([line[measure] for line in found[point, epochs]]) for point in points])

    values = [values_of(load_space(SPACE), point) for point in points]
    source = data or about["data"]
    columns, milliseconds = scored(points, source, seeds, images)
    short = {f"AUC after {epochs} epoch{'s' * (epochs > 1)}": trained(epochs, "auc") for epochs in SHORT}
    return Table(
        name=path.stem,
        data=source,
        points=points,
        is_gray=np.array([row["channels"] == 1 for row in values]),
        truths={measure: trained(FULL, measure) for measure in TARGETS},
        predictors={
            **{name: column.mean(axis=0) for name, column in columns.items()},
            "resolution": np.array([float(row["resolution"]) for row in values]),
            **short,
        },
        milliseconds=milliseconds,
        between_seeds={name: agreement(column) for name, column in columns.items()},
    )


def scored(points: list[Point], data: str, seeds: int, images: int) -> tuple[Columns, dict[str, float]]:
    """Every score (seeds, networks), and its time for one network and one seed."""
    space = load_space(SPACE)
    columns: dict[str, list[list[float]]] = {name: [] for name in SCORES}
    seconds = dict.fromkeys(SCORES, 0.0)
    for point in points:
        values = values_of(space, point)
        graph = lower(space.network(point))
        looked_at = batch(data, int(values["resolution"]), int(values["channels"]), images)
        for name in SCORES:
            started = time.process_time()
            drawn = [score_network(name, graph, batch=looked_at, seed=seed) for seed in range(seeds)]
            seconds[name] += time.process_time() - started
            columns[name].append(drawn)
    each = {name: 1000 * total / (len(points) * seeds) for name, total in seconds.items()}
    return {name: np.array(column).T for name, column in columns.items()}, each


def agreement(column: NDArray[np.float64]) -> float:
    """The mean τ between the orders that two seeds give; it bounds what one seed can say."""
    pairs = list(itertools.combinations(column, 2))
    return float(np.mean([kendall_tau_b(one, other) for one, other in pairs])) if pairs else 1.0


def combined(table: Table) -> Columns:
    """Sums of ranks: of every pair of scores or baselines, and of all scores."""
    named = {name: table.predictors[name] for name in SCORES}
    pairs = {
        f"{one} + {other}": rank_sum([named[one], named[other]])
        for one, other in itertools.combinations(named, 2)
    }
    scores = [column for name, column in named.items() if not SCORES[name].is_baseline]
    return {**pairs, "all scores": rank_sum(scores)}


def best_pair(tables: Sequence[Table]) -> str:
    """The pair with the best mean τ over the tables, by AUC."""
    means = {
        name: np.mean(
            [rank_correlation(combined(t)[name], t.truths["auc"], samples=2).kendall for t in tables]
        )
        for name in combined(tables[0])
        if name != "all scores"
    }
    return max(means, key=lambda name: means[name])


def rows(table: Table, others: Sequence[Table]) -> Iterator[dict[str, Any]]:
    """Correlations of every predictor: the pair of scores is the one that was best on the other tables."""
    sums = combined(table)
    own = best_pair([table])
    columns = {**table.predictors, "all scores": sums["all scores"], f"{own} (best pair here)": sums[own]}
    if others:
        elsewhere = best_pair(others)
        columns[f"{elsewhere} (best pair elsewhere)"] = sums[elsewhere]
    for measure, truth in table.truths.items():
        groups = {
            "all": np.ones(len(truth), bool),
            "top half": truth >= np.median(truth),
            "gray": table.is_gray,
            "rgb": ~table.is_gray,
        }
        for group, chosen in groups.items():
            if chosen.sum() < FEWEST:
                continue
            for name, column in columns.items():
                if np.ptp(column[chosen]) == 0:
                    continue
                yield {
                    "predictor": name,
                    "target": measure,
                    "group": group,
                    **asdict(rank_correlation(column[chosen], truth[chosen])),
                    "gain_over": {
                        baseline: kendall_gain(
                            column[chosen], table.predictors[baseline][chosen], truth[chosen]
                        )
                        for baseline in ("macs", "parameters")
                    },
                    "first_tenth_mean": first_tenth(column[chosen], truth[chosen]),
                    "group_mean": float(truth[chosen].mean()),
                    "between_seeds": table.between_seeds.get(name),
                    "milliseconds": table.milliseconds.get(name),
                }


def first_tenth(column: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """The mean accuracy of the tenth of the networks that the predictor likes best."""
    order = np.argsort(-column, kind="stable")
    return float(truth[order[: max(1, round(len(order) / 10))]].mean())


def show(table: Table, found: Sequence[Mapping[str, Any]]) -> None:
    by_place = {(row["target"], row["group"], row["predictor"]): row for row in found}
    names = list(dict.fromkeys(row["predictor"] for row in found))
    groups = [group for group in dict.fromkeys(row["group"] for row in found) if group != "all"]
    for measure, title in TARGETS.items():
        cells = []
        for name in names:
            whole = by_place[measure, "all", name]
            spent = whole["milliseconds"]
            cells.append(
                [
                    name,
                    _with_interval(whole["kendall"], whole["kendall_interval"]),
                    f"{whole['spearman']:.2f}",
                    _with_interval(*whole["gain_over"]["macs"]),
                    *(_tau(by_place.get((measure, group, name))) for group in groups),
                    f"{whole['first_tenth_mean']:.3f}",
                    "" if spent is None else f"{whole['between_seeds']:.2f}",
                    "" if spent is None else f"{spent:.1f}",
                ]
            )
        mean = by_place[measure, "all", names[0]]["group_mean"]
        print_table(
            f"{table.name}: {len(table.points)} networks ({int(table.is_gray.sum())} gray), {title} "
            f"after {FULL} epochs, mean {mean:.3f}; 95 % intervals",
            [
                "predictor",
                "τ",
                "ρ",
                "τ − τ of MACs",
                *(f"τ, {group}" for group in groups),
                "first tenth",
                "seeds",
                "ms",
            ],
            cells,
        )


def _tau(row: Mapping[str, Any] | None) -> str:
    return "–" if row is None else f"{row['kendall']:.2f}"


def _with_interval(value: float, interval: tuple[float, float]) -> str:
    return f"{value:.2f} ({interval[0]:.2f} to {interval[1]:.2f})"


def markdown(listed: Sequence[Mapping[str, Any]]) -> str:
    """The figures for AUC as tables of a page; `listed` are the tables of the JSON."""
    lines = []
    for table in listed:
        found = {
            (row["group"], row["predictor"]): row for row in table["correlations"] if row["target"] == "auc"
        }
        names = list(dict.fromkeys(name for _, name in found))
        whole = found["all", names[0]]
        lines += [
            f"**{table['table']}** (`{_short(table['data'])}`): {whole['count']} networks, mean AUC "
            f"{whole['group_mean']:.3f}",
            "",
            "| predictor | τ | τ − τ of MACs | ρ | τ, top half | τ, gray | τ, RGB | AUC of its first tenth "
            "| τ of two first weights | ms |",
            "|---|---|---|---|---|---|---|---|---|---|",
        ]
        for name in names:
            row = found["all", name]
            parts = [_tau(found.get((group, name))) for group in ("top half", "gray", "rgb")]
            cells = [
                name,
                _with_interval(row["kendall"], row["kendall_interval"]),
                "–" if name == "macs" else _with_interval(*row["gain_over"]["macs"]),
                f"{row['spearman']:.2f}",
                *parts,
                f"{row['first_tenth_mean']:.3f}",
                "–" if row["between_seeds"] is None else f"{row['between_seeds']:.2f}",
                "–" if row["milliseconds"] is None else f"{row['milliseconds']:.1f}",
            ]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def _short(data: str) -> str:
    """The data's name without the folders of this machine."""
    return data if data.startswith("scenes") else Path(data).parent.name


def scatter(tables: Sequence[Table]) -> Picture:
    """A panel for each score: the trained AUC over it, gray and RGB networks apart."""
    names = list(SCORES)

    def paint(figure: Figure) -> None:
        panels = figure.subplots(len(tables), len(names), squeeze=False, sharey="row")
        for row, table in zip(panels, tables, strict=True):
            for place, name in zip(row, names, strict=True):
                column, truth = table.predictors[name], table.truths["auc"]
                kinds = (("gray", table.is_gray, SECOND), ("RGB", ~table.is_gray, ACCENT))
                for kind, chosen, color in kinds:
                    place.scatter(column[chosen], truth[chosen], s=9, color=color, linewidths=0, label=kind)
                if SCORES[name].is_baseline:
                    place.set_xscale("log")
                    place.minorticks_off()
                tau = rank_correlation(column, truth, samples=2).kendall
                place.set_title(f"{name}\nτ = {tau:.2f}")
                place.set_xticks([])
            row[0].set_ylabel(f"{table.name}: AUC after {FULL} epochs")
        figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=2)

    return Picture(
        name="rank-correlation",
        title="Trained accuracy over what was known before training",
        description=f"Scatter plots of the AUC after {FULL} epochs over each score",
        size=(FULL_WIDTH * 1.5, 210 * len(tables) + 25),
        paint=paint,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", type=Path, nargs="+")
    parser.add_argument("--data", help="photos for the scores that look at some; default: the tables' own")
    parser.add_argument("--seeds", type=int, default=3, help="first weights of which a score is the mean")
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--markdown", type=Path, help="the tables of docs/explanation/training-free-scores.md"
    )
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    if arguments.plot:
        check_plot_path(arguments.plot)
    tables = [read(path, arguments.data, arguments.seeds, arguments.images) for path in arguments.tables]
    listed = []
    for table in tables:
        found = list(rows(table, [other for other in tables if other is not table]))
        show(table, found)
        networks = [
            {"point": list(point), **{name: column[number] for name, column in table.predictors.items()}}
            for number, point in enumerate(table.points)
        ]
        listed.append({"table": table.name, "data": table.data, "correlations": found, "networks": networks})
    if arguments.json:
        about = {
            "machine": machine(),
            "commit": git_commit(),
            "seeds": arguments.seeds,
            "images": arguments.images,
        }
        arguments.json.write_text(json.dumps({**about, "tables": listed}, indent=1) + "\n")
    if arguments.markdown:
        arguments.markdown.write_text(markdown(listed))
    if arguments.plot:
        save(scatter(tables), arguments.plot)


if __name__ == "__main__":
    main()
