"""From photos and a graph to trained float weights: recipe, loop, checkpoints, metrics.

Importing this package does not import torch; `fit`, `predict` and `choose_threads` do when they
are first asked for. Integers are made in `quantize`, the order of the stages is in `pipeline`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from wakeling.train.history import EpochRecord, StepRecord
from wakeling.train.model import TrainedModel
from wakeling.train.recipe import NO_AUGMENTATION, Augmentation, Recipe

if TYPE_CHECKING:
    from wakeling.train.loop import fit
    from wakeling.train.prediction import predict
    from wakeling.train.threads import ThreadChoice, choose_threads

__all__ = [
    "NO_AUGMENTATION",
    "Augmentation",
    "EpochRecord",
    "Recipe",
    "StepRecord",
    "ThreadChoice",
    "TrainedModel",
    "choose_threads",
    "fit",
    "predict",
]

_TORCH = {
    "fit": "wakeling.train.loop",
    "predict": "wakeling.train.prediction",
    "ThreadChoice": "wakeling.train.threads",
    "choose_threads": "wakeling.train.threads",
}
"""Names that need torch, and the module each lives in."""


def __getattr__(name: str) -> object:
    if name not in _TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_TORCH[name]), name)
