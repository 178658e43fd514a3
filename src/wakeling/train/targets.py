"""What the network shall answer for each photo, and how much each answer counts.

NumPy only: hard labels are smoothed and mixed with the data's probabilities, and the classes are
balanced. Nothing here looks at a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wakeling.errors import DataError
from wakeling.graph import Graph
from wakeling.train.recipe import Recipe

WAKE_WORD = 1
"""Index of the wake word among the classes; the data's probability is that of this class."""


class Photos(Protocol):
    """What training reads of a packed set of photos (`data.PackedSet` has it, and more)."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes' names, in the order of the outputs."""

    @property
    def images(self) -> Any:  # Any: an array, a memory map or a view that NumPy indices select from
        """uint8 images (count, height, width, channels)."""

    @property
    def label(self) -> NDArray[np.int64]:
        """The class of each photo, −1 where there is none."""

    @property
    def probability(self) -> NDArray[np.float32]:
        """The wake word's probability of each photo, NaN where there is none."""

    @property
    def key(self) -> str:
        """Names the content."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Targets:
    """The photos that are trained on, what each shall answer, and how much it counts.

    `rows` (count,) are indices into the set, `values` (count, classes) probabilities that sum to
    one, `weights` (count,) have a mean of one.
    """

    rows: NDArray[np.int64]
    values: NDArray[np.float32]
    weights: NDArray[np.float32]


def targets_of(photos: Photos, recipe: Recipe) -> Targets:
    """Targets for every photo that the recipe can learn from.

    A labeled photo's target is (1 − s)·one-hot + s/classes (label smoothing: Szegedy et al. 2016,
    section 7), mixed with the data's probability by `recipe.soft_label_weight`. An unlabeled
    photo's target is its probability. With `balance`, each class has the same total weight.
    Raises DataError for labels or probabilities outside their range, or a class without photos.
    """
    classes = len(photos.labels)
    label, probability = np.asarray(photos.label), np.asarray(photos.probability, np.float64)
    _check(label, probability, classes)
    known = ~np.isnan(probability) & (classes == 2)
    labeled = label >= 0
    rows = np.flatnonzero(labeled | (known & (recipe.use_unlabeled and recipe.soft_label_weight > 0)))
    share = np.where(labeled, recipe.soft_label_weight, 1.0) * known
    hard = np.full((len(label), classes), recipe.label_smoothing / classes)
    hard[labeled, label[labeled]] += 1 - recipe.label_smoothing
    values = (1 - share)[:, None] * hard
    if classes == 2:
        filled = np.where(known, probability, 0.0)
        values = values + share[:, None] * np.stack([1 - filled, filled], axis=1)
    chosen = values[rows]
    membership = np.where(labeled[rows, None], np.eye(classes)[np.maximum(label[rows], 0)], chosen)
    weights = _balancing(membership) if recipe.balance != "none" else np.ones(len(rows))
    return Targets(
        rows=rows, values=chosen.astype(np.float32), weights=(weights / weights.mean()).astype(np.float32)
    )


def _check(label: NDArray[np.int64], probability: NDArray[np.float64], classes: int) -> None:
    if ((label < -1) | (label >= classes)).any():
        raise DataError(
            f"labels must be -1 (none) to {classes - 1}; given {int(label.min())} to {int(label.max())}"
        )
    given = probability[~np.isnan(probability)]
    if ((given < 0) | (given > 1)).any():
        raise DataError(f"probabilities must be from 0 to 1; given {given.min():g} to {given.max():g}")
    counts = np.bincount(label[label >= 0], minlength=classes)
    for index, count in enumerate(counts):
        if count == 0:
            raise DataError(f"no training photo has label {index}; every class needs photos to learn from")


def _balancing(membership: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights that give every class the same total: a photo's is the mean of its classes' weights."""
    per_class = membership.sum() / (membership.shape[1] * membership.sum(axis=0))
    weights: NDArray[np.float64] = membership @ per_class
    return weights


def check_photos(photos: Photos, graph: Graph, what: str) -> None:
    """Raise DataError unless the set has photos, of the shape and with the classes of the graph."""
    classes = graph.shapes[graph.output][-1]
    if len(photos.labels) != classes:
        raise DataError(f"the {what} photos have {len(photos.labels)} classes but the network has {classes}")
    shape = tuple(photos.images.shape)
    if len(photos.label) == 0:
        raise DataError(f"the {what} set is empty; training needs train and val photos")
    if shape[1:] != tuple(graph.input_shape):
        raise DataError(
            f"{what} images are {shape[1:]} but network {graph.name!r} takes {tuple(graph.input_shape)}; "
            "pack the photos at the network's resolution and channels"
        )


def epoch_order(targets: Targets, recipe: Recipe, random: np.random.Generator) -> NDArray[np.int64]:
    """Positions in `targets` in the order of one epoch: each once, or drawn by weight for `sampling`."""
    count = len(targets.rows)
    if recipe.balance == "sampling":
        share = targets.weights.astype(np.float64)
        return random.choice(count, size=count, p=share / share.sum())
    return random.permutation(count)
