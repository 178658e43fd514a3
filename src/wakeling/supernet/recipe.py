"""How a supernet is trained: a training recipe, and what is particular to shared weights."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wakeling.errors import WakelingError, unknown_name
from wakeling.train import Recipe
from wakeling.train import recipe as recipes

FORMAT = "wakeling.supernet-recipe/1"


def _training() -> Recipe:
    return Recipe(epochs=60, batch_size=64, weight_averaging=0.99, quantization_epochs=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupernetRecipe:
    """Everything that decides a supernet's training, apart from the photos and the space.

    Each step trains a large network, a small one and `random_networks` others on the same photos.
    The large one learns from the labels; the others' target is `teacher_share` its answer and the
    rest the label. `calibration_images` are the train photos from which a network gets its
    batch-norm statistics before it is scored.
    """

    training: Recipe = field(default_factory=_training)
    random_networks: int = 2
    teacher_share: float = 0.5
    calibration_images: int = 512

    def __post_init__(self) -> None:
        if not 0 <= self.random_networks <= 64:
            raise WakelingError(
                f"supernet recipe: random_networks must be 0 to 64; given {self.random_networks}"
            )
        if not 0.0 <= self.teacher_share <= 1.0:
            raise WakelingError(f"supernet recipe: teacher_share must be 0 to 1; given {self.teacher_share}")
        if self.calibration_images < 2:
            raise WakelingError(
                f"supernet recipe: calibration_images must be at least 2; given {self.calibration_images}"
            )


def to_json(recipe: SupernetRecipe) -> dict[str, Any]:
    """The recipe as plain JSON values."""
    fields = {entry.name: getattr(recipe, entry.name) for entry in dataclasses.fields(recipe)}
    return {"format": FORMAT, **fields, "training": recipes.to_json(recipe.training)}


def from_json(value: Mapping[str, Any]) -> SupernetRecipe:
    """The inverse of `to_json`; raises WakelingError for unknown fields and values out of range."""
    fields = dict(value)
    given = fields.pop("format", FORMAT)
    if given != FORMAT:
        raise WakelingError(f"supernet recipe format is {given!r}; this version reads {FORMAT!r}")
    known = [entry.name for entry in dataclasses.fields(SupernetRecipe)]
    for name in fields:
        if name not in known:
            raise WakelingError(unknown_name("supernet recipe field", name, known))
    if "training" in fields:
        fields["training"] = recipes.from_json(fields["training"])
    return SupernetRecipe(**fields)


def fingerprint(recipe: SupernetRecipe) -> str:
    """Sixteen hex digits that name what the recipe does; the thread count is no part of it."""
    training = dataclasses.replace(recipe.training, threads=None)
    text = json.dumps(to_json(dataclasses.replace(recipe, training=training)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
