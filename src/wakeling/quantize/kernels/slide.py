"""What a window sees as it slides over a batch of images."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from wakeling.ops import Padding, Pair, same_padding, window_extent, window_output
from wakeling.quantize.kernels.kernel import Values

NO_DILATION = (1, 1)


def slide(
    values: Values,
    kernel: Pair,
    stride: Pair,
    padding: Padding,
    *,
    fill: int,
    dilation: Pair = NO_DILATION,
) -> Iterator[tuple[Pair, Values]]:
    """For each (row, column) of the window, what all output positions see there."""
    extents = (window_extent(kernel[0], dilation[0]), window_extent(kernel[1], dilation[1]))
    margins = [(0, 0), (0, 0)]
    if padding == "same":
        margins = [same_padding(values.shape[axis + 1], extents[axis], stride[axis]) for axis in (0, 1)]
    if any(before or after for before, after in margins):
        values = np.pad(values, ((0, 0), *margins, (0, 0)), constant_values=fill)
    rows, columns = (
        window_output(size, extent, step, "valid")
        for size, extent, step in zip(values.shape[1:3], extents, stride, strict=True)
    )
    for row in range(kernel[0]):
        for column in range(kernel[1]):
            top, left = row * dilation[0], column * dilation[1]
            vertical = slice(top, top + (rows - 1) * stride[0] + 1, stride[0])
            horizontal = slice(left, left + (columns - 1) * stride[1] + 1, stride[1])
            yield (row, column), values[:, vertical, horizontal]
