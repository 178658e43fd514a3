"""One short training with some recipe values changed, judged on photos that it never saw.

    python bench/recipe_trial.py ../shared/vww --resolution 64 --epochs 6 learning_rate=0.016

Every tenth train photo is held out and joins val for the verdict, because a few hundred val photos
cannot tell good from better. Prints one JSON line: float and int8 (post-training, and with
`--aware` quantization-aware) balanced accuracy at the best threshold and AUC with its interval.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from wakeling import quantize
from wakeling.data import PackedSet, open_photos, pack
from wakeling.quantize import golden
from wakeling.quantize.calibration import calibration_images
from wakeling.spec import FAMILIES, lower
from wakeling.train import Recipe, fit, metrics, predict
from wakeling.train import recipe as recipes


def main() -> None:
    options = _options()
    recipe = _recipe(options)
    photos = open_photos(options.data)
    packed = pack(photos, resolution=options.resolution, channels=3, cache_dir=options.cache)
    train = np.flatnonzero((packed.split == "train") | (packed.split == "unlabeled"))
    held_out = (packed.split[train] == "train") & (np.arange(len(train)) % 10 == 0)
    judged = np.concatenate([np.flatnonzero(packed.split == "val"), train[held_out]])
    learned, verdict = packed.pick(train[~held_out]), packed.pick(judged)
    graph = lower(FAMILIES[options.family](alpha=options.alpha, resolution=options.resolution))
    started = time.perf_counter()
    model = fit(graph, learned, verdict, recipe, on_epoch=_tell)
    figures = {"float": _figures(verdict, predict(graph, model.weights, verdict.images))}
    calibrated = quantize.post_training(model, calibration_images(learned, recipe))
    figures["int8 post-training"] = _figures(verdict, golden.probabilities(calibrated, verdict.images[:]))
    if options.aware:
        aware, _ = quantize.aware(model, learned, verdict, recipe=recipe, on_epoch=_tell)
        figures["int8 aware"] = _figures(verdict, golden.probabilities(aware, verdict.images[:]))
    print(
        json.dumps(
            {
                "network": graph.name,
                "changed": options.changes,
                "epochs": recipe.epochs,
                "seed": recipe.seed,
                "judged_on": len(verdict),
                "seconds": round(time.perf_counter() - started),
                "figures": figures,
            }
        ),
        flush=True,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("changes", nargs="*", help="NAME=VALUE of the recipe, augmentation.NAME=VALUE")
    parser.add_argument("--resolution", type=int, default=96)
    parser.add_argument("--family", choices=sorted(FAMILIES), default="mobilenet_v1")
    parser.add_argument("--alpha", type=float, default=0.25)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--aware", action="store_true")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "wakeling")
    return parser.parse_intermixed_args()


def _recipe(options: argparse.Namespace) -> Recipe:
    value: dict[str, Any] = {**recipes.to_json(Recipe()), "epochs": options.epochs, "threads": 1}
    for change in options.changes:
        name, _, text = change.partition("=")
        owner = value
        if name.startswith("augmentation."):
            owner, name = value["augmentation"], name.removeprefix("augmentation.")
        owner[name] = json.loads(text) if text[:1] in "-0123456789tf" else text
    return recipes.from_json(value)


def _figures(photos: PackedSet, probabilities: np.ndarray) -> dict[str, Any]:
    rows = np.flatnonzero(photos.label >= 0)
    label, answer = photos.label[rows], probabilities[rows]
    best = metrics.best_threshold(label, answer)
    return {
        "auc": round(metrics.auc(label, answer), 4),
        "auc_interval": [round(end, 4) for end in metrics.auc_interval(label, answer)],
        "balanced_accuracy": round(metrics.balanced_accuracy(label, answer), 4),
        "balanced_accuracy_at_best": round(metrics.balanced_accuracy(label, answer, best), 4),
    }


def _tell(record: object) -> None:
    print(record, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
