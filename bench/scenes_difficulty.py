"""How hard are the built-in scenes? Linear classifiers on pixels against MobileNetV1 0.25-96.

    python bench/scenes_difficulty.py --train 16000 --test 2000 --epochs 20

Prints a table; the scenes of the test come from the same series as the training scenes, behind them.
The linear classifiers get the benefit of the doubt: their best penalty is chosen on the test itself.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from wakeling.data import PackedSet
from wakeling.data.scenes import SCENES_VERSION, render
from wakeling.spec import FAMILIES, lower
from wakeling.train import EpochRecord, Recipe, fit, predict

LABELS = ("not_person", "person")
LINEAR_SIDES = (12, 24, 32, 96)
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
AREAS = ((0.005, 0.05), (0.05, 0.1), (0.1, 0.2), (0.2, 0.4), (0.4, 1.01))


def draw(seed: int, index: int) -> tuple[NDArray[np.uint8], int, float, str]:
    scene = render(seed, index, 96)
    return scene.image, scene.label, scene.person_area_fraction, "|".join(scene.contents)


def packed(images: NDArray[np.uint8], label: NDArray[np.int64], split: str, key: str) -> PackedSet:
    count = len(label)
    return PackedSet(
        labels=LABELS,
        images=images,
        label=label,
        probability=np.full(count, np.nan, np.float32),
        split=np.full(count, split),
        paths=tuple(f"scene {index}" for index in range(count)),
        key=key,
    )


def shrunk(images: NDArray[np.uint8], side: int) -> torch.Tensor:
    """Pixels as rows of a matrix, averaged down to side x side, about -1 to 1."""
    parts = []
    for start in range(0, len(images), 500):
        part = (torch.from_numpy(images[start : start + 500]).permute(0, 3, 1, 2).float() - 128) / 128
        parts.append(functional.adaptive_avg_pool2d(part, side).flatten(1))
    return torch.cat(parts)


def logistic_accuracy(
    train: torch.Tensor,
    train_label: torch.Tensor,
    test: torch.Tensor,
    test_label: torch.Tensor,
    penalty: float,
) -> float:
    """Logistic regression by L-BFGS on the whole training set, with a squared penalty on the weights."""
    weights = torch.zeros(train.shape[1], requires_grad=True)
    offset = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weights, offset], max_iter=60, history_size=10, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        data = functional.binary_cross_entropy_with_logits(train @ weights + offset, train_label)
        value = data + penalty * weights.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)
    with torch.no_grad():
        return float(((test @ weights + offset > 0) == (test_label > 0.5)).float().mean())


def linear_table(
    images: NDArray[np.uint8], label: NDArray[np.int64], train_count: int, test_count: int
) -> dict[str, float]:
    target = torch.from_numpy(label).float()
    table = {}
    for side in LINEAR_SIDES:
        pixels = shrunk(images, side)
        train, test = pixels[:train_count], pixels[-test_count:]
        accuracies = [
            logistic_accuracy(train, target[:train_count], test, target[-test_count:], penalty)
            for penalty in PENALTIES
        ]
        table[f"logistic regression, {side} x {side} x 3"] = max(accuracies)
        print(f"logistic regression {side:3d}: {max(accuracies):.4f}", flush=True)
    return table


def report_epoch(start: float, record: EpochRecord) -> None:
    print(
        f"epoch {record.epoch:3d} loss {record.loss:.4f} balanced {record.val_balanced_accuracy:.4f} "
        f"{time.time() - start:.0f} s",
        flush=True,
    )


def network_figures(
    images: NDArray[np.uint8],
    label: NDArray[np.int64],
    area: NDArray[np.float64],
    arguments: argparse.Namespace,
) -> dict[str, object]:
    graph = lower(FAMILIES["mobilenet_v1"](alpha=0.25, resolution=96, channels=3, classes=2))
    first = arguments.train
    name = f"{arguments.seed} {len(label)}"
    train_set = packed(images[:first], label[:first], "train", f"train {name}")
    test_set = packed(images[first:], label[first:], "test", f"test {name}")
    recipe = Recipe(epochs=arguments.epochs, batch_size=arguments.batch, threads=arguments.threads)
    start = time.time()
    trained = fit(graph, train_set, test_set, recipe, on_epoch=partial(report_epoch, start))
    seconds = time.time() - start
    answer = predict(graph, trained.weights, test_set.images, threads=arguments.threads) > 0.5
    truth, test_area = test_set.label == 1, area[arguments.train :]
    by_area = {
        f"{low:g} to {min(high, 1):g}": [int(chosen.sum()), float(answer[chosen].mean())]
        for low, high in AREAS
        if (chosen := truth & (test_area >= low) & (test_area < high)).any()
    }
    return {
        "training_seconds": seconds,
        "accuracy": float((answer == truth).mean()),
        "person_recall": float(answer[truth].mean()),
        "not_person_recall": float(1 - answer[~truth].mean()),
        "person_recall_by_area": by_area,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", type=int, default=16000)
    parser.add_argument("--test", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--linear-train", type=int, default=8000, help="scenes that linear classifiers get")
    parser.add_argument("--skip-linear", action="store_true")
    parser.add_argument("--skip-network", action="store_true")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    count = arguments.train + arguments.test
    start = time.time()
    with ProcessPoolExecutor(arguments.workers) as pool:
        drawn = list(pool.map(partial(draw, arguments.seed), range(count), chunksize=200))
    images = np.stack([image for image, _, _, _ in drawn])
    label = np.array([value for _, value, _, _ in drawn], np.int64)
    area = np.array([value for _, _, value, _ in drawn])
    seconds = time.time() - start
    print(f"{count} scenes of series {arguments.seed} in {seconds:.0f} s; person in {label.mean():.3f}")

    figures: dict[str, object] = {"scenes_version": SCENES_VERSION, **vars(arguments)}
    del figures["json"]
    if not arguments.skip_linear:
        figures["linear"] = linear_table(
            images, label, min(arguments.train, arguments.linear_train), arguments.test
        )

    if not arguments.skip_network:
        figures |= network_figures(images, label, area, arguments)
    print(json.dumps(figures, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
