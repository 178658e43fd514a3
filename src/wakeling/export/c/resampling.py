"""One axis of a resize as integers: which pixels each output pixel is made of, with which weights.

These are the tables of Pillow's bilinear filter (`Resample.c`), which training photos went through.
Frames and cameras are in `export.c.camera`, the C that uses the tables in `runtime/wk_camera.c`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WEIGHT_BITS = 22
"""A weight w is stored as w · 2^22: 32 bits less 8 for the pixel and 2 for overshoots (`PRECISION_BITS`)."""

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Output pixel i is the sum of pixels `first[i]`, … times the weights `weights[i]`, over 2^22."""

    size: int
    first: tuple[int, ...]
    weights: tuple[tuple[int, ...], ...]

    @property
    def ring(self) -> int:
        """The most pixels from the first that an output needs to the newest when it is made.

        Where pixels come one after the other, this many must be kept.
        """
        newest, longest = 0, 1
        for first, weights in zip(self.first, self.weights, strict=True):
            newest = max(newest, first + len(weights) - 1)
            longest = max(longest, newest - first + 1)
        return longest

    def packed(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """All weights in one table, equal runs stored once, and where each output's run starts."""
        table: list[int] = []
        starts: dict[tuple[int, ...], int] = {}
        for weights in self.weights:
            if weights not in starts:
                starts[weights] = len(table)
                table.extend(weights)
        return tuple(table), tuple(starts[weights] for weights in self.weights)


def bilinear(size: int, output: int) -> Axis:
    """The axis from `size` pixels to `output` pixels, as Pillow computes it in double precision.

    The filter is a triangle; where the picture shrinks it is widened by the scale, so that it
    averages. Zero weights at the ends are left out.
    """
    scale = size / output
    support = max(scale, 1.0)
    narrowing = 1.0 / support
    first, weights = [], []
    for place in range(output):
        center = (place + 0.5) * scale
        low = max(int(center - support + 0.5), 0)
        high = min(int(center + support + 0.5), size)
        heights = [max(0.0, 1.0 - abs((at - center + 0.5) * narrowing)) for at in range(low, high)]
        total = _sum(heights)
        integers = [int(0.5 + height / total * (1 << WEIGHT_BITS)) for height in heights]
        while integers[0] == 0:
            del integers[0]
            low += 1
        while integers[-1] == 0:
            del integers[-1]
        first.append(low)
        weights.append(tuple(integers))
    return Axis(size=size, first=tuple(first), weights=tuple(weights))


def _sum(values: Sequence[float]) -> float:
    """From left to right, each sum rounded, as C does it (Python's own `sum` compensates since 3.12)."""
    total = 0.0
    for value in values:
        total += value
    return total


def is_down_first(height: int, width: int, output_height: int, output_width: int) -> bool:
    """Whether the columns are resized before the rows, which shows in the rounding.

    Pillow's rule from version 13 on, found by experiment (`tests/export/c/test_resampling.py`): where the
    height loses more than twice as many pixels as the width. Older versions never do; they differ by one
    step of 255 here and there on such tall pictures, and no camera in landscape gives any.
    """
    return height - output_height > max(0, 2 * (width - output_width))


def resize(pixels: Pixels, output_height: int, output_width: int) -> Pixels:
    """What Pillow's bilinear `resize` makes of (height, width, channels) uint8, bit for bit."""
    height, width = pixels.shape[:2]
    down = bilinear(height, output_height)
    across = bilinear(width, output_width)
    if is_down_first(height, width, output_height, output_width):
        return _across(across, _down(down, pixels))
    return _down(down, _across(across, pixels))


def _across(axis: Axis, pixels: Pixels) -> Pixels:
    return _down(axis, pixels.transpose(1, 0, 2)).transpose(1, 0, 2)


def _down(axis: Axis, pixels: Pixels) -> Pixels:
    """Resize the first axis and round to 8 bits."""
    matrix = np.zeros((len(axis.first), axis.size))
    for place, (first, weights) in enumerate(zip(axis.first, axis.weights, strict=True)):
        matrix[place, first : first + len(weights)] = weights
    # Whole numbers below 2^32: exact in float64, whatever the order of the sum.
    sums = (matrix @ pixels.reshape(axis.size, -1)).reshape(-1, *pixels.shape[1:])
    rounded = np.floor((sums + (1 << WEIGHT_BITS - 1)) * math.ldexp(1.0, -WEIGHT_BITS))
    return rounded.clip(0, 255).astype(np.uint8)
