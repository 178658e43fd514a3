"""What the integers of a tensor stand for; `quantize.model` gives it its public name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from wakeling.errors import GraphError
from wakeling.ops import ElementType

LIMITS: Mapping[ElementType, tuple[int, int]] = MappingProxyType(
    {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}
)
"""The least and the greatest value of every type whose tensors have a scale and a zero point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorQuant:
    """What an integer q of a tensor stands for: `scale * (q - zero_point)`.

    The scale is rounded to float32 on the way in, because that is what a .tflite file holds. The
    zero point is a value of the tensor's type (`check_zero_point`), which is not known here.
    """

    scale: float
    zero_point: int

    def __post_init__(self) -> None:
        scale = float(np.float32(self.scale))
        if not (math.isfinite(scale) and scale > 0):
            raise GraphError(f"a tensor's scale must be positive and finite in float32; given {self.scale}")
        if not -128 <= self.zero_point <= 255:
            raise GraphError(f"a zero point must be in -128..255; given {self.zero_point}")
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "zero_point", int(self.zero_point))


def check_zero_point(name: str, quant: TensorQuant, element: ElementType) -> None:
    """Raises GraphError for a zero point that a tensor of this type cannot hold (int16: only 0)."""
    low, high = (0, 0) if element == "int16" else LIMITS[element]
    if not low <= quant.zero_point <= high:
        raise GraphError(
            f"tensor {name!r} is {element}, so its zero point must be in {low}..{high}; "
            f"given {quant.zero_point}"
        )
