"""What the integers of a tensor stand for; `quantize.model` gives it its public name."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wakeling.errors import GraphError


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorQuant:
    """What an int8 value q of a tensor stands for: `scale * (q - zero_point)`.

    The scale is rounded to float32 on the way in, because that is what a .tflite file holds.
    """

    scale: float
    zero_point: int

    def __post_init__(self) -> None:
        scale = float(np.float32(self.scale))
        if not (math.isfinite(scale) and scale > 0):
            raise GraphError(f"a tensor's scale must be positive and finite in float32; given {self.scale}")
        if not -128 <= self.zero_point <= 127:
            raise GraphError(f"a zero point must be in -128..127; given {self.zero_point}")
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "zero_point", int(self.zero_point))
