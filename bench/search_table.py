"""Train every network of a small space, at several budgets: the table that strategies are compared on.

    python bench/search_table.py scenes:8000:7 --out out/table-scenes.jsonl --workers 2
    python bench/search_table.py ../shared/vww/manifest.csv --out out/table-vww.jsonl --workers 2

One line a training is appended to --out; a second run goes on where the first stopped. The order is
shuffled, so that a table that is stopped early is a random sample of the space.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from wakeling.cli.circumstances import cache_folder, git_commit, machine
from wakeling.cost import cost
from wakeling.data import PackedSet, open_photos, pack
from wakeling.data.photos import TRAIN, VAL
from wakeling.search.space import Point, load_space, values_of
from wakeling.spec import lower
from wakeling.train import Recipe, fit, metrics, predict

SPACE = str(Path(__file__).parent / "search_space.toml")
MACS, RAM_BYTES, FLASH_BYTES = 500_000, 32 * 1024, 192 * 1024
BUDGETS = (1, 3, 9)
TRAIN_IMAGES, VAL_IMAGES = 5000, 2000
RECIPE = replace(Recipe(), batch_size=64, quantization_epochs=0, threads=1, use_unlabeled=False)


def feasible_points() -> list[Point]:
    """Every distinct network of the space inside the limits, in the space's order."""
    space = load_space(SPACE)
    choices = [range(len(parameter.choices)) for parameter in space.parameters]
    points = sorted({space.canonical(point) for point in itertools.product(*choices)})
    return [point for point in points if fits(costs_of(point))]


def costs_of(point: Point) -> dict[str, int]:
    report = cost(lower(load_space(SPACE).network(point), deployed=True), runtimes=("tflm", "wakeling-c"))
    return {
        "macs": report.macs,
        "parameters": report.deployed_parameters,
        "ram_bytes": report.memory["tflm"].peak_bytes,
        "ram_bytes_wakeling_c": report.memory["wakeling-c"].peak_bytes,
        "flash_bytes": report.flash_bytes,
    }


def fits(costs: dict[str, int]) -> bool:
    return costs["macs"] <= MACS and costs["ram_bytes"] <= RAM_BYTES and costs["flash_bytes"] <= FLASH_BYTES


@cache
def photos(data: str, resolution: int, channels: int) -> tuple[PackedSet, PackedSet]:
    """The same photos for every candidate: a fixed draw of the labeled train and val photos."""
    packed = pack(open_photos(data), resolution=resolution, channels=channels, cache_dir=cache_folder())
    random = np.random.default_rng(11)
    parts = []
    for split, count in ((TRAIN, TRAIN_IMAGES), (VAL, VAL_IMAGES)):
        rows = np.flatnonzero((packed.split == split) & (packed.label >= 0))
        chosen = np.sort(random.permutation(rows)[:count])
        part = packed.pick(chosen)
        parts.append(
            replace(part, images=np.asarray(part.images), probability=np.full(len(part), np.nan, np.float32))
        )
    return parts[0], parts[1]


def train(data: str, point: Point, epochs: int, seed: int) -> dict[str, Any]:
    """One training from scratch; its score is the balanced accuracy on val at the best threshold."""
    space = load_space(SPACE)
    values = values_of(space, point)
    train_set, val_set = photos(data, int(values["resolution"]), int(values["channels"]))
    started = time.process_time()
    model = fit(
        lower(space.network(point)),
        train_set,
        val_set,
        replace(RECIPE, epochs=epochs, seed=seed),
        device="cpu",
    )
    seconds = time.process_time() - started
    answers = predict(model.graph, model.weights, val_set.images, threads=1)
    labels = np.asarray(val_set.label)
    threshold = metrics.best_threshold(labels, answers)
    return {
        "point": list(point),
        "epochs": epochs,
        "seed": seed,
        "score": round(metrics.balanced_accuracy(labels, answers, threshold), 5),
        "auc": round(metrics.auc(labels, answers), 5),
        "auc_by_epoch": [round(record.val_auc or 0.0, 5) for record in model.history],
        "cpu_seconds": round(seconds, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--budgets", type=int, nargs="+", default=list(BUDGETS))
    parser.add_argument("--count", type=int, default=None, help="only the first COUNT points of the order")
    arguments = parser.parse_args()
    points = feasible_points()
    order = np.random.default_rng(5).permutation(len(points))[: arguments.count]
    lines = arguments.out.read_text().splitlines() if arguments.out.exists() else []
    done = {(tuple(line["point"]), line["epochs"], line["seed"]) for line in map(json.loads, lines[1:])}
    wanted = [
        (points[index], epochs, arguments.seed)
        for index in order
        for epochs in arguments.budgets
        if (points[index], epochs, arguments.seed) not in done
    ]
    print(f"{len(points)} networks fit; {len(wanted)} trainings to do, {len(done)} done", flush=True)
    with arguments.out.open("a") as out, ProcessPoolExecutor(arguments.workers) as pool:
        if not lines:
            about = {
                "data": arguments.data
                if arguments.data.startswith("scenes")
                else Path(arguments.data).parent.name,
                "machine": machine(),
                "commit": git_commit(),
                "limits": {"macs": MACS, "ram_bytes": RAM_BYTES, "flash_bytes": FLASH_BYTES},
                "networks": len(points),
                "train_images": TRAIN_IMAGES,
                "val_images": VAL_IMAGES,
            }
            print(json.dumps(about), file=out, flush=True)
        futures = [pool.submit(train, arguments.data, *job) for job in wanted]
        started = time.perf_counter()
        for number, future in enumerate(as_completed(futures), start=1):
            print(json.dumps(future.result()), file=out, flush=True)
            if number % 10 == 0:
                left = (time.perf_counter() - started) / number * (len(wanted) - number)
                print(f"{number}/{len(wanted)}, {left / 60:.0f} minutes left", flush=True)


if __name__ == "__main__":
    main()
