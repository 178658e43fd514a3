"""How a network is trained: one frozen recipe that round-trips through JSON.

No torch here, so a plan can be read and changed without it. What each value does to accuracy is
in `docs/explanation/training-recipe.md`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from wakeling.errors import WakelingError, unknown_name

FORMAT = "wakeling.recipe/1"

Optimizer = Literal["sgd", "adamw"]
Balance = Literal["none", "loss", "sampling"]


def _require(name: str, value: float, least: float, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise WakelingError(f"recipe: {name} must be a number from {least:g} to {most:g}; given {value!r}")


def _require_whole(name: str, value: int, least: int, most: int) -> None:
    _require(name, value, least, most)
    if not isinstance(value, int):
        raise WakelingError(f"recipe: {name} must be a whole number; given {value!r}")


def _choose(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise WakelingError(f"recipe: {unknown_name(name, str(value), known)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How strongly each batch is varied; every value at its neutral one means "leave it".

    `crop_area_min` is the smallest part of the photo's area that a crop keeps (1: no crop),
    `aspect_max` the largest factor by which a crop's width and height differ from the photo's,
    `rotation_degrees`, `brightness` (share of full range), `contrast`, `saturation`, `tint` (gain
    of single color channels) and `tone` (bend of the light curve) the largest change either way,
    `noise` the largest standard deviation of sensor noise (share of half the range).
    """

    crop_area_min: float = 0.5
    aspect_max: float = 1.25
    flip: bool = True
    rotation_degrees: float = 0.0
    brightness: float = 0.1
    contrast: float = 0.2
    saturation: float = 0.25
    tint: float = 0.05
    tone: float = 0.2
    noise: float = 0.0

    def __post_init__(self) -> None:
        _require("crop_area_min", self.crop_area_min, 0.01, 1.0)
        _require("aspect_max", self.aspect_max, 1.0, 4.0)
        _require("rotation_degrees", self.rotation_degrees, 0.0, 180.0)
        for name in ("brightness", "contrast", "saturation", "tint", "tone", "noise"):
            _require(name, getattr(self, name), 0.0, 1.0)


NO_AUGMENTATION = Augmentation(
    crop_area_min=1.0,
    aspect_max=1.0,
    flip=False,
    brightness=0.0,
    contrast=0.0,
    saturation=0.0,
    tint=0.0,
    tone=0.0,
)
"""Every batch as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides how a network is trained, apart from the data and the graph.

    `learning_rate` is the peak for a batch of 128 and scales with `batch_size`; it rises linearly
    over `warmup_epochs` and falls along a cosine to `final_learning_rate_fraction` of the peak.
    `weight_averaging` is the decay per step of the exponential moving average that becomes the
    model (0: the last weights). `soft_label_weight` is the share of the target that comes from
    the data's probability, where it has one; `use_unlabeled` also trains on photos that have a
    probability and no label. `balance` says how the two classes get equal weight. `threads` None
    means a short trial decides. The last part is fake-quantized: `quantization_epochs` at
    `quantization_learning_rate`.
    """

    epochs: int = 30
    batch_size: int = 128
    optimizer: Optimizer = "adamw"
    learning_rate: float = 0.032
    momentum: float = 0.9
    weight_decay: float = 0.05
    warmup_epochs: float = 1.0
    final_learning_rate_fraction: float = 0.01
    gradient_norm_max: float = 5.0
    label_smoothing: float = 0.05
    soft_label_weight: float = 0.7
    use_unlabeled: bool = True
    weight_averaging: float = 0.998
    balance: Balance = "loss"
    augmentation: Augmentation = field(default_factory=Augmentation)
    quantization_epochs: int = 3
    quantization_learning_rate: float = 0.0002
    calibration_images: int = 512
    seed: int = 0
    threads: int | None = None

    def __post_init__(self) -> None:
        _require_whole("epochs", self.epochs, 0, 100_000)
        _require_whole("batch_size", self.batch_size, 2, 65_536)
        _require("learning_rate", self.learning_rate, 1e-9, 100.0)
        _require("momentum", self.momentum, 0.0, 0.9999)
        _require("weight_decay", self.weight_decay, 0.0, 10.0)
        _require("warmup_epochs", self.warmup_epochs, 0.0, 1000.0)
        _require("final_learning_rate_fraction", self.final_learning_rate_fraction, 0.0, 1.0)
        _require("gradient_norm_max", self.gradient_norm_max, 1e-6, 1e9)
        _require("label_smoothing", self.label_smoothing, 0.0, 0.9)
        _require("soft_label_weight", self.soft_label_weight, 0.0, 1.0)
        _require("weight_averaging", self.weight_averaging, 0.0, 0.99999)
        _require_whole("quantization_epochs", self.quantization_epochs, 0, 1000)
        _require("quantization_learning_rate", self.quantization_learning_rate, 1e-9, 1.0)
        _require_whole("calibration_images", self.calibration_images, 1, 1_000_000)
        _require_whole("seed", self.seed, 0, 2**63 - 1)
        if self.threads is not None:
            _require_whole("threads", self.threads, 1, 1024)
        _choose("optimizer", self.optimizer, get_args(Optimizer))
        _choose("balance", self.balance, get_args(Balance))


def to_json(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain JSON values."""
    return {"format": FORMAT, **dataclasses.asdict(recipe)}


def from_json(value: Mapping[str, Any]) -> Recipe:
    """The inverse of `to_json`; fields left out keep their default.

    Raises WakelingError for an unknown field or a value outside its range.
    """
    fields = dict(value)
    if fields.pop("format", FORMAT) != FORMAT:
        raise WakelingError(f"recipe format is {value['format']!r}; this version reads {FORMAT!r}")
    _known(fields, Recipe)
    augmentation = fields.pop("augmentation", {})
    if not isinstance(augmentation, Mapping):
        raise WakelingError(f"recipe: augmentation must be an object of numbers; given {augmentation!r}")
    _known(augmentation, Augmentation)
    return Recipe(**fields, augmentation=Augmentation(**augmentation))


def _known(fields: Mapping[str, Any], cls: type[Recipe] | type[Augmentation]) -> None:
    names = [entry.name for entry in dataclasses.fields(cls)]
    for name in fields:
        if name not in names:
            raise WakelingError(unknown_name("recipe field", name, names))


def fingerprint(recipe: Recipe) -> str:
    """Sixteen hex digits that name what the recipe does; the thread count is no part of it."""
    text = json.dumps(to_json(dataclasses.replace(recipe, threads=None)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def learning_rate_at(recipe: Recipe, progress_epochs: float) -> float:
    """Learning rate after `progress_epochs` epochs (a fraction counts steps within one).

    Linear warm-up to the peak, then a half cosine (Loshchilov and Hutter 2017, equation 5,
    without restarts). The peak is proportional to the batch size (Goyal et al. 2017).
    """
    peak = recipe.learning_rate * recipe.batch_size / 128
    warmup = min(recipe.warmup_epochs, recipe.epochs / 2)
    if progress_epochs < warmup:
        return peak * max(progress_epochs, 0.01) / warmup
    share = min((progress_epochs - warmup) / max(recipe.epochs - warmup, 1e-9), 1.0)
    least = recipe.final_learning_rate_fraction
    return peak * (least + (1 - least) * 0.5 * (1 + math.cos(math.pi * share)))
