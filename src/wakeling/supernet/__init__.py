"""A weight-sharing supernet: all networks of a space trained at once, then scored without training.

Importing this package does not import torch; what needs it does when it is first asked for. Which
networks to score is `search`'s to say; training one of them alone is `train`'s.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from wakeling.supernet.model import TrainedSupernet
from wakeling.supernet.recipe import SupernetRecipe

if TYPE_CHECKING:
    from wakeling.supernet.evaluator import SupernetEvaluator
    from wakeling.supernet.network import Supernet, subnet_weights, supernet_of
    from wakeling.supernet.photos import PackedPhotos, PhotosAt, PhotoSets
    from wakeling.supernet.recalibration import recalibrate
    from wakeling.supernet.scoring import calibrated_weights, score
    from wakeling.supernet.training import fit_supernet

__all__ = [
    "PackedPhotos",
    "PhotoSets",
    "PhotosAt",
    "Supernet",
    "SupernetEvaluator",
    "SupernetRecipe",
    "TrainedSupernet",
    "calibrated_weights",
    "fit_supernet",
    "recalibrate",
    "score",
    "subnet_weights",
    "supernet_of",
]

_TORCH = {
    "PackedPhotos": "photos",
    "PhotoSets": "photos",
    "PhotosAt": "photos",
    "Supernet": "network",
    "SupernetEvaluator": "evaluator",
    "calibrated_weights": "scoring",
    "fit_supernet": "training",
    "recalibrate": "recalibration",
    "score": "scoring",
    "subnet_weights": "network",
    "supernet_of": "network",
}
"""Names that need torch (or what does), and the module each lives in."""


def __getattr__(name: str) -> object:
    if name not in _TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"wakeling.supernet.{_TORCH[name]}"), name)
