"""Does a supernet rank networks as training each of them alone does? And is it a good start?

    python bench/supernet_ranking.py ../shared/vww/manifest.csv --table out/table-vww.jsonl \\
        --out out/supernet-vww --json out/supernet-vww.json --plot out/supernet-vww.png

Trains the supernet of the benchmark's space on the photos of `search_table.py`, scores every network
that the table holds at its longest budget, and compares the orders by Kendall's τ-b (95 % interval:
networks drawn anew 2,000 times), beside MACs, parameters and the shorter trainings of the table. Then
trains some networks for a few epochs from the supernet's weights and from scratch. A second run goes on
where the first stopped.
"""

from __future__ import annotations

import argparse
import functools
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import search_table
from wakeling.cli.circumstances import git_commit, machine
from wakeling.search.domain import ListedDomain
from wakeling.search.rank import kendall_gain, rank_correlation
from wakeling.search.space import Point, load_space
from wakeling.spec import lower
from wakeling.supernet import (
    PhotoSets,
    Supernet,
    SupernetRecipe,
    TrainedSupernet,
    calibrated_weights,
    fit_supernet,
    score,
    supernet_of,
)
from wakeling.train import EpochRecord, fit

FINE_TUNE_RATES = (0.032, 0.008)


def supernet(arguments: argparse.Namespace, photos: Any) -> TrainedSupernet:
    """The supernet of the folder, trained to the end first where it is not yet."""
    path = arguments.out / "supernet.npz"
    if path.exists():
        return TrainedSupernet.load(path)
    space = load_space(search_table.SPACE)
    recipe = SupernetRecipe(
        training=replace(
            search_table.RECIPE,
            epochs=arguments.epochs,
            learning_rate=arguments.learning_rate,
            weight_averaging=0.99,
            seed=arguments.seed,
        ),
        random_networks=arguments.random_networks,
        teacher_share=arguments.teacher_share,
    )
    domain = ListedDomain(space, {point: {} for point in search_table.feasible_points()})

    def tell(record: EpochRecord) -> None:
        print(
            f"epoch {record.epoch}/{arguments.epochs}: loss {record.loss:.4f}, "
            f"AUC {record.val_auc or 0:.4f}, {time.process_time() - started:.0f} s of CPU",
            flush=True,
        )

    started = time.process_time()
    trained = fit_supernet(
        space,
        photos,
        recipe,
        domain=domain,
        checkpoint=arguments.out / "checkpoint.npz",
        resume=True,
        on_epoch=tell,
    )
    trained.save(path)
    return trained


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def shared_scores(
    arguments: argparse.Namespace, net: Supernet, sets: PhotoSets, points: Sequence[Point]
) -> dict[Point, dict[str, Any]]:
    """The supernet's score of each point; each is written when it is known."""
    path = arguments.out / "scores.jsonl"
    done = {tuple(line["point"]): line for line in lines_of(path)}
    with path.open("a") as out:
        for point in points:
            if point in done:
                continue
            started = time.process_time()
            outcome = score(net, point, sets)
            done[point] = {
                "point": list(point),
                "score": round(outcome.score, 5),
                "auc": round(outcome.measures["auc"], 5),
                "cpu_seconds": round(time.process_time() - started, 4),
            }
            print(json.dumps(done[point]), file=out, flush=True)
    return done


def fine_tuned(
    arguments: argparse.Namespace, net: Supernet, sets: PhotoSets, points: Sequence[Point]
) -> list[dict[str, Any]]:
    """Some networks trained briefly from scratch and from the supernet's weights."""
    path = arguments.out / "fine-tuned.jsonl"
    known = lines_of(path)
    done = {(tuple(line["point"]), line["start"]) for line in known}
    space = load_space(search_table.SPACE)
    with path.open("a") as out:
        for point in points:
            graph = lower(space.network(point))
            train_set, val_set = sets.at(*(graph.input_shape[0], graph.input_shape[2]))
            for start in ("scratch", *(f"supernet, {rate}" for rate in FINE_TUNE_RATES)):
                if (point, start) in done:
                    continue
                rate = 0.032 if start == "scratch" else float(start.split()[-1])
                weights = None if start == "scratch" else calibrated_weights(net, point, sets)
                recipe = replace(
                    search_table.RECIPE, epochs=arguments.fine_tune_epochs, learning_rate=rate, seed=1
                )
                model = fit(graph, train_set, val_set, recipe, device="cpu", initial_weights=weights)
                line = {
                    "point": list(point),
                    "start": start,
                    "epochs": arguments.fine_tune_epochs,
                    "auc_by_epoch": [round(record.val_auc or 0.0, 5) for record in model.history],
                }
                known.append(line)
                print(json.dumps(line), file=out, flush=True)
                print(line, flush=True)
    return known


