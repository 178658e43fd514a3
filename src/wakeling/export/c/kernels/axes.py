"""Shapes as axes to walk: strides, and neighbors that are as good as one axis.

What the kernels do with them is in the other files of this package.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from wakeling.errors import UnsupportedOpError
from wakeling.export.c.program import Array, Field
from wakeling.ops import Shape

MOST_AXES = 8
"""`WK_MOST_AXES` of the C kernels."""

Axis = tuple[int, ...]
"""A size, then the stride of each tensor that is walked along it."""


def strides_of(shape: Shape, element: int = 1) -> Shape:
    """How far apart neighbors along each axis are."""
    return tuple(math.prod(shape[axis + 1 :]) * element for axis in range(len(shape)))


def broadcast_strides(shape: Shape, target: Shape) -> Shape:
    """The strides of a tensor that is broadcast to `target` (aligned at the end): 0 where it is."""
    missing = len(target) - len(shape)
    sizes = (*(1,) * missing, *shape)
    strides = (*(0,) * missing, *strides_of(shape))
    return tuple(0 if size == 1 else stride for size, stride in zip(sizes, strides, strict=True))


def merged(sizes: Sequence[int], *strides: Sequence[int]) -> list[Axis]:
    """The same walk over as few axes as possible: none of size 1, none that continues the one before."""
    found: list[Axis] = []
    for size, *steps in zip(sizes, *strides, strict=True):
        if size == 1:
            continue
        if found and all(outer == inner * size for outer, inner in zip(found[-1][1:], steps, strict=True)):
            found[-1] = (found[-1][0] * size, *steps)
        else:
            found.append((size, *steps))
    return found


def axes_fields(operator: str, axes: Sequence[Axis], which: int = 0) -> dict[str, Field]:
    """The members of a `wk_axes`, with the strides of one of the tensors.

    Raises UnsupportedOpError for more axes than the C kernels walk.
    """
    if len(axes) > MOST_AXES:
        raise UnsupportedOpError(f"{operator} over {len(axes)} axes", "C generator")
    if not axes:
        return {"count": 0, "sizes": None, "strides": None}
    columns = np.array(axes, np.int32).T
    return {
        "count": len(axes),
        "sizes": Array(type="int32_t", values=columns[0]),
        "strides": Array(type="int32_t", values=columns[1 + which]),
    }
