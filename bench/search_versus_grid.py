"""Does searching a space beat the grid for the same training time? A table of finished run folders.

    wakeling design --data photos/ --board B --minutes 60 --seed 1 --out out/grid-1
    wakeling design --data photos/ --board B --minutes 60 --seed 1 --space tiny --out out/tiny-1
    python bench/search_versus_grid.py --grid out/grid-1 … --space out/tiny-1 … --json results.json

Runs are paired by their order: one of each for a seed. Figures are those on val, int8, at the
threshold that the run chose; the interval of the mean difference is a bootstrap over the photos.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeling.data import open_photos, pack
from wakeling.quantize import golden
from wakeling.quantize.model import QuantizedModel
from wakeling.train import metrics

Answers = tuple[NDArray[np.int64], NDArray[np.float64]]


def figures(folder: Path) -> dict[str, Any]:
    report = json.loads((folder / "report.json").read_text())
    chosen = next(item for item in report["candidates"] if item["status"] == "winner")
    budgets = {use["name"]: use["used"] for use in report["verdict"]["budgets"]}
    run = json.loads((folder / "run.json").read_text())["request"]
    return {
        "folder": folder.name,
        "network": chosen["name"],
        "seed": run["seed"],
        "board": run["board"],
        "minutes": run["minutes"],
        "macs": chosen["macs"],
        "arena_bytes": budgets["RAM, tensor arena"],
        "file_bytes": (folder / "model.tflite").stat().st_size,
        "trials": len((report["search"] or {"trials": ()})["trials"]),
        "epochs": sum(1 for epoch in report["training"] if epoch["stage"] == "float"),
        "command": report["command"],
        "commit": report["git_commit"],
        "machine": report["machine"],
    }


def answers(folder: Path, cache: Path) -> Answers:
    """The labels of the val photos, and the int8 model's probability of each."""
    run = json.loads((folder / "run.json").read_text())["request"]
    model = QuantizedModel.load(folder / "quantized.npz")
    side, _, channels = model.graph.input_shape
    photos = open_photos(run["data"], wake_word=run["wake_word"], area_threshold=run["area_threshold"])
    val = pack(photos, resolution=side, channels=channels, cache_dir=cache).subset("val").labeled()
    parts = [
        golden.probabilities(model, val.take(np.arange(start, min(start + 256, len(val)))))
        for start in range(0, len(val), 256)
    ]
    return val.label, np.concatenate(parts)


def score(labels: NDArray[np.int64], given: NDArray[np.float64]) -> tuple[float, float]:
    threshold = metrics.best_threshold(labels, given)
    return metrics.balanced_accuracy(labels, given, threshold), metrics.auc(labels, given)


def difference(pairs: list[tuple[Answers, Answers]], draws: int = 1000) -> dict[str, list[float]]:
    """Mean over the pairs of space minus grid, with the 95 % interval over photos, in points."""
    labels = pairs[0][0][0]
    random = np.random.default_rng(0)
    found = []
    for draw in range(draws + 1):
        rows = np.arange(len(labels)) if draw == 0 else random.integers(len(labels), size=len(labels))
        each = [
            np.subtract(score(labels[rows], space[1][rows]), score(labels[rows], grid[1][rows]))
            for grid, space in pairs
        ]
        found.append(100 * np.mean(each, axis=0))
    low, high = np.quantile(found[1:], (0.025, 0.975), axis=0)
    return {
        name: [round(float(value), 2) for value in (found[0][place], low[place], high[place])]
        for place, name in enumerate(("balanced_accuracy", "auc"))
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--grid", type=Path, nargs="+", required=True)
    parser.add_argument("--space", type=Path, nargs="+", required=True)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "wakeling")
    parser.add_argument("--json", type=Path, default=None)
    arguments = parser.parse_args()
    if len(arguments.grid) != len(arguments.space):
        parser.error("give as many folders for --grid as for --space: one of each for a seed")
    rows = []
    given: dict[Path, Answers] = {}
    for folder in (*arguments.grid, *arguments.space):
        given[folder] = answers(folder, arguments.cache)
        balanced, auc = score(*given[folder])
        rows.append({**figures(folder), "val_balanced_accuracy": balanced, "val_auc": auc})
    pairs = [(given[grid], given[space]) for grid, space in zip(arguments.grid, arguments.space, strict=True)]
    gain = difference(pairs)
    print("| run | network | MACs | arena | file | trials | epochs | val bal. acc. | val AUC |")
    print("|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['folder']} | `{row['network']}` | {row['macs']:,} | {row['arena_bytes']:,} | "
            f"{row['file_bytes']:,} | {row['trials']} | {row['epochs']} | "
            f"{row['val_balanced_accuracy']:.3f} | {row['val_auc']:.3f} |"
        )
    for name, (mean, low, high) in gain.items():
        print(f"space minus grid, {name}: {mean:+.2f} points ({low:+.2f} to {high:+.2f})")
    if arguments.json:
        arguments.json.write_text(json.dumps({"runs": rows, "space_minus_grid": gain}, indent=1) + "\n")


if __name__ == "__main__":
    main()