def kendall(values: Sequence[float], alone: Sequence[float]) -> dict[str, float]:
    """τ-b and its 95 % interval by the bootstrap over networks."""
    found = rank_correlation(values, alone)
    low, high = found.kendall_interval
    return {"tau": round(found.kendall, 4), "low": round(low, 4), "high": round(high, 4)}


def plot(
    path: Path, alone: Sequence[float], shared: Sequence[float], macs: Sequence[float], tau: str
) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 5.2), layout="constrained")
    axes = figure.subplots()
    dots = axes.scatter(shared, alone, c=np.asarray(macs) / 1e3, cmap="viridis", s=22)
    axes.set_xlabel("AUC of the network in the supernet, not trained further")
    axes.set_ylabel("AUC of the same network trained alone, 9 epochs")
    axes.set_title(f"{len(alone)} networks; {tau}", fontsize=10)
    figure.colorbar(dots, label="thousand MACs")
    figure.savefig(path, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data")
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the supernet and the scores")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--learning-rate", type=float, default=0.032)
    parser.add_argument("--teacher-share", type=float, default=0.5)
    parser.add_argument("--random-networks", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fine-tune", type=int, default=0, metavar="NETWORKS")
    parser.add_argument("--fine-tune-epochs", type=int, default=3)
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--plot", type=Path, default=None)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)

    photos = functools.partial(search_table.photos, arguments.data)
    trained = supernet(arguments, photos)
    net, sets = supernet_of(trained), PhotoSets(photos)
    table: dict[int, dict[Point, float]] = {}
    for line in lines_of(arguments.table)[1:]:
        table.setdefault(line["epochs"], {})[tuple(line["point"])] = line["auc"]
    longest = max(table)
    points = sorted(set.intersection(*(set(column) for column in table.values())))
    scores = shared_scores(arguments, net, sets, points)
    alone = [table[longest][point] for point in points]
    colors = trained.space.channels
    costs = [search_table.costs_of(point) for point in points]
    orders: dict[str, list[float]] = {
        "supernet": [scores[point]["auc"] for point in points],
        "macs": [cost["macs"] for cost in costs],
        "parameters": [cost["parameters"] for cost in costs],
        **{
            f"{epochs} epochs alone": [table[epochs][point] for point in points]
            for epochs in sorted(table)[:-1]
        },
    }
    result: dict[str, Any] = {
        "data": arguments.data,
        "machine": machine(),
        "commit": git_commit(),
        "networks": len(points),
        "epochs": len(trained.history),
        "learning_rate": trained.recipe.training.learning_rate,
        "teacher_share": trained.recipe.teacher_share,
        "random_networks": trained.recipe.random_networks,
        "seed": trained.recipe.training.seed,
        "seconds_of_training": round(sum(record.seconds for record in trained.history), 1),
        "cpu_seconds_a_candidate": round(
            float(np.median([scores[point]["cpu_seconds"] for point in points])), 4
        ),
        "mean_auc_supernet": round(float(np.mean(orders["supernet"])), 4),
        f"mean_auc_{longest}_epochs_alone": round(float(np.mean(alone)), 4),
        "kendall": {name: kendall(values, alone) for name, values in orders.items()},
    }
    for channels in (1, 3):
        rows = [number for number, point in enumerate(points) if colors[point[1]] == channels]
        result["kendall"][f"supernet, {channels} channels ({len(rows)} networks)"] = kendall(
            [orders["supernet"][row] for row in rows], [alone[row] for row in rows]
        )
    gain, (low, high) = kendall_gain(orders["supernet"], orders["macs"], alone)
    result["tau_over_macs"] = {"gain": round(gain, 4), "low": round(low, 4), "high": round(high, 4)}
    if arguments.fine_tune:
        chosen = np.random.default_rng(0).permutation(len(points))[: arguments.fine_tune]
        lines = fine_tuned(arguments, net, sets, [points[index] for index in chosen])
        starts = dict.fromkeys(line["start"] for line in lines)
        result["fine_tuning"] = {
            start: np.mean([line["auc_by_epoch"] for line in lines if line["start"] == start], axis=0)
            .round(4)
            .tolist()
            for start in starts
        }
    print(json.dumps(result, indent=2))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    if arguments.plot is not None:
        tau = result["kendall"]["supernet"]
        text = f"Kendall's τ-b {tau['tau']:.2f} ({tau['low']:.2f} to {tau['high']:.2f})"
        plot(arguments.plot, alone, orders["supernet"], orders["macs"], text)


if __name__ == "__main__":
    main()
