"""From trained float weights to integers: fold, observe, train with fake quantization, convert.

The golden interpreter and the model (`quantize.golden`, `quantize.model`) are NumPy only. Importing
this package does not import torch; `post_training` and `aware` do when they are first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wakeling.quantize.aware_training import aware
    from wakeling.quantize.calibration import post_training

__all__ = ["aware", "post_training"]

_TORCH = {
    "aware": "wakeling.quantize.aware_training",
    "post_training": "wakeling.quantize.calibration",
}
"""Names that need torch, and the module each lives in."""


def __getattr__(name: str) -> object:
    if name not in _TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_TORCH[name]), name)
